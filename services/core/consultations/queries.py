"""Reads of consultations: what they are, whom a round asks, how far it is by building and entrance."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, bindparam, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from services.core.consultations.models import Consultation, ConsultationAnswer, ConsultationRound, ConsultationVisit
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.territory.models import Compound

if TYPE_CHECKING:
    import asyncpg

COLUMNS = (
    Consultation.id,
    Consultation.compound_id,
    Compound.name.label("compound_name"),
    Consultation.region_path,
    Consultation.matter,
    Consultation.project_id,
    Consultation.plan_number,
    Consultation.entrance_id,
    Consultation.policy_version_id,
    Consultation.status,
    Consultation.round,
    Consultation.version,
    Consultation.opened_at,
    Consultation.closed_at,
    Consultation.close_reason,
    Consultation.doors,
    Consultation.agreed,
)
_SHOWN = select(*COLUMNS).join(Compound, Compound.id == Consultation.compound_id)
_ID = Consultation.id == bindparam("consultation_id", type_=Uuid())

ONE = Statement(_SHOWN.where(_ID, in_scope(Consultation.region_path)))
BY_ID = Statement(_SHOWN.where(_ID))

# Whoever writes to a consultation holds its row: answers are counted one after another, and none slips in beside its end.
LOCKED = Statement(
    _SHOWN.where(_ID, in_scope(Consultation.region_path)).with_for_update(of=Consultation, key_share=True)
)
LOCKED_BY_ID = Statement(_SHOWN.where(_ID).with_for_update(of=Consultation, key_share=True))


def _given(name: str, kind: Uuid[UUID] | String, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """The column has this value, where one is given."""
    value = bindparam(name, type_=kind)
    return or_(value.is_(None), column == value)


def in_part_of_tree(
    path: InstrumentedAttribute[str], row_id: InstrumentedAttribute[UUID]
) -> tuple[ColumnElement[bool], ...]:
    """Rows of the scope after a key (region path, id); one range of paths, `low` to `high`, drives the index."""
    after = func.greatest(
        bindparam("low", type_=String()), bindparam("after_path", type_=String()).collate("C"), type_=String()
    )
    return (
        tuple_(path, row_id) > tuple_(after, bindparam("after_id", type_=Uuid())),
        path < bindparam("high", type_=String()),
        in_scope(path),
    )


LIST = Statement(
    _SHOWN.where(
        *in_part_of_tree(Consultation.region_path, Consultation.id),
        _given("compound_id", Uuid(), Consultation.compound_id),
        _given("project_id", Uuid(), Consultation.project_id),
        _given("matter", String(), Consultation.matter),
        _given("status", String(), Consultation.status),
    )
    .order_by(Consultation.region_path, Consultation.id)
    .limit(bindparam("limit"))
)

# What everybody may know of a consultation: that it goes on and who asks, no figure and no door.
PUBLIC = """
SELECT c.id, c.compound_id, compound.name AS compound_name, c.matter, c.plan_number, c.status, c.opened_at, c.closed_at,
       r.number AS round, r.title AS round_title, r.actors
FROM consultation c
JOIN compound ON compound.id = c.compound_id
JOIN consultation_round r ON r.consultation_id = c.id AND r.number = c.round
WHERE c.id = $1
"""

# The doors that a consultation asks at, each with its current answer: open dwellings of the compound, for a lift every property of
# the entrance. $1: the consultation. Answers and owners are looked up door by door (LIMIT keeps the planner to it): a table that is
# not analysed yet would else be read whole for each door.
DOORS = """
door AS (
  SELECT p.id, p.kind, p.door_no, p.voting_owner_id, p.exclusive_area, p.building_id, p.entrance_id,
         coalesce(b.no, '') AS building_no, coalesce(e.no, '') AS entrance_no,
         a.answer, a.channel, a.recorded_at AS answered_at
  FROM consultation c
  JOIN property p ON p.compound_id = c.compound_id AND p.closed_at IS NULL
    AND (c.matter = 'lift' AND p.entrance_id = c.entrance_id OR c.matter <> 'lift' AND p.kind = 'dwelling')
  LEFT JOIN building b ON b.id = p.building_id
  LEFT JOIN entrance e ON e.id = p.entrance_id
  LEFT JOIN LATERAL (
    SELECT answer, channel, recorded_at FROM consultation_answer
    WHERE consultation_id = c.id AND property_id = p.id AND superseded_at IS NULL LIMIT 1) a ON true
  WHERE c.id = $1)
