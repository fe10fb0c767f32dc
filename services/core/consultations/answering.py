"""What doors say: visits with their attempts, answers that may change, and the figures counted from them.

Every write holds the consultation's row, so answers are counted one after another: the figure pushed last is of them all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.consultations import lift_queries, queries, rules
from services.core.consultations.bound import bound
from services.core.consultations.errors import (
    ConsultationClosed,
    ConsultationInputInvalid,
    DoorAnswered,
    OwnerNeeded,
    PropertyNotYours,
)
from services.core.consultations.events import ConsultationAnswered, ConsultationVisited
from services.core.consultations.rules import SAID, Answer, Channel, Matter, Outcome, Status
from services.core.facts import service as facts
from services.core.facts.catalogue import Subject
from services.core.kit.calendar import day_of
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.exact import decimal_text
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership.rules import holds_personal_number
from services.core.policy import queries as policies
from services.core.policy.consulting import Asker, AskingRound
from services.core.policy.schema import Policy
from services.core.projects.counts import kind_of_count

if TYPE_CHECKING:
    from asyncpg import Record

SOURCE = "consultation.answers"
DUTIES_AGREED = "governance.duties_agreed"
WILLING, PLAN_AGREED, PLAN_ASKED = (
    "survey.join.agree_of_all_share",
    "consultation.plan.agree_of_all_share",
    "survey.plan.asked_share",
)
KEYS: Mapping[Matter, tuple[str, ...]] = {Matter.RENOVATION: (WILLING,), Matter.PLAN: (PLAN_AGREED, PLAN_ASKED)}
"""What is counted of a project, by what its residents were asked."""

# Whoever counts a project's answers holds its row: consultations of several compounds come to one figure.
HOLD_PROJECT = "SELECT region_path, plan_number FROM project WHERE id = $1 FOR NO KEY UPDATE"

# Who said by phone what a door says now; no row where it says nothing.
SPEAKER = """
SELECT resident_id FROM consultation_answer WHERE consultation_id = $1 AND property_id = $2 AND superseded_at IS NULL
"""
STAFF = "SELECT id FROM staff WHERE id = ANY ($1::uuid[])"
ADD_TARGETS = """
INSERT INTO consultation_target (consultation_id, number, property_id)
SELECT $1, $2, given FROM unnest($3::uuid[]) AS given ON CONFLICT DO NOTHING
"""
ADD_VISITS = """
INSERT INTO consultation_visit (id, consultation_id, number, property_id, visited_on, outcome, visitors, recorded_by, recorded_at)
SELECT x.id, $1, $2, x.property_id, x.visited_on, x.outcome, x.visitors, $4, $5
FROM jsonb_to_recordset($3::text::jsonb) AS x(id uuid, property_id uuid, visited_on date, outcome text, visitors jsonb)
"""
SUPERSEDE = """
UPDATE consultation_answer SET superseded_at = $3
WHERE consultation_id = $1 AND property_id = ANY ($2::uuid[]) AND superseded_at IS NULL
"""
ADD_ANSWERS = """
INSERT INTO consultation_answer (id, consultation_id, number, property_id, answer, channel, asked_by, opinion, visit_id,
                                 resident_id, recorded_by, recorded_at)
SELECT x.id, $1, $2, x.property_id, x.answer, x.channel, x.asked_by, x.opinion, x.visit_id, x.resident_id, $4, $5
FROM jsonb_to_recordset($3::text::jsonb) AS x(id uuid, property_id uuid, answer text, channel text, asked_by text, opinion text,
                                              visit_id uuid, resident_id uuid)
"""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who came to a door: which body, and who of the staff where it is one of ours."""

    actor: Asker
    staff_id: UUID | None


@dataclass(frozen=True, slots=True)
class Visit:
    """One attempt at a door."""

    property_id: UUID
    visited_on: date
    outcome: Outcome
    visitors: Sequence[Visitor]
    opinion: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a door said. `visit_id`, `resident_id`: where it was said at the door, by the resident's own phone."""

    property_id: UUID
    answer: Answer
    channel: Channel
    asked_by: Asker | None = None
    opinion: str | None = None
    visit_id: UUID | None = None
    resident_id: UUID | None = None


