# ruff: noqa: INP001 - a script that runs before anything is installed
"""Fetches pip where a machine has a bare Python: no pip, no ensurepip, and perhaps no right to install packages.

    python3 .ci/pip_bootstrap.py FOLDER      prints the path of a pip wheel, which Python runs as it is

Asks the index that pip itself would (PIP_INDEX_URL, then pip's configuration files, then PyPI), with pip's certificate
setting, and refuses a file whose SHA-256 is not the one pinned here. Standard library only.
"""

import base64
import configparser
import hashlib
import os
import re
import ssl
import sys
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

VERSION = "26.3"
SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def configured(name: str, default: str) -> str:
    """A setting of pip: the environment first, then the user's file, then the machine's."""
    if value := os.environ.get("PIP_" + name.upper().replace("-", "_")):
        return value
    user = Path(os.environ.get("XDG_CONFIG_HOME", "~/.config")).expanduser()
    for path in (user / "pip/pip.conf", Path("~/.pip/pip.conf").expanduser(), Path("/etc/pip.conf")):
        file = configparser.RawConfigParser()
        file.read(path)
        for section in ("install", "global"):
            if value := file.get(section, name, fallback=""):
                return value.split()[0]
    return default


def fetch(url: str) -> bytes:
    """The body at a URL; a name and password inside it travel as Basic authorisation."""
    parts = urlsplit(url)
    account, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)))  # noqa: S310 - the index that pip uses
    if account:
        request.add_header("Authorization", "Basic " + base64.b64encode(unquote(account).encode()).decode())
    context = ssl.create_default_context(cafile=configured("cert", "") or None)
    try:
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:  # noqa: S310
            body: bytes = answer.read()
    except OSError as error:
        sys.exit(f"{parts.hostname} cannot be reached: {error}")
    return body


def main(folder: Path) -> Path:
    """The wheel's path, fetched unless it is there."""
    wheel = folder / f"pip-{VERSION}-py3-none-any.whl"
    if not wheel.exists():
        page = configured("index-url", "https://pypi.org/simple").rstrip("/") + "/pip/"
        link = re.search(rf'href="([^"]*/{re.escape(wheel.name)})', fetch(page).decode())
        if link is None:
            sys.exit(f"{wheel.name} is not at {urlsplit(page).hostname}")
        body = fetch(urljoin(page, link.group(1)))
        if hashlib.sha256(body).hexdigest() != SHA256:
            sys.exit(f"{wheel.name} is not the file it should be")
        folder.mkdir(parents=True, exist_ok=True)
        wheel.write_bytes(body)
    return wheel


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))  # noqa: T201
