"""Whom the servers run as, and a place for their data that this account can reach.

PostgreSQL refuses to run as root. Started by root, both servers run as `nobody`, and where a folder above the data is
closed to it (a checkout under /root) their data goes to a folder made for it elsewhere. Nothing that was there before
changes its mode or owner.
"""

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.embedded.errors import Refusal

OUTSIDE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - a root-owned folder is made inside; an existing one is refused


@dataclass(frozen=True)
class Account:
    """The user that the servers run as; `switched` when it is not the one who starts them."""

    uid: int
    gid: int
    switched: bool

    @property
    def process_arguments(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this account and no more than it."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}

    def reaches(self, path: Path) -> bool:
        """Whether the account may enter this folder or run this file. Asked of the kernel, so that ACLs count."""
        if not self.switched:
            return os.access(path, os.X_OK)
        try:
            return subprocess.run(["test", "-x", path], check=False, cwd="/", **self.process_arguments).returncode == 0
        except PermissionError as error:
            raise Refusal(
                zh="当前的 root 不能切换到其他用户（容器限制？），请设置 DATABASE_URL 与 REDIS_URL",
                en="this root may not switch to another user (a restricted container?): set DATABASE_URL and REDIS_URL",
            ) from error

    def own_folder(self, path: Path) -> None:
        """Makes a new folder that only this account can enter. FileExistsError when there is one."""
        path.mkdir(mode=0o700)
        path.chmod(0o700)
        if self.switched:
            os.chown(path, self.uid, self.gid)


def current() -> Account:
    """The account for servers started by this process."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switched=False)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise Refusal(
            zh="没有 nobody 用户，root 无法运行 PostgreSQL；请换普通用户，或设置 DATABASE_URL",
            en="there is no user `nobody` to run PostgreSQL as: use an ordinary user, or set DATABASE_URL",
        ) from error
    return Account(nobody.pw_uid, nobody.pw_gid, switched=True)


def open_data(data: Path, account: Account) -> None:
    """Makes sure that the data folder exists and is ours to write. A folder that exists keeps its mode."""
    try:
        data.mkdir(parents=True)
    except FileExistsError:
        pass  # it was there, or another process was quicker
    else:
        data.chmod(0o711 if account.switched else 0o700)
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        raise Refusal(
            zh=f"{data} 属于另一个用户，请用该用户运行，或用 JIUGAI_DATA 指定别处",
            en=f"{data} belongs to another user: run as that user, or name another folder in JIUGAI_DATA",
        )


def known_place(data: Path) -> Path:
    """Where the servers of this data folder live: inside it, or in the folder that it remembers."""
    note = data / "servers-at"
    if note.exists():
        place = Path(note.read_text(encoding="utf-8").strip())
        if (place / "belongs-to").exists() and (place / "belongs-to").read_text(encoding="utf-8") == _mark(data):
            return place
    return data


def outside_place(data: Path) -> Path:
    """A name for a folder outside the checkout that is this data folder's alone."""
    name = "jiugai-" + hashlib.sha256(f"{os.uname().nodename}:{data}".encode()).hexdigest()[:16]
    return next(parent for parent in OUTSIDE if os.access(parent, os.W_OK)) / name


def make_outside(data: Path, place: Path) -> None:
    """Makes the folder outside the checkout and remembers it in the data folder."""
    place.mkdir(mode=0o711)
    place.chmod(0o711)
    (place / "belongs-to").write_text(_mark(data), encoding="utf-8")
    (data / "servers-at").write_text(f"{place}\n", encoding="utf-8")


def refuse_foreign(place: Path) -> None:
    """Refuses a folder of that name that somebody else made."""
    found = place.lstat()
    if not place.is_dir() or place.is_symlink() or found.st_uid != os.geteuid():
        raise Refusal(
            zh=f"{place} 已存在且属于他人，请查看并移走它",
            en=f"{place} exists and belongs to somebody else: look at it and move it away",
        )


def _mark(data: Path) -> str:
    # A checkout that was moved keeps its servers; one that was copied must not share them.
    found = data.stat()
    return f"{found.st_dev}:{found.st_ino}"
