"""What a project that has installed the wheel relies on. Run by packaging/try against the installed package."""

import os
import subprocess
import sys

import boto3
import botocore.exceptions
import pytest

import keystorm


def encrypt(client, key):
    return client.encrypt(KeyId=key, Plaintext=b"hello")["CiphertextBlob"]


def impatient():
    """A client that does not retry."""
    return boto3.client("kms", config=boto3.session.Config(retries={"total_max_attempts": 1}))


def test_the_command_runs_as_a_module_and_from_the_path():
    for command in ([sys.executable, "-m", "keystorm"], [keystorm.binary()]):
        said = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
        assert said.startswith("keystorm ")
    refused = subprocess.run([sys.executable, "-m", "keystorm", "run", "--nonsense"], capture_output=True)
    assert refused.returncode == 2


def test_the_environment_leads_every_client_here(kms):
    client = boto3.client("kms")
    key = client.create_key()["KeyMetadata"]["KeyId"]
    assert client.decrypt(CiphertextBlob=encrypt(client, key))["Plaintext"] == b"hello"
    assert client.meta.endpoint_url == kms.endpoint_url


def test_it_is_empty_again(kms):
    assert kms.client().list_keys()["Keys"] == []


@pytest.mark.kms(quotas={"symmetric": "2/s"})
def test_a_mark_sets_a_quota(kms):
    kms.admin("POST", "clock", {"freeze": True})
    client = impatient()
    key = client.create_key()["KeyMetadata"]["KeyId"]
    encrypt(client, key), encrypt(client, key)
    with pytest.raises(botocore.exceptions.ClientError, match="ThrottlingException"):
        encrypt(client, key)


def test_the_next_test_has_the_defaults_again(kms):
    assert kms.admin("GET", "clock")["frozen"] is False
    client = impatient()
    key = client.create_key()["KeyMetadata"]["KeyId"]
    for _ in range(10):
        encrypt(client, key)


@pytest.mark.kms(faults=[{"kind": "throttle", "next": 1}])
def test_a_mark_sets_faults(kms):
    with pytest.raises(botocore.exceptions.ClientError, match="ThrottlingException"):
        impatient().list_keys()
    impatient().list_keys()


def test_faults_do_not_outlive_their_test(kms):
    assert kms.admin("GET", "faults") == {"faults": []}


def test_time_can_be_moved(kms):
    client = kms.client()
    key = client.create_key()["KeyMetadata"]["KeyId"]
    client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.advance("8d")
    with pytest.raises(client.exceptions.NotFoundException):
        client.describe_key(KeyId=key)


def test_a_server_that_cannot_start_says_why():
    with pytest.raises(RuntimeError, match="`nothing` is not a key"):
        keystorm.Emulator(quotas={"nothing": "5/s"})


def test_a_refused_admin_call_says_why(kms):
    with pytest.raises(ValueError, match="nothing"):
        kms.quotas(nothing="5/s")


def test_an_emulator_ends_with_its_block():
    with keystorm.Emulator(region="eu-west-1") as kms:
        assert kms.client().create_key()["KeyMetadata"]["Arn"].startswith("arn:aws:kms:eu-west-1:")
        process = kms._process
    assert process.returncode == 0
    kms.stop()
    assert "AWS_ENDPOINT_URL_KMS" not in os.environ
