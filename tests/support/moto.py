"""moto's S3 as a process of its own, with a bucket."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from tests.support.processes import free_port

KEYS: dict[str, str] = {"access_key": "AKIATEST", "secret_key": "not a secret"}


@contextlib.contextmanager
def serving(log: Path) -> Iterator[str]:
    """The address of an S3 that is up."""
    port = free_port()
    with log.open("ab") as out:
        child = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stdout=out, stderr=out)
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 90
        while True:
            assert time.monotonic() < end, f"moto never answered, see {log}"
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(address, timeout=5).status_code < 500:
                    break
            time.sleep(0.2)
        yield address
    finally:
        child.kill()
        child.wait()


def make_bucket(address: str, name: str) -> dict[str, Any]:
    """A new bucket; the settings that lead there."""
    httpx.put(f"{address}/{name}", timeout=30).raise_for_status()
    return {
        "s3_bucket": name,
        "s3_endpoint": address,
        "s3_access_key": SecretStr(KEYS["access_key"]),
        "s3_secret_key": SecretStr(KEYS["secret_key"]),
    }
