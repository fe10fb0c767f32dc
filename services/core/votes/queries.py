"""Reads of votes. Every read that a member of staff makes carries the scope; a resident's goes through what he stands for."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import String, Uuid, bindparam, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.policy.models import PolicyVersion
from services.core.projects.models import Project
from services.core.territory.models import Compound
from services.core.votes.lifecycle import ObjectionTo
from services.core.votes.models import (
    BallotEntry,
    NoticeService,
    RollOwner,
    RollProperty,
    Vote,
    VoteExtension,
    VoteMatter,
    VoteResult,
    VoteRoll,
)
from services.core.votes.statements import decided

if TYPE_CHECKING:
    import asyncpg

MATTERS = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "no", VoteMatter.no, "kind", VoteMatter.kind, "title", VoteMatter.title, "rule", VoteMatter.rule,
                    "area", VoteMatter.area, "item", VoteMatter.item, "thresholds", VoteMatter.thresholds,
                ),
                VoteMatter.no,
            )
        )
    )
    .where(VoteMatter.vote_id == Vote.id)
    .correlate(Vote)
    .scalar_subquery()
)  # fmt: skip

EXTENSIONS = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        "closes_before", VoteExtension.closes_before, "closes_at", VoteExtension.closes_at,
                        "reason", VoteExtension.reason, "document", VoteExtension.document,
                        "extended_at", VoteExtension.extended_at,
                    ),
                    VoteExtension.no,
                )
            ),
            text("'[]'::jsonb"),
        )
    )
    .where(VoteExtension.vote_id == Vote.id)
    .correlate(Vote)
    .scalar_subquery()
)  # fmt: skip

SHOWN = (
    Vote.id,
    Vote.project_id,
    Vote.compound_id,
    Vote.region_path,
    Vote.scope,
    Vote.building_id,
    Vote.entrance_id,
    Vote.title,
    Vote.plan_number,
    Vote.plan_digest,
    Vote.policy_version_id,
    Vote.assurance,
    Vote.interim,
    Vote.matters,
    Vote.roll_days,
    Vote.result_days,
    Vote.status,
    Vote.roll_revision,
    Vote.roll_digest,
    Vote.roll_until,
    Vote.heads,
    Vote.area,
    Vote.noticed_at,
    Vote.opens_on,
    Vote.opened_at,
    Vote.closes_at,
    Vote.closed_at,
    Vote.result_revision,
    Vote.finalised_at,
    Vote.certificate_digest,
    Vote.cancel_reason,
    Vote.version,
    Vote.created_at,
)
VOTE_ID = Vote.id == bindparam("vote_id", type_=Uuid())

WHOLE = (
    select(
        *SHOWN,
        MATTERS.label("matter_list"),
        EXTENSIONS.label("extensions"),
        Compound.name.label("compound_name"),
        Project.no.label("project_no"),
        Project.title.label("project_title"),
        PolicyVersion.policy_id,
        PolicyVersion.number.label("policy_number"),
        PolicyVersion.digest.label("policy_digest"),
    )
    .join(Compound, Compound.id == Vote.compound_id)
    .join(Project, Project.id == Vote.project_id)
    .join(PolicyVersion, PolicyVersion.id == Vote.policy_version_id)
)
VOTE = Statement(WHOLE.where(VOTE_ID, in_scope(Vote.region_path)))
ANY_VOTE = Statement(WHOLE.where(VOTE_ID))

_HELD = select(*SHOWN).with_for_update(key_share=True, of=Vote)
LOCKED = Statement(_HELD.where(VOTE_ID, in_scope(Vote.region_path)))
ANY_LOCKED = Statement(_HELD.where(VOTE_ID))

LIST = Statement(
    select(
        Vote.id,
        Vote.project_id,
        Vote.compound_id,
        Compound.name.label("compound_name"),
        Vote.scope,
        Vote.title,
        Vote.plan_number,
        Vote.matters,
        Vote.status,
        Vote.opens_on,
        Vote.closes_at,
        Vote.heads,
        Vote.created_at,
    )
    .join(Compound, Compound.id == Vote.compound_id)
    .where(
        in_scope(Vote.region_path),
        Vote.id > bindparam("after", type_=Uuid()),
        or_(bindparam("project_id", type_=Uuid()).is_(None), Vote.project_id == bindparam("project_id")),
        or_(bindparam("compound_id", type_=Uuid()).is_(None), Vote.compound_id == bindparam("compound_id")),
        or_(bindparam("status", type_=String).is_(None), Vote.status == bindparam("status")),
    )
    .order_by(Vote.id)
    .limit(bindparam("limit"))
)

# The properties of a vote's part of the compound as the register has them now, by door.
REGISTER = """
SELECT p.id AS property_id, p.voting_owner_id AS owner_id, o.kind, p.exclusive_area AS area,
       concat_ws('-', b.no, e.no, p.door_no) AS door
