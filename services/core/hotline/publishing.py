"""Cases that everybody may read (C3): staff say in their own words what was asked and what was answered, and take it back.

A reporter's own words, his photographs and his place are never public. What is shown is a text of staff's, the category, the days,
and the middle of the cell of a grid that the case lies in. Public are cases that are still cases: one that was withdrawn, refused
or merged since is not shown, nor one of whose contents any was refused or not looked at yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.hotline import public_rules, steps
from services.core.hotline.errors import ComplaintInputInvalid
from services.core.hotline.public_errors import NotPublishable, NotPublished
from services.core.hotline.public_events import ComplaintPublished, ComplaintUnpublished
from services.core.hotline.public_rules import Box
from services.core.hotline.rules import HANDLED, State
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg

OVER = frozenset({State.MERGED, State.WITHDRAWN, State.REJECTED})
POINT = "SELECT point[0] AS lon, point[1] AS lat FROM complaint WHERE id = $1 AND point IS NOT NULL"
# The first answer's moment stays, so that a corrected word does not send the case round again; taken back and told anew it does.
PUBLISH = """
INSERT INTO complaint_publication AS p (id, complaint_id, project_id, spot, question, answer, published_by, published_at,
                                        answered_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $6::text IS NOT NULL THEN $8::timestamptz END)
ON CONFLICT (complaint_id) DO UPDATE SET
  question = excluded.question, answer = excluded.answer, published_by = excluded.published_by, withdrawn_at = NULL,
  published_at = CASE WHEN p.withdrawn_at IS NULL THEN p.published_at ELSE excluded.published_at END,
  answered_at = CASE WHEN p.withdrawn_at IS NULL AND excluded.answer IS NOT NULL THEN coalesce(p.answered_at, excluded.answered_at)
                     ELSE excluded.answered_at END
"""
WITHDRAW = (
    "UPDATE complaint_publication SET withdrawn_at = $2 WHERE complaint_id = $1 AND withdrawn_at IS NULL RETURNING id"
)
BUMP = "UPDATE complaint SET version = version + 1 WHERE id = $1 RETURNING version"
FOLLOW = "UPDATE complaint_publication SET project_id = $2 WHERE complaint_id = $1"
ONE = """
SELECT c.id AS complaint_id, p.question, p.answer, p.published_at, p.answered_at,
       p.withdrawn_at IS NULL AND p.id IS NOT NULL AS public, c.version
FROM complaint c LEFT JOIN complaint_publication p ON p.complaint_id = c.id
WHERE c.id = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                            WHERE c.region_path >= scope.low AND c.region_path < scope.high)
"""
_SHOWN = """
p.id, c.category, k.title_zh AS category_zh, k.title_en AS category_en, c.state, p.project_id, p.question, p.answer,
c.created_at, p.published_at, p.answered_at
"""
# Contents of its reporter that nobody found fit for the public keep the whole case from it.
MAY_BE_SHOWN = """
p.withdrawn_at IS NULL AND c.state NOT IN ('merged', 'withdrawn', 'rejected')
  AND NOT EXISTS (SELECT FROM content_check x WHERE x.subject_type = 'complaint' AND x.subject_id = c.id AND x.state <> 'passed')
  AND NOT EXISTS (SELECT FROM file_use u JOIN file f ON f.id = u.file_id
                  WHERE u.subject_type = 'complaint' AND u.subject_id = c.id AND f.check_state <> 'passed')
"""
_JOINED = """
FROM complaint_publication p JOIN complaint c ON c.id = p.complaint_id JOIN complaint_category k ON k.code = c.category
"""
# The latest first. Compared with the spots alone: a rectangle drawn ever smaller finds out no more than the cell.
MAP = f"""
SELECT {_SHOWN}, p.spot[0] AS lon, p.spot[1] AS lat {_JOINED}
WHERE {MAY_BE_SHOWN} AND p.spot IS NOT NULL AND p.id < $1 AND {{}}
  AND ($2::text IS NULL OR c.category = $2 OR k.parent = $2) AND ($3::uuid IS NULL OR p.project_id = $3)
