"""Servers of one checkout's own: a real PostgreSQL and a real Redis under its data folder, for whoever names none.

Each URL in the environment stands for itself: only what is not named there is started. Data outlives every restart and
goes with the data folder. Production names its own servers.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.cli.embedded import account as accounts
from services.cli.embedded import credentials, postgres, redis_server
from services.cli.embedded.account import Account
from services.cli.embedded.errors import Refusal
from services.cli.embedded.slot import Slot, exclusive, locked, shared

__all__ = ["Embedded", "Refusal", "State", "data_folder", "ensure", "erase", "running", "start", "status", "stop"]


@dataclass(frozen=True)
class Embedded:
    """What a start gave: the whole set of variables to export, and the servers that were not running before."""

    environment: dict[str, str]
    started: tuple[str, ...]


@dataclass(frozen=True)
class State:
    """One server as it is now."""

    name: str
    running: bool
    port: int
    folder: str
    log: str


def data_folder() -> Path:
    """`JIUGAI_DATA`, else `.data` of the checkout, else `.data` here."""
    named = os.environ.get("JIUGAI_DATA")
    checkout = Path(__file__).resolve().parents[3]
    root = checkout if (checkout / "pyproject.toml").exists() else Path.cwd()
    return Path(named).absolute() if named else root / ".data"


def ensure(
    data: Path, *, postgres_bin: Path | None = None, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """What is to be exported, with every server that it needs running: the two URLs, the secret key; where files lie, unless all
    three are named."""
    return start(data, postgres_bin=postgres_bin, environment=environment).environment


def start(data: Path, *, postgres_bin: Path | None = None, environment: Mapping[str, str] = os.environ) -> Embedded:
    """Starts what the environment does not name and does not run yet. Safe to call from many processes at once.

    `postgres_bin` (or JIUGAI_POSTGRES_BIN) names the folder of other PostgreSQL programs; each major version has its
    own data. Refusal when something cannot start; nothing that was there before changes its mode or owner.
    """
    given = {name: environment.get(name, "") for name in ("DATABASE_URL", "REDIS_URL", "JIUGAI_SECRET_KEY")}
    exported = {name: value for name, value in given.items() if value}
    if environment.get("JIUGAI_ENV") == "production":
        if missing := [name for name, value in given.items() if not value]:
            raise Refusal(
                zh=f"生产环境须设置 {'、'.join(missing)}", en=f"production needs {', '.join(missing)} to be set"
            )
        return Embedded(exported, ())
    if all(given.values()):
        return Embedded(exported, ())
    exported["FILES_PATH"] = environment.get("FILES_PATH") or str(data / "files")
    named = environment.get("JIUGAI_POSTGRES_BIN")
    programs = postgres_bin or (Path(named) if named else None)
    account = accounts.current()
    accounts.open_data(data, account)
    started: list[str] = []
    with exclusive(data / "embedded.lock"):
        secret = credentials.load(data)
        exported.setdefault("JIUGAI_SECRET_KEY", secret["JIUGAI_SECRET_KEY"])
        if given["DATABASE_URL"] and given["REDIS_URL"]:
            return Embedded(exported, ())
        place = _place(data, account)
        if not given["DATABASE_URL"]:
            exported["DATABASE_URL"] = _start_postgres(place, account, programs, secret["POSTGRES_PASSWORD"], started)
        if not given["REDIS_URL"]:
            exported["REDIS_URL"] = _start_redis(place, account, secret["REDIS_PASSWORD"], started)
    return Embedded(exported, tuple(started))


@contextmanager
def running(
    data: Path, *, postgres_bin: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Iterator[dict[str, str]]:
    """The variables to export while the block runs. Then stops what it started, unless another block still uses it."""
    if environment.get("JIUGAI_ENV") == "production" or (
        environment.get("DATABASE_URL") and environment.get("REDIS_URL")
    ):
        yield start(data, environment=environment).environment
        return
    accounts.open_data(data, accounts.current())
    started: tuple[str, ...] = ()
    try:
        with shared(data / "users.lock"):
            begun = start(data, postgres_bin=postgres_bin, environment=environment)
            started = begun.started
            yield begun.environment
    finally:
        stop(data, only=started, unless_used=True)


def stop(data: Path, *, only: tuple[str, ...] | None = None, unless_used: bool = False) -> list[str]:
    """Stops the servers of a data folder (or `only` some) and names them. `unless_used` leaves them to other users."""
    if not data.exists():
        return []
    with exclusive(data / "embedded.lock"):
        if unless_used and locked(data / "users.lock"):
            return []
        return _stop(accounts.known_place(data), only)


def erase(data: Path) -> None:
    """Stops the servers and deletes the data folder, with what lies outside it because root's servers cannot reach in."""
    stop(data)
    if data.exists():
        place = accounts.known_place(data)
        shutil.rmtree(place)
        shutil.rmtree(data, ignore_errors=place == data)


def status(data: Path) -> list[State]:
    """Every server that this data folder has ever had."""
    if not data.exists():
        return []
    with exclusive(data / "embedded.lock"):
        found = [(slot, slot.record()) for slot in _slots(accounts.known_place(data))]
        return [
            State(slot.name, slot.is_running, record.port, record.folder, str(slot.log))
            for slot, record in found
            if record is not None
        ]


def _slots(place: Path) -> list[Slot]:
    return [Slot(place, note.stem) for note in sorted(place.glob("*.json"))]


def _stop(place: Path, only: tuple[str, ...] | None = None) -> list[str]:
    stopped = []
    for slot in _slots(place):
        gentle = redis_server.GENTLE if slot.name == "redis" else postgres.GENTLE
        if (only is None or slot.name in only) and slot.stop(gentle):
            stopped.append(slot.name)
    return stopped


def _place(data: Path, account: Account) -> Path:
    """The folder for the servers' data: the known one, else one that the account can reach."""
    place = accounts.known_place(data)
    if place != data or account.reaches(data):
        return place
    place = accounts.outside_place(data)
    if place.is_symlink() or place.exists():
        accounts.refuse_foreign(place)
        _stop(place)  # left by a data folder of this path that has since been removed: it goes with it
        shutil.rmtree(place)
    accounts.make_outside(data, place)
    return place


def _start_postgres(place: Path, account: Account, named: Path | None, password: str, started: list[str]) -> str:
    programs = named or postgres.wheel_programs()
    major = postgres.version(programs).split(".", maxsplit=1)[0]
    slot = Slot(place, f"postgres-{major}")
    if named is None:
        postgres.refuse_other_major(place, major)
    record = slot.record() if slot.is_running else None
    if record is None or not slot.wait_ready(record, postgres.is_ready):
        reachable = postgres.reachable_programs(programs, place=place, account=account)
        postgres.prepare(slot, reachable, major=major, password=password, account=account)
        postgres.forget_dead(slot)
        record = slot.launch(
            lambda port: postgres.command(slot, reachable, port),
            account=account,
            ready=postgres.is_ready,
            ours=named is None,
        )
        started.append(slot.name)
    return postgres.url(record, password)


def _start_redis(place: Path, account: Account, password: str, started: list[str]) -> str:
    slot = Slot(place, "redis")
    record = slot.record() if slot.is_running else None
    if record is None or not slot.wait_ready(record, lambda it: redis_server.is_ready(it, password)):
        program = redis_server.program(place=place, account=account)
        redis_server.prepare(slot, account)
        record = slot.launch(
            lambda port: redis_server.command(slot, program, port=port, password=password),
            account=account,
            ready=lambda it: redis_server.is_ready(it, password),
            ours=True,
        )
        started.append(slot.name)
    return redis_server.url(record, password)
