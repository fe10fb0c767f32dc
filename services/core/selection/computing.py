"""Computing a run: from the frozen facts to ranks, points and sentences, in one transaction that either writes all or nothing.

How far it has come is shown meanwhile by short transactions of their own; a worker that is killed leaves the run `running`, one
that is stopped or runs out of time leaves it `failed`, and the ledger starts it again from the beginning.
"""

import asyncio
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.selection import frozen, queries
from services.core.selection.bundle import run_digest
from services.core.selection.candidates import Candidate, Result, RoundParameters
from services.core.selection.events import RunFinished
from services.core.selection.models import Run, RunState
from services.core.selection.rules import RULES_VERSION, RoundImpossible, run
from services.core.selection.sentences import Sentences

SHOWING_SECONDS = 2


async def compute(uow: UnitOfWork, *, run_id: UUID) -> None:
    """The run is done, with a result for every candidate; a run that is done already stays as it is.

    A round that cannot be computed ends as `failed` with the reason. Any other error is shown and raised, to be tried again; so
    is being cancelled, which is how a time-out arrives here: the ledger may hold its last attempt.
    """
    found = await queries.RUN_TO_COMPUTE.first(uow.driver, run_id=run_id)
    if found is None or found["state"] == RunState.DONE:
        return
    await _show(uow, run_id, state=RunState.RUNNING, progress=0, started_at=uow.now, error=None)
    try:
        await _compute(uow, run_id, found["freeze_id"], found["round_id"], found["region_path"])
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


async def _compute(uow: UnitOfWork, run_id: UUID, freeze_id: UUID, round_id: UUID, region_path: str) -> None:
    terms = await queries.ROUND_TO_COMPUTE.first(uow.driver, round_id=round_id)
    assert terms is not None  # noqa: S101 - held by a foreign key
    stored = await policies.by_id(uow.driver, version_id=terms["policy_version_id"])
    rows = await queries.CANDIDATES.all(uow.driver, freeze_id=freeze_id)
    await _show(uow, run_id, progress=30)
    policy, parameters = Policy.model_validate(stored.body), frozen.parameters_of(terms)
    candidates = await asyncio.to_thread(lambda: [frozen.candidate_of(row) for row in rows])
    digest, results, sentences = await asyncio.to_thread(_ranked, policy, parameters, candidates)
    await _show(uow, run_id, progress=70)
    await uow.driver.copy_records_to_table(
        "run_result", records=frozen.records_of(run_id, results, sentences), columns=list(frozen.RESULT_COLUMNS)
    )
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
    uow.record(RunFinished(run_id=run_id, digest=digest), subject="round", subject_id=round_id, region_path=region_path)


def _ranked(
    policy: Policy, parameters: RoundParameters, candidates: list[Candidate]
) -> tuple[str, list[Result], list[tuple[str, str]]]:
    results = run(policy, parameters, candidates)
    words = Sentences(policy)
    return run_digest(policy, parameters, candidates), results, [words.of(result) for result in results]


async def _show(uow: UnitOfWork, run_id: UUID, **values: RunState | int | str | datetime | None) -> None:
    """Tells the world at once, whatever becomes of the unit of work. A finished run is never touched."""
    async with uow.connection.engine.begin() as aside:
        await aside.execute(update(Run).where(Run.id == run_id, Run.state != RunState.DONE).values(**values))
