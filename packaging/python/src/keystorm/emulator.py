"""An emulated KMS with request quotas, in a process of its own."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path

# The admin paths are on this machine: no proxy stands between.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def binary():
    """The path of the native command: what the environment variable ``KEYSTORM_BINARY`` names, else what pip installed.

    Raises ``FileNotFoundError`` where neither is.
    """
    named = os.environ.get("KEYSTORM_BINARY")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"KEYSTORM_BINARY names {named}, which is not a file")
        return named
    name = "keystorm.exe" if os.name == "nt" else "keystorm"
    package = Path(__file__).resolve().parent
    folders = [
        Path(sysconfig.get_path("scripts")),
        Path(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))) if sys.version_info >= (3, 10) else None,
        # pip install --target DIR
        package.parent / "bin",
        # pip install --prefix DIR: DIR/lib/pythonX.Y/site-packages/keystorm
        package.parents[3] / "bin" if len(package.parents) > 3 else None,
    ]
    tried = [folder / name for folder in folders if folder]
    for path in tried:
        if path.is_file():
            return str(path)
    raise FileNotFoundError("the keystorm binary is in none of: " + ", ".join(map(str, tried)))


class Emulator:
    """An emulated KMS on a free port of 127.0.0.1, from construction until :meth:`stop` or the end of a ``with`` block.

    ``quotas`` maps pools to limits (``{"symmetric": "50/s"}``); a pool that is not named keeps the Region's published
    default. ``args`` are further options of ``keystorm serve``, such as ``["--enforcement", "bucket"]``.
    """

    def __init__(self, *, quotas=None, region="us-east-1", args=()):
        self.region = region
        command = [binary(), "serve", "--listen", "127.0.0.1:0", "--region", region]
        for pool, limit in (quotas or {}).items():
            command += ["--quota", f"{pool}={limit}"]
        command += args
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors)
        line = self._process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            raise RuntimeError(f"{' '.join(command)}: {line}{self._said()}")
        self.endpoint_url = line[len("listening on ") :].strip()
        # Whatever else it prints must not fill the pipe.
        self._drain = threading.Thread(target=self._process.stdout.read, daemon=True)
        self._drain.start()
        try:
            self._limits = self.admin("GET", "quotas")["limits"]
            self._faults = self.admin("GET", "faults")
        except BaseException:
            self.stop()
            raise
        self._changed = set()

    def _said(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def admin(self, method, path, body=None):
        """Asks an admin path (``health``, ``quotas``, ``faults``, ``clock``, ``state``, ``reset`` …) and gives its JSON.

        Raises ``ValueError`` with the server's words if it refuses.
        """
        request = urllib.request.Request(
            f"{self.endpoint_url}/_keystorm/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            with _OPENER.open(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            text = refused.read().decode(errors="replace")
            try:
                text = json.loads(text)["error"]
            except (ValueError, KeyError, TypeError):
                pass
            raise ValueError(f"{method} {path}: {text}") from None

    def quotas(self, **limits):
        """Sets limits of request quotas, ``kms.quotas(symmetric="5/s")``, until the next :meth:`reset`."""
        self.admin("PUT", "quotas", limits)
        self._changed.update(limits)

    def faults(self, *faults):
        """Sets the faults, ``kms.faults({"kind": "throttle", "next": 2})``, in the words of a scenario, until the next
        :meth:`reset`."""
        self.admin("PUT", "faults", {"faults": list(faults)})

    def advance(self, span):
        """Moves the service's clock ahead, ``kms.advance("7d")``: deletions, rotations and expiries follow. It never goes back."""
        self.admin("POST", "clock", {"advance": span})

    def reset(self):
        """Removes every key, alias and grant, and gives back the limits and faults that it was started with."""
        self.admin("POST", "reset", {})
        self.admin("PUT", "faults", self._faults) if self._faults["faults"] else self.admin("DELETE", "faults")
        self.admin("POST", "clock", {"freeze": False})
        if self._changed:
            self.admin("PUT", "quotas", {pool: self._limits[pool] for pool in sorted(self._changed)})
            self._changed.clear()

    def environ(self):
        """Environment variables by which any AWS SDK or the AWS CLI calls this KMS, and no other service of AWS."""
        bypass = os.environ.get("NO_PROXY") or os.environ.get("no_proxy")
        return {
            "AWS_ENDPOINT_URL_KMS": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_SESSION_TOKEN": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": f"{bypass},127.0.0.1" if bypass else "127.0.0.1",
        }

    def client(self, **options):
        """A boto3 client of this KMS; ``options`` go to ``boto3.client``. boto3 must be installed."""
        import boto3

        named = {
            "endpoint_url": self.endpoint_url,
            "region_name": self.region,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
        return boto3.client("kms", **{**named, **options})

    def stop(self):
        """Ends the process. A second time does nothing."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._drain.join(timeout=10)
        self._process.stdout.close()
        self._errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
