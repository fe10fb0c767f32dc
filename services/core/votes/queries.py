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
from services.core.votes.lifecycle import ObjectionTo, VoteStatus
from services.core.votes.models import (
    BallotEntry,
    NoticeService,
    RollOwner,
    RollProperty,
    Vote,
    VoteExtension,
    VoteMatter,
    VoteObjection,
    VoteResult,
    VoteRoll,
)
from services.core.votes.statements import OWNING, decided

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

# The heads of a vote that a resident stands for as an owner, by the register as it is now, and what he said last.
MINE = f"""
SELECT rp.owner_id, array_agg(DISTINCT rp.door) AS doors, o.area,
       (array_agg(said.choices) FILTER (WHERE said.choices IS NOT NULL))[1] AS choices,
       coalesce(bool_or(l.standing IS NOT NULL), false) AS counted,
       coalesce(bool_or(l.standing IS NULL AND l.positions <> '{{}}'), false) AS contradicted
FROM {OWNING} AS b
JOIN roll_property rp ON rp.vote_id = $1 AND rp.property_id = b.property_id
JOIN roll_owner o ON o.vote_id = rp.vote_id AND o.owner_id = rp.owner_id
LEFT JOIN LATERAL (
  SELECT e.positions, e.standing FROM ballot e WHERE e.vote_id = rp.vote_id AND e.owner_id = rp.owner_id
  ORDER BY e.n DESC LIMIT 1) AS l ON true
LEFT JOIN LATERAL (
  SELECT one.value -> 'choices' AS choices FROM jsonb_each(l.positions) AS one JOIN person x ON x.id = one.key::uuid
  WHERE b.person_id IN (x.id, x.merged_into_id) ORDER BY (one.value ->> 'n')::int DESC LIMIT 1) AS said ON true
WHERE b.resident_id = $2
GROUP BY rp.owner_id, o.area ORDER BY rp.owner_id
"""

# The votes in which a resident has a head, and in how many heads he has not been counted yet.
_OF_RESIDENT = f"""
SELECT v.id, v.title, v.status, v.opens_on, v.closes_at, v.matters, c.name AS compound_name,
       count(DISTINCT rp.owner_id) AS heads,
       count(DISTINCT rp.owner_id) FILTER (WHERE l.standing IS NULL) AS uncounted
FROM {OWNING} AS b
JOIN roll_property rp ON rp.property_id = b.property_id
JOIN vote v ON v.id = rp.vote_id
JOIN compound c ON c.id = v.compound_id
LEFT JOIN LATERAL (
  SELECT e.standing FROM ballot e WHERE e.vote_id = rp.vote_id AND e.owner_id = rp.owner_id ORDER BY e.n DESC LIMIT 1
) AS l ON true
WHERE b.resident_id = $1
"""
OF_RESIDENT = f"""{_OF_RESIDENT} AND v.id < $2 AND ($3::text IS NULL OR v.status = $3)
GROUP BY v.id, c.name ORDER BY v.id DESC LIMIT $4
"""
# Those that are open still ($2: now) and wait for him, the first to close first.
WAITING_FOR_RESIDENT = f"""
SELECT id, title, compound_name, closes_at, uncounted
FROM ({_OF_RESIDENT} AND v.status = 'open' AND v.closes_at > $2 GROUP BY v.id, c.name) AS mine
WHERE uncounted > 0 ORDER BY closes_at, id LIMIT $3
"""
# What a resident cast himself, and what became of it; for himself alone.
CAST_BY_RESIDENT = """
SELECT v.id AS vote_id, v.title, e.entry, e.choices, e.channel, e.at
FROM binding b
JOIN roll_property rp ON rp.property_id = b.property_id
JOIN ballot e ON e.vote_id = rp.vote_id AND e.owner_id = rp.owner_id AND e.by_kind = 'resident' AND e.by_id = b.resident_id
JOIN vote v ON v.id = e.vote_id
WHERE b.resident_id = $1 GROUP BY v.id, e.id ORDER BY e.id
"""

PUBLIC = Statement(WHOLE.where(VOTE_ID, Vote.status != VoteStatus.DRAFT))

# What was put on notice last of every vote: its roll, the vote itself, its result.
_ON_NOTICE = """
SELECT v.id AS vote_id, v.title, c.name AS compound_name, c.region_id,
       CASE v.status WHEN 'roll' THEN 'vote_roll' WHEN 'preliminary' THEN 'vote_result' WHEN 'final' THEN 'vote_result'
                     ELSE 'vote' END AS kind,
       CASE v.status WHEN 'roll' THEN l.published_at WHEN 'preliminary' THEN r.published_at WHEN 'final' THEN r.published_at
                     ELSE v.noticed_at END AS since,
       CASE v.status WHEN 'roll' THEN l.notice_until WHEN 'preliminary' THEN r.notice_until WHEN 'final' THEN r.notice_until
                     ELSE (v.closes_at AT TIME ZONE 'Asia/Shanghai' - interval '1 second')::date END AS until
FROM vote v
JOIN compound c ON c.id = v.compound_id
LEFT JOIN vote_roll l ON l.vote_id = v.id AND l.revision = v.roll_revision
LEFT JOIN vote_result r ON r.vote_id = v.id AND r.revision = v.result_revision
"""
# Of every vote, the latest first.
NOTICES = f"""{_ON_NOTICE}
WHERE v.status NOT IN ('draft', 'cancelled') AND v.id < $1
  AND ($2::uuid IS NULL OR EXISTS (
    SELECT 1 FROM region g WHERE g.id = $2 AND v.region_path >= g.path AND v.region_path < left(g.path, -1) || '/'))
ORDER BY v.id DESC LIMIT $3
"""
# Of the votes of some compounds ($1) those that are to be read before anybody can vote, or may still be objected to, on a day ($2).
NOTICES_OF_COMPOUNDS = f"""
SELECT vote_id, kind, title, compound_name, until
FROM ({_ON_NOTICE} WHERE v.compound_id = ANY ($1::uuid[]) AND v.status IN ('roll', 'noticed', 'preliminary')) AS told
WHERE until >= $2 ORDER BY until, vote_id LIMIT $3
"""

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


async def objection_of(
    driver: "asyncpg.Connection", *, scope: Scope, vote_id: UUID, objection_id: UUID
) -> "asyncpg.Record":
    """One objection to a vote inside the scope; NotFound otherwise."""
    row = await OBJECTION.first(driver, vote_id=vote_id, objection_id=objection_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row
