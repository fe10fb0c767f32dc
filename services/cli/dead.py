"""`jiugai dead`: jobs that failed for good, for operators to look at, try again or drop."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from services.cli.embedded import Refusal
from services.cli.environment import words
from services.cli.wiring import connect

if TYPE_CHECKING:
    from sqlalchemy.engine import RowMapping

    from services.core.kit.uow import Database

app = typer.Typer(name="dead", no_args_is_help=True, help="彻底失败的任务。Jobs that failed for good.")
APPLICATION = "jiugai-dead"

JobId = Annotated[UUID, typer.Argument(help="任务编号。Id of the job.")]
JobIds = Annotated[list[UUID], typer.Argument(help="任务编号。Ids of the jobs.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="最多几个。At most how many.")]


@app.command("list")
def list_dead(limit: Limit = 100) -> None:
    """列出，最早的在前。Lists them, the oldest first: id, name, attempts, when, error."""
    found = connect(APPLICATION, lambda database: _list(database, limit))
    for job in found:
        error = (job["last_error"] or "").splitlines()
        print(job["id"], job["name"], job["attempts"], shown(job["failed_at"]), error[0] if error else "", sep="\t")
    if not found:
        print(words("没有失败的任务", "no dead jobs"))


@app.command()
def show(job_id: JobId) -> None:
    """显示一个任务的全部内容。Shows one job whole."""
    job = connect(APPLICATION, lambda database: _find(database, job_id))
    if job is None:
        raise _unknown(job_id)
    whole = {name: shown(value) if isinstance(value, datetime) else value for name, value in job.items()}
    print(json.dumps(whole, ensure_ascii=False, indent=2, default=str))


@app.command()
def replay(job_ids: JobIds) -> None:
    """重新执行；有一个不存在就一个也不动。Gives jobs a fresh start: all that are named, or none when one is unknown."""
    for job_id in connect(APPLICATION, lambda database: _replay(database, job_ids)):
        print(words(f"已重新排队：{job_id}", f"queued again: {job_id}"))


@app.command()
def discard(job_ids: JobIds) -> None:
    """放弃，不再执行；有一个不存在就一个也不动。Drops jobs for good: all that are named, or none when one is unknown."""
    for job_id in connect(APPLICATION, lambda database: _discard(database, job_ids)):
        print(words(f"已放弃：{job_id}", f"discarded: {job_id}"))


def shown(moment: datetime) -> str:
    """A moment as operators read it: in China's time."""
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).isoformat(sep=" ", timespec="seconds")


def _unknown(job_id: UUID) -> Refusal:
    return Refusal(zh=f"没有这个失败的任务：{job_id}", en=f"no dead job has the id {job_id}")


async def _list(database: "Database", limit: int) -> "list[RowMapping]":
    from services.core.kit import jobs

    async with database.engine.connect() as connection:
        return await jobs.dead_jobs(connection, limit=limit)


async def _find(database: "Database", job_id: UUID) -> "RowMapping | None":
    from services.core.kit import jobs

    async with database.engine.connect() as connection:
        return await jobs.dead_job(connection, job_id=job_id)


async def _replay(database: "Database", job_ids: list[UUID]) -> list[UUID]:
    from services.core.kit import jobs
    from services.core.kit.uow import SYSTEM

    async with database.begin(SYSTEM) as uow:
        for job_id in dict.fromkeys(job_ids):
            if not await jobs.replay_dead(uow.connection, job_id=job_id, now=uow.now):
                raise _unknown(job_id)
            uow.audit("job.replayed", target="job", target_id=job_id)
    return job_ids


async def _discard(database: "Database", job_ids: list[UUID]) -> list[UUID]:
    from services.core.kit import jobs
    from services.core.kit.uow import SYSTEM

    async with database.begin(SYSTEM) as uow:
        for job_id in dict.fromkeys(job_ids):
            if not await jobs.discard_dead(uow.connection, job_id=job_id):
                raise _unknown(job_id)
            uow.audit("job.discarded", target="job", target_id=job_id)
    return job_ids