ORDER BY p.id DESC LIMIT $4
"""
EVERYWHERE, INSIDE = MAP.format("true"), MAP.format("p.spot <@ $5::box")
ANSWERS = f"""
SELECT {_SHOWN} {_JOINED}
WHERE {MAY_BE_SHOWN} AND p.project_id = $1 AND p.answered_at IS NOT NULL AND c.state IN ('answered', 'closed')
  AND (p.answered_at, p.id) < ($2, $3)
ORDER BY p.answered_at DESC, p.id DESC LIMIT $4
"""
PROJECT = (
    "SELECT no, title FROM project WHERE id = $1 AND EXISTS (SELECT FROM complaint_publication WHERE project_id = $1)"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What everybody is told: what was asked and, once it was answered, what the answer is. Staff's own words."""

    question: str
    answer: str | None


async def publish(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int, told: Told) -> None:
    """Makes a case public, or changes its public words. NotFound, VersionStale.

    NotPublishable for one that was merged, withdrawn or not taken up; ComplaintInputInvalid for an answer before there is one, and
    for a personal number in the words.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    state = State(held["state"])
    if state in OVER:
        raise NotPublishable(state=state)
    if told.answer is not None and state in HANDLED:
        raise ComplaintInputInvalid.at("/answer", zh="尚未答复", en="was not given yet")
    steps.check_words(told.question, "/question")
    steps.check_words(told.answer, "/answer")
    at = await uow.driver.fetchrow(POINT, complaint_id)
    spot = None if at is None else public_rules.spot(at["lon"], at["lat"])
    values = (complaint_id, held["project_id"], spot, told.question, told.answer, uow.actor.id, uow.now)
    await uow.driver.execute(PUBLISH, new_id(), *values)
    _record(
        uow,
        held,
        ComplaintPublished(version=await uow.driver.fetchval(BUMP, complaint_id), answered=told.answer is not None),
    )


async def unpublish(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int) -> None:
    """Takes it back; the words stay for staff. NotFound, VersionStale, NotPublished."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    if await uow.driver.fetchval(WITHDRAW, complaint_id, uow.now) is None:
        raise NotPublished
    _record(uow, held, ComplaintUnpublished(version=await uow.driver.fetchval(BUMP, complaint_id)))


def _record(uow: UnitOfWork, held: "asyncpg.Record", event: ComplaintPublished | ComplaintUnpublished) -> None:
    uow.record(event, subject="complaint", subject_id=held["id"], region_path=held["region_path"])


async def follow(uow: UnitOfWork, *, complaint_id: UUID, project_id: UUID | None) -> None:
    """The complaint is about another project now: so is what is public of it."""
    await uow.driver.execute(FOLLOW, complaint_id, project_id)


async def publication_of(driver: "asyncpg.Connection", *, scope: Scope, complaint_id: UUID) -> "asyncpg.Record":
    """What is, or was, public of a complaint inside the scope; NotFound otherwise."""
    row = await driver.fetchrow(ONE, complaint_id, scope.lows, scope.highs)
    if row is None:
        raise NotFound
    return row


async def on_map(
    driver: "asyncpg.Connection",
    *,
    box: Box | None,
    category: str | None,
    project_id: UUID | None,
    before: UUID,
    limit: int,
) -> "Sequence[asyncpg.Record]":
    """Public cases that have a spot, the latest first: of a rectangle, a category, a project."""
    values = (before, category, project_id, limit)
    rows: Sequence[asyncpg.Record]
    if box is None:
        rows = await driver.fetch(EVERYWHERE, *values)
    else:
        rows = await driver.fetch(INSIDE, *values, ((box.west, box.south), (box.east, box.north)))
    return rows


async def answered(
    driver: "asyncpg.Connection", *, project_id: UUID, before: tuple[datetime, UUID], limit: int
) -> "Sequence[asyncpg.Record]":
    """Public cases of a project that were answered, the latest answer first."""
    rows: Sequence[asyncpg.Record] = await driver.fetch(ANSWERS, project_id, *before, limit)
    return rows


async def project_of(driver: "asyncpg.Connection", *, project_id: UUID) -> "asyncpg.Record":
    """Number and title of a project of which anything ever was public; NotFound otherwise."""
    row = await driver.fetchrow(PROJECT, project_id)
    if row is None:
        raise NotFound
    return row
