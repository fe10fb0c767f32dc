"""Reads of objections to a roll, a notice or a result."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.votes.models import (
    Vote,
    VoteObjection,
)

if TYPE_CHECKING:
    import asyncpg

OBJECTION_COLUMNS = (
    VoteObjection.id,
    VoteObjection.vote_id,
    VoteObjection.about,
    VoteObjection.revision,
    VoteObjection.what,
    VoteObjection.received_on,
    VoteObjection.late,
    VoteObjection.document,
    VoteObjection.status,
    VoteObjection.recorded_at,
    VoteObjection.by_kind,
    VoteObjection.recorded_by,
    VoteObjection.decided_at,
    VoteObjection.decided_by,
    VoteObjection.decision_reason,
    VoteObjection.decision_document,
)


OBJECTION = Statement(
    select(*OBJECTION_COLUMNS)
    .join(Vote, Vote.id == VoteObjection.vote_id)
    .where(
        VoteObjection.id == bindparam("objection_id", type_=Uuid()),
        VoteObjection.vote_id == bindparam("vote_id", type_=Uuid()),
        in_scope(Vote.region_path),
    )
)


OBJECTIONS = Statement(
    select(*OBJECTION_COLUMNS)
    .where(
        VoteObjection.vote_id == bindparam("vote_id", type_=Uuid()),
        VoteObjection.id > bindparam("after", type_=Uuid()),
    )
    .order_by(VoteObjection.id)
    .limit(bindparam("limit"))
)


OWN_OBJECTION = Statement(
    select(*OBJECTION_COLUMNS).where(
        VoteObjection.vote_id == bindparam("vote_id", type_=Uuid()),
        VoteObjection.id == bindparam("objection_id", type_=Uuid()),
        VoteObjection.by_kind == "resident",
        VoteObjection.recorded_by == bindparam("resident_id", type_=Uuid()),
    )
)


OWN_OBJECTIONS = Statement(
    select(*OBJECTION_COLUMNS)
    .where(
        VoteObjection.vote_id == bindparam("vote_id", type_=Uuid()),
        VoteObjection.by_kind == "resident",
        VoteObjection.recorded_by == bindparam("resident_id", type_=Uuid()),
        VoteObjection.id > bindparam("after", type_=Uuid()),
    )
    .order_by(VoteObjection.id)
    .limit(bindparam("limit"))
)


OBJECTED_BY_RESIDENT = """
SELECT vote_id, about, revision, what, received_on, late, status, decided_at, decision_reason FROM vote_objection
WHERE recorded_by = $1 AND by_kind = 'resident' ORDER BY id
"""


# His own words go with the account; that he objected, and what became of it, stays.
FORGET_WORDS = "UPDATE vote_objection SET what = '' WHERE recorded_by = $1 AND by_kind = 'resident'"


OBJECTIONS_LEFT = """
SELECT count(*) FROM vote_objection WHERE recorded_by = $1 AND by_kind = 'resident' AND vote_id = $2 AND status = 'open'
"""


# What keeps the way: objections in time that nobody has decided, whatever was published anew since, and upheld ones since which
# nothing was ($3: when it was last).
IN_THE_WAY = """
SELECT count(*) FROM vote_objection
WHERE vote_id = $1 AND about = $2 AND (status = 'open' AND NOT late OR status = 'upheld' AND decided_at >= $3)
"""


async def objection_of(
    driver: "asyncpg.Connection", *, scope: Scope, vote_id: UUID, objection_id: UUID
) -> "asyncpg.Record":
    """One objection to a vote inside the scope; NotFound otherwise."""
    row = await OBJECTION.first(driver, vote_id=vote_id, objection_id=objection_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row