"""

COUNTS = """
       count(*) AS doors, count(*) FILTER (WHERE answer = 'agree') AS agreed,
       count(*) FILTER (WHERE answer = 'disagree') AS disagreed, count(*) FILTER (WHERE answer = 'undecided') AS undecided,
       count(*) FILTER (WHERE answer IS NULL) AS unanswered
"""

TOTALS = f"WITH {DOORS} SELECT {COUNTS} FROM door"

PROGRESS = f"""
WITH {DOORS}
SELECT building_id, entrance_id, building_no, entrance_no, {COUNTS}
FROM door
WHERE (building_no, entrance_no, coalesce(entrance_id, building_id, '00000000-0000-0000-0000-000000000000'))
      > ($2 COLLATE "C", $3 COLLATE "C", $4::uuid)
GROUP BY building_id, entrance_id, building_no, entrance_no
ORDER BY building_no, entrance_no, coalesce(entrance_id, building_id, '00000000-0000-0000-0000-000000000000')
LIMIT $5
"""

SIGNATURES = f"WITH {DOORS} SELECT voting_owner_id, exclusive_area, answer FROM door"

OF_SCOPE = f"WITH {DOORS} SELECT id FROM door WHERE id = ANY ($2::uuid[])"

# A round's targets with what was tried in that round and what holds now. $2 the round, $3 to $6 after which door, $7 only those who
# do not agree, $8 one building, $9 one entrance, $10 one property, $11 how many.
TARGETS = f"""
WITH {DOORS}
SELECT d.id AS property_id, d.kind, d.building_no, d.entrance_no, d.door_no, d.answer, d.channel, d.answered_at,
       v.attempts, v.last_visited_on, v.last_outcome, o.kind AS owner_kind, o.title AS owner_title, people.person_ids,
       people.names_sealed
FROM door d
JOIN consultation_target t ON t.consultation_id = $1 AND t.number = $2 AND t.property_id = d.id
JOIN voting_owner o ON o.id = d.voting_owner_id
CROSS JOIN LATERAL (
  SELECT count(*) AS attempts, (array_agg(visited_on ORDER BY id DESC))[1] AS last_visited_on,
         (array_agg(outcome ORDER BY id DESC))[1] AS last_outcome
  FROM consultation_visit WHERE consultation_id = $1 AND property_id = d.id AND number = $2) v
CROSS JOIN LATERAL (
  SELECT array_agg(m.person_id ORDER BY m.person_id) AS person_ids, array_agg(r.name_sealed ORDER BY m.person_id) AS names_sealed
  FROM owner_member m
  CROSS JOIN LATERAL (SELECT name_sealed FROM person WHERE id = m.person_id LIMIT 1) r
  WHERE m.voting_owner_id = d.voting_owner_id) people
WHERE (d.building_no, d.entrance_no, d.door_no, d.id) > ($3 COLLATE "C", $4 COLLATE "C", $5 COLLATE "C", $6::uuid)
  AND (NOT $7 OR d.answer IS DISTINCT FROM 'agree')
  AND ($8::uuid IS NULL OR d.building_id = $8) AND ($9::uuid IS NULL OR d.entrance_id = $9)
  AND ($10::uuid IS NULL OR d.id = $10)
ORDER BY d.building_no, d.entrance_no, d.door_no, d.id
LIMIT $11
"""

# Every round with whom it asked, whom it reached, and what the doors had said last by its end.
ROUNDS = """
SELECT r.number, r.title, r.actors, r.together, r.opened_at, r.ended_at,
       (SELECT count(*) FROM consultation_target t WHERE t.consultation_id = r.consultation_id AND t.number = r.number) AS targets,
       v.visits, v.visited, a.agreed, a.disagreed, a.undecided