async def record_visits(uow: UnitOfWork, *, scope: Scope, consultation_id: UUID, visits: Sequence[Visit]) -> list[UUID]:
    """Attempts at doors in the current round, all or none; what was said at a door is its answer. Their ids, in order.

    ConsultationInputInvalid names every wrong place: a door that is not asked, who came, a day outside the round.
    """
    held = await held_open(uow, scope, consultation_id)
    asking, opened_on = await _current_round(uow, held)
    today = day_of(uow.now)
    errors = await _door_errors(uow, consultation_id, [visit.property_id for visit in visits], "visits")
    for index, visit in enumerate(visits):
        wrong = rules.visitors_error(asking, [one.actor for one in visit.visitors], f"/visits/{index}/visitors")
        if wrong is not None:
            errors.append(wrong)
        if not opened_on <= visit.visited_on <= today:
            errors.append(
                FieldError(
                    f"/visits/{index}/visited_on",
                    "应在本轮开始之日与今天之间",
                    "must lie between the beginning of the round and today",
                )
            )
        errors += _opinion_errors(visit.opinion, f"/visits/{index}/opinion")
    errors += await _staff_errors(uow, visits)
    if errors:
        raise ConsultationInputInvalid(errors=errors)
    ids = [new_id() for _ in visits]
    await uow.driver.execute(ADD_TARGETS, consultation_id, held["round"], [visit.property_id for visit in visits])
    rows = [
        {
            "id": str(visit_id),
            "property_id": str(visit.property_id),
            "visited_on": visit.visited_on.isoformat(),
            "outcome": visit.outcome,
            "visitors": [
                {"actor": one.actor, "staff_id": None if one.staff_id is None else str(one.staff_id)}
                for one in visit.visitors
            ],
        }
        for visit_id, visit in zip(ids, visits, strict=True)
    ]
    await uow.driver.execute(ADD_VISITS, consultation_id, held["round"], json.dumps(rows), uow.actor.id, uow.now)
    uow.record(
        ConsultationVisited(number=held["round"], visit_ids=ids),
        subject="consultation",
        subject_id=consultation_id,
        region_path=held["region_path"],
    )
    heard = [
        Said(visit.property_id, SAID[visit.outcome], Channel.DOOR, opinion=visit.opinion, visit_id=visit_id)
        for visit_id, visit in zip(ids, visits, strict=True)
        if visit.outcome in SAID
    ]
    if heard:
        await _add(uow, held, heard)
    return ids


async def record_answers(uow: UnitOfWork, *, scope: Scope, consultation_id: UUID, answers: Sequence[Said]) -> None:
    """Answers that came in another way than at the door or by the resident's phone, all or none. The last of a door counts.

    ConsultationInputInvalid names every wrong place; ConsultationClosed.
    """
    held = await held_open(uow, scope, consultation_id)
    asking, _ = await _current_round(uow, held)
    errors = await _door_errors(uow, consultation_id, [said.property_id for said in answers], "answers")
    for index, said in enumerate(answers):
        if said.asked_by not in asking.actors:
            errors.append(FieldError(f"/answers/{index}/asked_by", "不是本轮的征询主体", "is no actor of this round"))
        errors += _opinion_errors(said.opinion, f"/answers/{index}/opinion")
    if errors:
        raise ConsultationInputInvalid(errors=errors)
    await _add(uow, held, answers)


