"""Random secrets of one data folder, made once and kept in a file that only its owner reads."""

import os
import secrets
from pathlib import Path


def load(data: Path) -> dict[str, str]:
    """POSTGRES_PASSWORD, REDIS_PASSWORD and JIUGAI_SECRET_KEY (64 hex digits each) from `secrets.env`."""
    path = data / "secrets.env"
    if not path.exists():
        unfinished = data / "secrets.env.new"
        unfinished.unlink(missing_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "JIUGAI_SECRET_KEY"):
                file.write(f"{name}={secrets.token_hex(32)}\n")
        unfinished.rename(path)
    return dict(line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())