FROM consultation_round r
CROSS JOIN LATERAL (
  SELECT count(*) AS visits, count(DISTINCT property_id) AS visited
  FROM consultation_visit WHERE consultation_id = r.consultation_id AND number = r.number) v
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE answer = 'agree') AS agreed, count(*) FILTER (WHERE answer = 'disagree') AS disagreed,
         count(*) FILTER (WHERE answer = 'undecided') AS undecided
  FROM (SELECT DISTINCT ON (property_id) answer FROM consultation_answer
        WHERE consultation_id = r.consultation_id AND number = r.number ORDER BY property_id, id DESC) AS last) a
WHERE r.consultation_id = $1
ORDER BY r.number
"""

ROUND = Statement(
    select(
        ConsultationRound.number,
        ConsultationRound.title,
        ConsultationRound.actors,
        ConsultationRound.together,
        ConsultationRound.opened_at,
        ConsultationRound.ended_at,
    ).where(
        ConsultationRound.consultation_id == bindparam("consultation_id", type_=Uuid()),
        ConsultationRound.number == bindparam("number", type_=ConsultationRound.number.type),
    )
)


def _of_property(table: type[ConsultationVisit] | type[ConsultationAnswer]) -> tuple[ColumnElement[bool], ...]:
    """Of one consultation, at one door when one is given, after a row."""
    door = bindparam("property_id", type_=Uuid())
    return (
        table.consultation_id == bindparam("consultation_id", type_=Uuid()),
        or_(door.is_(None), table.property_id == door),
        table.id > bindparam("after", type_=Uuid()),
    )


VISITS = Statement(
    select(
        ConsultationVisit.id,
        ConsultationVisit.number,
        ConsultationVisit.property_id,
        ConsultationVisit.visited_on,
        ConsultationVisit.outcome,
        ConsultationVisit.visitors,
        ConsultationVisit.recorded_by,
        ConsultationVisit.recorded_at,
    )
    .where(*_of_property(ConsultationVisit))
    .order_by(ConsultationVisit.id)
    .limit(bindparam("limit"))
)

# Every answer ever given; one that was taken back names when.
ANSWERS = Statement(
    select(
        ConsultationAnswer.id,
        ConsultationAnswer.number,
        ConsultationAnswer.property_id,
        ConsultationAnswer.answer,
        ConsultationAnswer.channel,
        ConsultationAnswer.asked_by,
        ConsultationAnswer.opinion,
        ConsultationAnswer.visit_id,
        ConsultationAnswer.recorded_at,
        ConsultationAnswer.superseded_at,
    )
    .where(*_of_property(ConsultationAnswer))
    .order_by(ConsultationAnswer.id)
    .limit(bindparam("limit"))
)

# What is asked of some properties ($1), with what each says; the latest first.
_OF_PROPERTIES = """
SELECT c.id, c.compound_id, compound.name AS compound_name, c.matter, c.project_id, c.plan_number, c.status, c.round, own.doors
FROM consultation c
JOIN compound ON compound.id = c.compound_id
CROSS JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object(
           'property_id', p.id, 'building_no', coalesce(b.no, ''), 'entrance_no', coalesce(e.no, ''), 'door_no', p.door_no,
           'answer', a.answer) ORDER BY p.id) AS doors
  FROM property p
  LEFT JOIN building b ON b.id = p.building_id
  LEFT JOIN entrance e ON e.id = p.entrance_id
  LEFT JOIN consultation_answer a ON a.consultation_id = c.id AND a.property_id = p.id AND a.superseded_at IS NULL
  WHERE p.id = ANY ($1::uuid[]) AND p.compound_id = c.compound_id AND p.closed_at IS NULL
    AND (c.matter = 'lift' AND p.entrance_id = c.entrance_id OR c.matter <> 'lift' AND p.kind = 'dwelling')) own
