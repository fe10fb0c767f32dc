"""Use cases of exceptions from what a start needs: one person asks, with reason and document, and another decides."""

from typing import TYPE_CHECKING
from uuid import UUID

from asyncpg import UniqueViolationError

from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.works import queries, rules, terms
from services.core.works.errors import (
    SiteSecondPersonNeeded,
    SiteStateWrong,
    StartExceptionDecided,
    StartExceptionExists,
    StartWithoutException,
)
from services.core.works.events import StartExceptionAsked, StartExceptionEnded
from services.core.works.rules import ExceptionState, Requirement

if TYPE_CHECKING:
    import asyncpg

ASK = """
INSERT INTO start_exception (id, project_id, requirement, state, reason, document, asked_by, asked_at)
VALUES ($1, $2, $3, 'asked', $4, $5, $6, $7)
"""
DECIDE = "UPDATE start_exception SET state = $2, decided_by = $3, decided_at = $4, decision_reason = $5 WHERE id = $1"
_SHOWN = """
SELECT id, requirement, state, reason, document, asked_by, asked_at, decided_by, decided_at, decision_reason FROM start_exception
"""
ONE = f"{_SHOWN} WHERE project_id = $1 AND id = $2"
PAGE = f"{_SHOWN} WHERE project_id = $1 AND ($2::text IS NULL OR state = $2) AND id > $3 ORDER BY id LIMIT $4"
SUBJECT = "start_exception"


async def ask(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, requirement: Requirement, reason: str, document: str
) -> UUID:
    """Asks that works start without something; the id of this. NotFound, SiteStateWrong once they have, StartExceptionExists,
    StartWithoutException for what the policy does not let go.
    """
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    if site["state"] not in rules.BEFORE_START:
        raise SiteStateWrong(state=site["state"])
    policy = await terms.of(uow.driver, site)
    if policy is None or requirement not in policy.works.excepted:
        raise StartWithoutException
    exception_id = new_id()
    try:
        await uow.driver.execute(ASK, exception_id, project_id, requirement, reason, document, uow.actor.id, uow.now)
    except UniqueViolationError as error:
        raise StartExceptionExists from error
    uow.record(
        StartExceptionAsked(project_id=project_id),
        subject=SUBJECT,
        subject_id=exception_id,
        region_path=site["region_path"],
    )
    return exception_id


async def decide(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, exception_id: UUID, agree: bool, reason: str | None
) -> None:
    """Another person agrees, or not. NotFound, StartExceptionDecided, SiteSecondPersonNeeded, SiteStateWrong."""
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    asked = await exception_of(uow.driver, project_id=project_id, exception_id=exception_id)
    if asked["state"] != ExceptionState.ASKED:
        raise StartExceptionDecided
    if asked["asked_by"] == uow.actor.id:
        raise SiteSecondPersonNeeded
    if site["state"] not in rules.BEFORE_START:
        raise SiteStateWrong(state=site["state"])
    state = ExceptionState.AGREED if agree else ExceptionState.REFUSED
    await uow.driver.execute(DECIDE, exception_id, state, uow.actor.id, uow.now, reason)
    uow.record(
        StartExceptionEnded(project_id=project_id, agreed=agree),
        subject=SUBJECT,
        subject_id=exception_id,
        region_path=site["region_path"],
    )


async def exception_of(driver: "asyncpg.Connection", *, project_id: UUID, exception_id: UUID) -> "asyncpg.Record":
    """One of a site that the caller may see; NotFound otherwise."""
    row = await driver.fetchrow(ONE, project_id, exception_id)
    if row is None:
        raise NotFound
    return row