FROM property p
JOIN voting_owner o ON o.id = p.voting_owner_id
LEFT JOIN building b ON b.id = p.building_id
LEFT JOIN entrance e ON e.id = p.entrance_id
WHERE p.compound_id = $1 AND p.closed_at IS NULL
  AND ($2::uuid IS NULL OR p.building_id = $2) AND ($3::uuid IS NULL OR p.entrance_id = $3)
ORDER BY p.id
"""

ROLL_ROWS = """
SELECT r.property_id, r.owner_id, o.kind, r.area, r.door
FROM roll_property r JOIN roll_owner o ON o.vote_id = r.vote_id AND o.owner_id = r.owner_id
WHERE r.vote_id = $1 ORDER BY r.property_id
"""

ROLLS = Statement(
    select(
        VoteRoll.revision,
        VoteRoll.digest,
        VoteRoll.heads,
        VoteRoll.properties,
        VoteRoll.area,
        VoteRoll.published_at,
        VoteRoll.notice_until,
        VoteRoll.provisional,
    )
    .where(VoteRoll.vote_id == bindparam("vote_id", type_=Uuid()))
    .order_by(VoteRoll.revision)
)

ROLL_PAGE = Statement(
    select(
        RollProperty.property_id,
        RollProperty.owner_id,
        RollOwner.kind,
        RollProperty.door,
        RollProperty.area,
        select(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        "how",
                        NoticeService.how,
                        "served_on",
                        NoticeService.served_on,
                        "document",
                        NoticeService.document,
                    ),
                    NoticeService.served_on,
                    NoticeService.how,
                )
            )
        )
        .where(NoticeService.vote_id == RollProperty.vote_id, NoticeService.owner_id == RollProperty.owner_id)
        .correlate(RollProperty)
        .scalar_subquery()
        .label("served"),
    )
    .join(
        RollOwner,
        (RollOwner.vote_id == RollProperty.vote_id) & (RollOwner.owner_id == RollProperty.owner_id),
    )
    .where(
        RollProperty.vote_id == bindparam("vote_id", type_=Uuid()),
        tuple_(RollProperty.door, RollProperty.property_id)
        > tuple_(bindparam("after_door", type_=RollProperty.door.type), bindparam("after_property", type_=Uuid())),
        or_(bindparam("owner_id", type_=Uuid()).is_(None), RollProperty.owner_id == bindparam("owner_id")),
    )
    .order_by(RollProperty.door, RollProperty.property_id)
    .limit(bindparam("limit"))
)


HEAD = """
SELECT o.area, array_agg(p.door ORDER BY p.door) AS doors
FROM roll_owner o JOIN roll_property p ON p.vote_id = o.vote_id AND p.owner_id = o.owner_id
WHERE o.vote_id = $1 AND o.owner_id = $2 GROUP BY o.area
"""

SERVED = """
SELECT s.how, count(*) AS owners FROM vote_service s WHERE s.vote_id = $1 GROUP BY s.how ORDER BY s.how
"""
UNSERVED = """
SELECT count(*) FROM roll_owner o
WHERE o.vote_id = $1
  AND NOT EXISTS (SELECT 1 FROM vote_service s WHERE s.vote_id = o.vote_id AND s.owner_id = o.owner_id)