async def answer_as_resident(
    uow: UnitOfWork,
    *,
    resident_id: UUID,
    consultation_id: UUID,
    property_id: UUID,
    answer: Answer,
    opinion: str | None,
) -> None:
    """A resident answers for a property that he is bound to; for a lift, as its owner. A tenant says nothing over anybody else.

    NotFound for a consultation that asks none of his properties; PropertyNotYours, OwnerNeeded, ConsultationClosed, DoorAnswered.
    """
    own = await bound(uow.driver, resident_id=resident_id)
    held = await queries.LOCKED_BY_ID.first(uow.driver, consultation_id=consultation_id)
    asked = [] if held is None else await uow.driver.fetch(queries.OF_SCOPE, consultation_id, own.properties)
    if held is None or not asked:
        raise NotFound
    if property_id not in {row["id"] for row in asked}:
        raise PropertyNotYours.at("/property_id", zh="不是您绑定的房屋", en="is no property of yours")
    if held["matter"] == Matter.LIFT and not own.owns(property_id):
        raise OwnerNeeded
    if held["status"] != Status.OPEN:
        raise ConsultationClosed
    if own.only_rents(property_id):
        standing = await uow.driver.fetchrow(SPEAKER, consultation_id, property_id)
        if standing is not None and standing["resident_id"] != resident_id:
            raise DoorAnswered
    if errors := _opinion_errors(opinion, "/opinion"):
        raise ConsultationInputInvalid(errors=errors)
    await _add(uow, held, [Said(property_id, answer, Channel.APP, opinion=opinion, resident_id=resident_id)])


async def policy_of(uow: UnitOfWork, consultation: "Record") -> Policy:
    """The policy that a consultation began under."""
    stored = await policies.by_id(uow.driver, version_id=consultation["policy_version_id"])
    return Policy.model_validate(stored.body)


async def is_through(uow: UnitOfWork, held: "Record", totals: "Record") -> bool:
    """Whether enough agree; of a lift, whether every condition holds."""
    policy = await policy_of(uow, held)
    wanted = rules.share_wanted(policy, Matter(held["matter"]))
    if wanted is None:
        request = await lift_queries.of_consultation(uow.driver, consultation_id=held["id"])
        gates = await lift_queries.gates(uow.driver, request=request, policy=policy)
        return all(gate.met for gate in gates.gates)
    return rules.is_through(totals["agreed"], totals["doors"], wanted)


async def push_facts(uow: UnitOfWork, held: "Record") -> None:
    """Counts what the answers come to, in place of what anybody attested; a lift is no fact of the catalogue."""
    matter = Matter(held["matter"])
    if matter is Matter.DUTIES:
        await _push_duties(uow, held)
    elif matter in KEYS:
        await _push_shares(uow, held["project_id"], matter)


async def _push_duties(uow: UnitOfWork, held: "Record") -> None:
    totals = await uow.driver.fetchrow(queries.TOTALS, held["id"])
    agreed = await is_through(uow, held, totals)
    row = {"consultation_id": str(held["id"]), "agreed": totals["agreed"], "doors": totals["doors"]}
    await facts.push(
        uow,
        [
            facts.NewFact(
                subject_type=Subject.COMPOUND,
                subject_id=held["compound_id"],
                region_path=held["region_path"],
                key=DUTIES_AGREED,
                value="true" if agreed else "false",
                kind=await kind_of_count(uow.driver, held["compound_id"]),
                source=SOURCE,
                source_rows=(row,),
                observed_on=day_of(uow.now),
            )
        ],
    )


async def _push_shares(uow: UnitOfWork, project_id: UUID, matter: Matter) -> None:
    """Over every dwelling of every compound of the project. One whose register is empty leaves the whole uncounted."""
    project = await uow.driver.fetchrow(HOLD_PROJECT, project_id)
    rows = await uow.driver.fetch(queries.PROJECT_TOTALS, project_id, matter)
    if not all(row["doors"] for row in rows):
        await facts.withdraw(uow, subject_ids=[project_id], source=SOURCE, keys=KEYS[matter])
        return
    # What was said of a plan that is no longer in force is not said of this one (docs/adr/0014).
    current = [row for row in rows if matter is not Matter.PLAN or row["plan_number"] == project["plan_number"]]
    kind = await kind_of_count(uow.driver, project_id)
    doors = sum(row["doors"] for row in rows)
    counts = {key: sum(row["agreed"] for row in current) for key in KEYS[matter]}
    if matter is Matter.PLAN:
        counts[PLAN_ASKED] = sum(row["answered"] for row in current)
    await facts.push(
        uow,
        [
            facts.NewFact(
                subject_type=Subject.PROJECT,
                subject_id=project_id,
                region_path=project["region_path"],
                key=key,
                value=decimal_text(Fraction(count, doors)),
                kind=kind,
                source=SOURCE,
                source_rows=(
                    {
                        **({"plan_version": project["plan_number"]} if matter is Matter.PLAN else {}),
                        "counted": count,
                        "doors": doors,
                        "consultations": [str(row["consultation_id"]) for row in current if row["consultation_id"]],
                    },
                ),
                observed_on=day_of(uow.now),
            )
            for key, count in counts.items()
        ],
    )