WHERE c.compound_id IN (SELECT compound_id FROM property WHERE id = ANY ($1::uuid[])) AND own.doors IS NOT NULL
"""
OF_PROPERTIES = f"{_OF_PROPERTIES} AND c.id < $2 ORDER BY c.id DESC LIMIT $3"
# Those that are open and where one of the properties has said nothing yet: about a lift one of those that are owned ($2).
WAITING_FOR_PROPERTIES = f"""
SELECT * FROM ({_OF_PROPERTIES} AND c.status = 'open') AS asked
WHERE EXISTS (SELECT FROM jsonb_array_elements(doors) AS door(one)
              WHERE one -> 'answer' = 'null' AND (matter <> 'lift' OR (one ->> 'property_id')::uuid = ANY ($2::uuid[])))
ORDER BY id DESC LIMIT $3
"""
# What a resident said in his own words. That he answered, and that he objects, stays.
FORGET_WORDS = """
WITH objected AS (UPDATE lift_objection SET reason = '' WHERE resident_id = $1)
UPDATE consultation_answer SET opinion = NULL WHERE resident_id = $1 AND opinion IS NOT NULL
"""
SAID_BY_RESIDENT = """
SELECT c.id AS consultation_id, c.matter, a.property_id, a.answer, a.opinion, a.recorded_at
FROM (SELECT DISTINCT property_id FROM binding WHERE resident_id = $1) AS b
JOIN property p ON p.id = b.property_id
JOIN consultation c ON c.compound_id = p.compound_id
JOIN consultation_answer a ON a.consultation_id = c.id AND a.property_id = b.property_id AND a.resident_id = $1
ORDER BY a.id
"""
LIFTS_BY_RESIDENT = """
SELECT r.id AS lift_request_id, r.property_id, r.requested_at, NULL::text AS reason FROM lift_request r WHERE r.resident_id = $1
UNION ALL
SELECT o.lift_request_id, o.property_id, o.recorded_at, o.reason FROM lift_objection o WHERE o.resident_id = $1
ORDER BY 3
"""
ONE_OF_PROPERTIES = f"{_OF_PROPERTIES} AND c.id = $2"

# For every compound of a project: its dwellings, and what the newest consultation about the matter ($2) heard at them.
PROJECT_TOTALS = """
SELECT pc.compound_id, newest.id AS consultation_id, newest.plan_number,
       count(p.id) AS doors, count(a.answer) AS answered, count(*) FILTER (WHERE a.answer = 'agree') AS agreed
FROM project_compound pc
LEFT JOIN LATERAL (
  SELECT c.id, c.plan_number FROM consultation c
  WHERE c.project_id = pc.project_id AND c.matter = $2 AND c.compound_id = pc.compound_id
  ORDER BY c.id DESC LIMIT 1) newest ON true
LEFT JOIN property p ON p.compound_id = pc.compound_id AND p.closed_at IS NULL AND p.kind = 'dwelling'
LEFT JOIN LATERAL (
  SELECT answer FROM consultation_answer
  WHERE consultation_id = newest.id AND property_id = p.id AND superseded_at IS NULL LIMIT 1) a ON true
WHERE pc.project_id = $1
GROUP BY pc.compound_id, newest.id, newest.plan_number
ORDER BY pc.compound_id
"""


async def consultation_of(driver: "asyncpg.Connection", *, scope: Scope, consultation_id: UUID) -> "asyncpg.Record":
    """A consultation inside the scope; NotFound otherwise."""
    row = await ONE.first(driver, consultation_id=consultation_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def locked(
    driver: "asyncpg.Connection", *, scope: Scope, consultation_id: UUID, version: int | None = None
) -> "asyncpg.Record":
    """A consultation inside the scope, held until the transaction ends. NotFound; VersionStale in another version than given."""
    row = await LOCKED.first(driver, consultation_id=consultation_id, **scope.parameters)
    if row is None:
        raise NotFound
    if version is not None and row["version"] != version:
        raise VersionStale
    return row