"""

RESULTS = Statement(
    select(
        VoteResult.revision,
        VoteResult.matters,
        VoteResult.ledger_digest,
        VoteResult.published_at,
        VoteResult.published_by,
        VoteResult.notice_until,
        VoteResult.provisional,
    )
    .where(VoteResult.vote_id == bindparam("vote_id", type_=Uuid()))
    .order_by(VoteResult.revision.desc())
)

PUBLISHED_AT = {
    ObjectionTo.ROLL: "SELECT max(published_at) FROM vote_roll WHERE vote_id = $1",
    ObjectionTo.RESULT: "SELECT max(published_at) FROM vote_result WHERE vote_id = $1",
}

BALLOT_COLUMNS = (
    BallotEntry.id,
    BallotEntry.vote_id,
    BallotEntry.owner_id,
    BallotEntry.n,
    BallotEntry.entry,
    BallotEntry.of_id,
    BallotEntry.caster_id,
    BallotEntry.choices,
    BallotEntry.pending,
    BallotEntry.channel,
    BallotEntry.assurance,
    BallotEntry.evidence,
    BallotEntry.reason,
    BallotEntry.by_kind,
    BallotEntry.by_id,
    BallotEntry.at,
)
BALLOTS = Statement(
    select(*BALLOT_COLUMNS)
    .where(
        BallotEntry.vote_id == bindparam("vote_id", type_=Uuid()),
        BallotEntry.id > bindparam("after", type_=Uuid()),
        or_(bindparam("owner_id", type_=Uuid()).is_(None), BallotEntry.owner_id == bindparam("owner_id")),
    )
    .order_by(BallotEntry.id)
    .limit(bindparam("limit"))
)
BALLOT = Statement(
    select(*BALLOT_COLUMNS).where(
        BallotEntry.id == bindparam("ballot_id", type_=Uuid()),
        BallotEntry.vote_id == bindparam("vote_id", type_=Uuid()),
    )
)
LAST_ENTRY = Statement(
    select(BallotEntry.n, BallotEntry.positions, BallotEntry.standing)
    .where(
        BallotEntry.vote_id == bindparam("vote_id", type_=Uuid()),
        BallotEntry.owner_id == bindparam("owner_id", type_=Uuid()),
    )
    .order_by(BallotEntry.n.desc())
    .limit(1)
)
DECIDED = f"SELECT {decided('$1')}"
# A correction or a voiding of a ballot that waits for a second person.
UNDER_REVIEW = f"""
SELECT EXISTS (SELECT 1 FROM ballot r WHERE r.of_id = $1 AND r.pending AND NOT {decided("r.id")})
"""
# The people of a head as it was frozen, each by the entry that stands for him.
CO_OWNERS = """
SELECT coalesce(x.merged_into_id, x.id) AS id FROM owner_member m JOIN person x ON x.id = m.person_id WHERE m.voting_owner_id = $1
"""
# Which entries of the register turned out to be of somebody who has another.
MERGED = "SELECT id, merged_into_id FROM person WHERE id = ANY ($1::uuid[]) AND merged_into_id IS NOT NULL"


async def vote_of(driver: "asyncpg.Connection", *, scope: Scope, vote_id: UUID) -> "asyncpg.Record":
    """A vote inside the scope with its matters and names; NotFound otherwise."""
    row = await VOTE.first(driver, vote_id=vote_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def locked(driver: "asyncpg.Connection", *, scope: Scope, vote_id: UUID) -> "asyncpg.Record":
    """A vote inside the scope, its row locked until the transaction ends; NotFound otherwise."""
    row = await LOCKED.first(driver, vote_id=vote_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def locked_at(driver: "asyncpg.Connection", *, scope: Scope, vote_id: UUID, version: int) -> "asyncpg.Record":
    """The same, in the version that the caller read; VersionStale otherwise."""
    row = await locked(driver, scope=scope, vote_id=vote_id)
    if row["version"] != version:
        raise VersionStale
    return row
