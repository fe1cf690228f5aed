"""The pytest fixture ``kms``: an emulated KMS for each session, empty for each test."""

import pytest

from keystorm.emulator import Emulator


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "kms(quotas={}, faults=[]): limits of request quotas (symmetric='5/s') and faults of the fixture `kms` in this test",
    )


@pytest.fixture(scope="session")
def kms_options():
    """Options of the session's :class:`keystorm.Emulator`; override it in a conftest.py."""
    return {}


@pytest.fixture(scope="session")
def kms_server(kms_options):
    """The session's emulated KMS; under pytest-xdist each worker has its own."""
    with Emulator(**kms_options) as server:
        yield server


@pytest.fixture
def kms(kms_server, request, monkeypatch):
    """An empty KMS with the limits and faults of the mark ``kms``; the environment leads every AWS SDK to it."""
    kms_server.reset()
    mark = request.node.get_closest_marker("kms")
    if mark:
        if mark.args or set(mark.kwargs) - {"quotas", "faults"}:
            raise pytest.UsageError("the mark `kms` takes quotas={…} and faults=[…], no more")
        if mark.kwargs.get("quotas"):
            kms_server.quotas(**mark.kwargs["quotas"])
        if mark.kwargs.get("faults"):
            kms_server.faults(*mark.kwargs["faults"])
    for name, value in kms_server.environ().items():
        # An empty token is a token to some SDKs.
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return kms_server
