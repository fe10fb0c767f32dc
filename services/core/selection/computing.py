"""Computing a run: from the frozen facts to ranks, points and sentences, in one transaction that either writes all or nothing.

Partition by partition, so that memory does not grow with the number of projects; one part is ranked while the one before is stored
and the next one read.
How far it has come is shown meanwhile by short transactions of their own; a worker that is killed leaves the run `running`, one
that is stopped or runs out of time leaves it `failed`, and the ledger starts it again from the beginning.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import update

from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.selection import frozen, run_queries
from services.core.selection.bundle import Writer
from services.core.selection.candidates import RoundParameters
from services.core.selection.events import RunFinished
from services.core.selection.models import Run, RunState
from services.core.selection.rules import RULES_VERSION, Contest, RoundImpossible
from services.core.selection.sentences import Sentences

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")
U = TypeVar("U")
_Parts = AsyncIterator[list["asyncpg.Record"]]

SHOWING_SECONDS = 2
PART = 4000
"""How many candidates are read at a time."""


async def compute(uow: UnitOfWork, *, run_id: UUID) -> None:
    """The run is done, with a result for every candidate; a run that is done already stays as it is.

    A round that cannot be computed ends as `failed` with the reason. Any other error is shown and raised, to be tried again; so
    is being cancelled, which is how a time-out arrives here: the ledger may hold its last attempt.
    """
    found = await run_queries.RUN_TO_COMPUTE.first(uow.driver, run_id=run_id)
    if found is None or found["state"] == RunState.DONE:
        return
    await _show(uow, run_id, state=RunState.RUNNING, progress=0, started_at=uow.now, error=None)
    try:
        async with uow.driver.transaction():
            await _compute(uow, found)
    except RoundImpossible as impossible:
        await _show(uow, run_id, state=RunState.FAILED, finished_at=uow.now, error=str(impossible))
    except Exception as error:
        await _show(uow, run_id, state=RunState.FAILED, error=type(error).__name__)
        raise
    except asyncio.CancelledError as stopped:
        # Bounded: had the last statement come through, this very transaction would hold the row until it is rolled back.
        with suppress(TimeoutError):
            async with asyncio.timeout(SHOWING_SECONDS):
                await _show(uow, run_id, state=RunState.FAILED, error=type(stopped).__name__)
        raise


async def _compute(uow: UnitOfWork, run: "asyncpg.Record") -> None:
    run_id, round_id = run["id"], run["round_id"]
    terms = await run_queries.ROUND_TO_COMPUTE.first(uow.driver, round_id=round_id)
    assert terms is not None  # noqa: S101 - held by a foreign key
    stored = await policies.by_id(uow.driver, version_id=terms["policy_version_id"])
    work = _Work(run_id, Policy.model_validate(stored.body), frozen.parameters_of(terms))
    parts = _parts(uow.driver, run["freeze_id"])
    ready, rows = b"", await anext(parts, None)
    while rows:
        ready, rows = await _both(asyncio.to_thread(_ranked, work, rows), _stored(uow.driver, ready, parts))
        await _show(uow, run_id, progress=min(99, 100 * work.done // run["candidates"]))
    await _copy(uow.driver, ready)
    digest = work.writer.run_digest
    await uow.connection.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(
            state=RunState.DONE,
            digest=digest,
            rules_version=RULES_VERSION,
            progress=100,
            finished_at=uow.now,
            error=None,
        )
    )
    uow.record(
        RunFinished(run_id=run_id, digest=digest), subject="round", subject_id=round_id, region_path=run["region_path"]
    )


class _Work:
    """A run under way: what is remembered from one part to the next."""

    def __init__(self, run_id: UUID, policy: Policy, parameters: RoundParameters) -> None:
        self.written = frozen.Written(run_id, policy)
        self.contest, self.words = Contest(policy, parameters), Sentences(policy)
        self.writer = Writer(policy, parameters)
        self.done = 0


def _ranked(work: _Work, rows: "Sequence[asyncpg.Record]") -> bytes:
    """The results of some partitions, as COPY takes them."""
    candidates = list(map(frozen.candidate_of, rows))
    work.writer.candidates(candidates, (row["facts"] for row in rows))
    results = work.contest.results(candidates)
    text = work.written.rows(results, map(work.words.of, results), start=work.done + 1)
    work.done += len(results)
    return text


async def _parts(driver: "asyncpg.Connection", freeze_id: UUID) -> _Parts:
    """Frozen candidates by partition and number, some thousand at a time, never half a partition."""
    held: list[asyncpg.Record] = []
    after = ("", "")
    while rows := await run_queries.CANDIDATES.all(
        driver, freeze_id=freeze_id, after_partition=after[0], after_no=after[1], limit=PART
    ):
        held += rows
        after = (rows[-1]["partition"], rows[-1]["no"])
        whole = next((place for place in range(len(held), 0, -1) if held[place - 1]["partition"] != after[0]), 0)
        if whole:
            yield held[:whole]
            del held[:whole]
    if held:
        yield held


async def _copy(driver: "asyncpg.Connection", text: bytes) -> None:
    if text:
        await driver.copy_to_table(
            "run_result", source=BytesIO(text), columns=list(frozen.RESULT_COLUMNS), format="text", null=""
        )


async def _stored(driver: "asyncpg.Connection", text: bytes, parts: _Parts) -> "list[asyncpg.Record] | None":
    """Stores what is ready and gives the next part."""
    await _copy(driver, text)
    return await anext(parts, None)


async def _both(ranking: Coroutine[Any, Any, T], storing: Coroutine[Any, Any, U]) -> tuple[T, U]:
    """What both come to, done side by side. Neither is left behind when the other fails or all is cancelled."""
    ranked, stored = await asyncio.gather(ranking, storing, return_exceptions=True)
    if isinstance(stored, BaseException):
        raise stored
    if isinstance(ranked, BaseException):
        raise ranked
    return ranked, stored


async def _show(uow: UnitOfWork, run_id: UUID, **values: RunState | int | str | datetime | None) -> None:
    """Tells the world at once, whatever becomes of the unit of work. A finished run is never touched."""
    async with uow.connection.engine.begin() as aside:
        await aside.execute(update(Run).where(Run.id == run_id, Run.state != RunState.DONE).values(**values))
