"""`jiugai audit`: proves the chain, and shows by a kept checkpoint what was cut off."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.core.kit import sequencer
from services.core.kit.database import create_engine
from services.core.kit.ids import new_id
from services.core.kit.settings import load
from services.core.kit.uow import SYSTEM, Database
from tests.support import databases

Do = Callable[[Database], Awaitable[None]]


@pytest.fixture
def environment(servers: dict[str, str], template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database of this test alone, in the environment."""
    with databases.cloned(servers["DATABASE_URL"], template) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("REDIS_URL", servers["REDIS_URL"])
        monkeypatch.setenv("JIUGAI_SECRET_KEY", "0123456789abcdef" * 4)
        yield


def in_database(do: Do) -> None:
    """Does something in the environment's database."""

    async def run() -> None:
        database = Database(create_engine(load(), application="test", pool_size=2))
        try:
            await do(database)
        finally:
            await database.close()

    asyncio.run(run())


async def seal_three(database: Database) -> None:
    async with database.begin(SYSTEM) as uow:
        for _ in range(3):
            uow.audit("thing.done", target="thing", target_id=new_id())
    for _ in range(2):
        async with database.engine.begin() as connection:
            await sequencer.number(connection, "audit_entry")
    async with database.engine.begin() as connection:
        assert await sequencer.seal(connection, now=datetime.now(UTC)) == 3


async def cut_the_tail(database: Database) -> None:
    async with database.begin(SYSTEM) as uow:
        for statement in (
            "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
            "ALTER TABLE audit_batch DISABLE TRIGGER ALL",
            "DELETE FROM audit_batch WHERE no = 2",
            "DELETE FROM audit_entry WHERE seq > 3",
            "UPDATE sequence_counter SET last = 3 WHERE name = 'audit_entry'",
        ):
            await uow.driver.execute(statement)


async def change_one(database: Database) -> None:
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        await uow.driver.execute("UPDATE audit_entry SET action = 'thing.undone' WHERE seq = 2")


def jiugai(*arguments: str) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    result = CliRunner().invoke(app, ["audit", *arguments])
    return result.exit_code, result.output


@pytest.mark.usefixtures("environment")
def test_an_intact_chain_and_its_checkpoint(tmp_path: Path) -> None:
    assert jiugai("verify")[0] == 0
    in_database(seal_three)
    in_database(seal_three)
    code, printed = jiugai("checkpoint")
    assert code == 0
    kept = json.loads(printed)
    assert kept["no"] == 2
    assert len(bytes.fromhex(kept["hash"])) == 32
    file = tmp_path / "checkpoint.json"
    file.write_text(printed)
    assert jiugai("verify", "--checkpoint", str(file))[0] == 0
    in_database(seal_three)
    assert jiugai("verify", "--checkpoint", str(file))[0] == 0

    in_database(change_one)
    code, printed = jiugai("verify")
    assert code == 1
    assert " 1 " in printed.splitlines()[0].replace(":", " ")


@pytest.mark.usefixtures("environment")
def test_a_cut_tail_shows_by_the_checkpoint(tmp_path: Path) -> None:
    in_database(seal_three)
    in_database(seal_three)
    file = tmp_path / "checkpoint.json"
    file.write_text(jiugai("checkpoint")[1])
    in_database(cut_the_tail)
    assert jiugai("verify")[0] == 0
    assert jiugai("verify", "--checkpoint", str(file))[0] == 1


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    "content", ["", "no json", "[]", '{"no": 1}', '{"no": "x", "hash": "00"}', '{"no": 1, "hash": "zz"}']
)
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "checkpoint.json"
    file.write_text(content)
    code, printed = jiugai("verify", "--checkpoint", str(file))
    assert code == 1
    assert str(file) in printed
    assert jiugai("verify", "--checkpoint", str(tmp_path / "missing"))[0] == 2