async def held_open(uow: UnitOfWork, scope: Scope, consultation_id: UUID, *, version: int | None = None) -> "Record":
    """A consultation of the scope that is under way, held until the transaction ends.

    NotFound, VersionStale, ConsultationClosed.
    """
    held = await queries.locked(uow.driver, scope=scope, consultation_id=consultation_id, version=version)
    if held["status"] != Status.OPEN:
        raise ConsultationClosed
    return held


async def _current_round(uow: UnitOfWork, held: "Record") -> tuple[AskingRound, date]:
    row = await queries.ROUND.first(uow.driver, consultation_id=held["id"], number=held["round"])
    assert row is not None  # noqa: S101 - a consultation begins with its first round
    asking = AskingRound(title=row["title"], actors=tuple(map(Asker, row["actors"])), together=row["together"])
    return asking, day_of(row["opened_at"])


async def _door_errors(
    uow: UnitOfWork, consultation_id: UUID, property_ids: Sequence[UUID], name: str
) -> list[FieldError]:
    asked = {row["id"] for row in await uow.driver.fetch(queries.OF_SCOPE, consultation_id, list(property_ids))}
    errors = [
        FieldError(f"/{name}/{index}/property_id", "不在本次征询范围内", "is no door of this consultation")
        for index, property_id in enumerate(property_ids)
        if property_id not in asked
    ]
    errors += [
        FieldError(f"/{name}/{index}/property_id", "同一户重复列出", "is listed twice")
        for index, property_id in enumerate(property_ids)
        if property_id in property_ids[:index]
    ]
    return errors


async def _staff_errors(uow: UnitOfWork, visits: Sequence[Visit]) -> list[FieldError]:
    named = {one.staff_id for visit in visits for one in visit.visitors if one.staff_id is not None}
    known = {row["id"] for row in await uow.driver.fetch(STAFF, list(named))} if named else set()
    return [
        FieldError(f"/visits/{index}/visitors/{place}/staff_id", "没有这位工作人员", "is no member of staff")
        for index, visit in enumerate(visits)
        for place, one in enumerate(visit.visitors)
        if one.staff_id is not None and one.staff_id not in known
    ]


def _opinion_errors(opinion: str | None, pointer: str) -> list[FieldError]:
    if opinion is None or not holds_personal_number(opinion):
        return []
    return [FieldError(pointer, "不得含有手机号或身份证号", "may not hold a mobile or an identity number")]


async def _add(uow: UnitOfWork, held: "Record", answers: Sequence[Said]) -> None:
    """Answers of a consultation that is held: each supersedes its door's former one; who no longer agrees is asked again."""
    ids = [new_id() for _ in answers]
    doors = [said.property_id for said in answers]
    await uow.driver.execute(SUPERSEDE, held["id"], doors, uow.now)
    taken_back = [said.property_id for said in answers if said.answer is not Answer.AGREE]
    await uow.driver.execute(ADD_TARGETS, held["id"], held["round"], taken_back)
    rows: list[dict[str, Any]] = [
        {
            "id": str(answer_id),
            "property_id": str(said.property_id),
            "answer": said.answer,
            "channel": said.channel,
            "asked_by": said.asked_by,
            "opinion": said.opinion,
            "visit_id": None if said.visit_id is None else str(said.visit_id),
            "resident_id": None if said.resident_id is None else str(said.resident_id),
        }
        for answer_id, said in zip(ids, answers, strict=True)
    ]
    records = json.dumps(rows, ensure_ascii=False)
    await uow.driver.execute(ADD_ANSWERS, held["id"], held["round"], records, uow.actor.id, uow.now)
    await push_facts(uow, held)
    uow.record(
        ConsultationAnswered(number=held["round"], answer_ids=ids),
        subject="consultation",
        subject_id=held["id"],
        region_path=held["region_path"],
    )
