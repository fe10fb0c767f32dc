"""Use cases of consultations: beginning, going on to the next round, ending. What doors say is in `answering`."""

import json
from uuid import UUID

from services.core.consultations import answering, queries, rules
from services.core.consultations.errors import (
    ConsultationExists,
    ConsultationInputInvalid,
    ConsultationUndefined,
    NobodyLeft,
    NoDoors,
    ReasonNeeded,
    RoundsExhausted,
)
from services.core.consultations.events import ConsultationEnded, ConsultationOpened, ConsultationRoundOpened
from services.core.consultations.rules import Matter
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.consulting import AskingRound
from services.core.policy.errors import NoPolicyInForce
from services.core.policy.queries import StoredPolicy
from services.core.policy.schema import Policy
from services.core.territory import queries as territory

# The plan in force stays so until the consultation about it is on record.
PROJECT = """
SELECT p.plan_number FROM project p JOIN project_compound c ON c.project_id = p.id
WHERE p.id = $1 AND c.compound_id = $2 FOR SHARE OF p
"""
OPEN = """
INSERT INTO consultation (id, compound_id, region_path, matter, project_id, plan_number, entrance_id, policy_version_id, status,
                          round, version, opened_by, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', 1, 1, $9, $10)
ON CONFLICT (compound_id, matter, project_id, entrance_id) WHERE status = 'open' DO NOTHING
RETURNING id
"""
OPEN_ROUND = """
INSERT INTO consultation_round (consultation_id, number, title, actors, together, opened_by, opened_at)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7)
"""
TARGET = f"""
WITH {queries.DOORS}
INSERT INTO consultation_target (consultation_id, number, property_id)
SELECT $1, $2, id FROM door WHERE answer IS DISTINCT FROM 'agree'
"""
END_ROUND = "UPDATE consultation_round SET ended_at = $3 WHERE consultation_id = $1 AND number = $2"
NEXT_ROUND = "UPDATE consultation SET round = $2, version = version + 1 WHERE id = $1"
CLOSE = """
UPDATE consultation SET status = 'closed', version = version + 1, closed_by = $2, closed_at = $3, close_reason = $4, doors = $5,
                        agreed = $6
WHERE id = $1
"""


async def open_consultation(
    uow: UnitOfWork, *, scope: Scope, compound_id: UUID, matter: Matter, project_id: UUID | None
) -> UUID:
    """Residents of a compound of the scope are asked; the first round asks every dwelling. The consultation's id.

    `project_id`: for what is about a project, one that this compound is part of (ConsultationInputInvalid). NoPolicyInForce;
    ConsultationUndefined where the policy sets none; ConsultationExists while one is under way; NoDoors; CompoundClosed.
    """
    compound = await territory.standing(uow.driver, compound_id=compound_id, scope=scope)
    if matter is Matter.LIFT:
        raise ConsultationInputInvalid.at(
            "/matter", zh="加装电梯由申请启动", en="about a lift begins from a request (/v1/lift-requests)"
        )
    plan_number = await _plan_number(uow, compound_id, matter, project_id)
    stored = await policies.in_force(uow.driver, region_path=compound["region_path"])
    if stored is None:
        raise NoPolicyInForce
    return await begin(
        uow,
        compound_id=compound_id,
        region_path=compound["region_path"],
        matter=matter,
        stored=stored,
        project_id=project_id,
        plan_number=plan_number,
    )


async def _plan_number(uow: UnitOfWork, compound_id: UUID, matter: Matter, project_id: UUID | None) -> int | None:
    """The plan that is asked about, None where none is."""
    if (matter in rules.OF_PROJECT) != (project_id is not None):
        raise ConsultationInputInvalid.at(
            "/project_id",
            zh="是否改造与改造方案须写明项目，其余不写",
            en="names a project exactly for renovation and plan",
        )
    if project_id is None:
        return None
    project = await uow.driver.fetchrow(PROJECT, project_id, compound_id)
    if project is None:
        raise ConsultationInputInvalid.at("/project_id", zh="不是含有本小区的项目", en="is no project of this compound")
    if matter is not Matter.PLAN:
        return None
    if project["plan_number"] is None:
        raise ConsultationInputInvalid.at("/project_id", zh="项目尚无方案", en="has no plan to ask about")
    number: int = project["plan_number"]
    return number


async def begin(
    uow: UnitOfWork,
    *,
    compound_id: UUID,
    region_path: str,
    matter: Matter,
    stored: StoredPolicy,
    project_id: UUID | None = None,
    plan_number: int | None = None,
    entrance_id: UUID | None = None,
) -> UUID:
    """The consultation and its first round, by a policy; the caller has checked whom it is about. See `open_consultation`."""
    asking = rules.rounds_of(Policy.model_validate(stored.body), matter)
    if not asking:
        raise ConsultationUndefined
    consultation_id = new_id()
    opened = await uow.driver.fetchval(
        OPEN,
        consultation_id,
        compound_id,
        region_path,
        matter,
        project_id,
        plan_number,
        entrance_id,
        stored.id,
        uow.actor.id,
        uow.now,
    )
    if opened is None:
        raise ConsultationExists
    targets = await _open_round(uow, consultation_id, 1, asking)
    if not targets:
        raise NoDoors
    uow.record(
        ConsultationOpened(compound_id=compound_id, matter=matter, targets=targets),
        subject="consultation",
        subject_id=consultation_id,
        region_path=region_path,
    )
    return consultation_id


async def open_round(uow: UnitOfWork, *, scope: Scope, consultation_id: UUID, version: int) -> int:
    """The next round asks every door that has not agreed, whatever it said; its number.

    ConsultationClosed; RoundsExhausted after the policy's last; NobodyLeft when everybody agrees.
    """
    held = await answering.held_open(uow, scope, consultation_id, version=version)
    policy = await answering.policy_of(uow, held)
    asking = rules.rounds_of(policy, Matter(held["matter"]))
    number: int = held["round"] + 1
    if number > len(asking):
        raise RoundsExhausted
    await uow.driver.execute(END_ROUND, consultation_id, held["round"], uow.now)
    targets = await _open_round(uow, consultation_id, number, asking)
    if not targets:
        raise NobodyLeft
    await uow.driver.execute(NEXT_ROUND, consultation_id, number)
    uow.record(
        ConsultationRoundOpened(number=number, targets=targets),
        subject="consultation",
        subject_id=consultation_id,
        region_path=held["region_path"],
    )
    return number


async def close(uow: UnitOfWork, *, scope: Scope, consultation_id: UUID, version: int, reason: str | None) -> None:
    """The consultation ends with what it came to. Before enough agree (for a lift: before its conditions hold) that takes a reason.

    ConsultationClosed, ReasonNeeded.
    """
    held = await answering.held_open(uow, scope, consultation_id, version=version)
    totals = await uow.driver.fetchrow(queries.TOTALS, consultation_id)
    through = await answering.is_through(uow, held, totals)
    if not through and reason is None:
        raise ReasonNeeded.at("/reason", zh="不能为空", en="is missing")
    await uow.driver.execute(END_ROUND, consultation_id, held["round"], uow.now)
    await uow.driver.execute(CLOSE, consultation_id, uow.actor.id, uow.now, reason, totals["doors"], totals["agreed"])
    await answering.push_facts(uow, held)
    uow.record(
        ConsultationEnded(
            matter=Matter(held["matter"]), doors=totals["doors"], agreed=totals["agreed"], through=through
        ),
        subject="consultation",
        subject_id=consultation_id,
        region_path=held["region_path"],
    )


async def _open_round(uow: UnitOfWork, consultation_id: UUID, number: int, asking: tuple[AskingRound, ...]) -> int:
    """The round, and whom it asks; how many."""
    one = asking[number - 1]
    actors = json.dumps([actor.value for actor in one.actors])
    await uow.driver.execute(
        OPEN_ROUND, consultation_id, number, one.title, actors, one.together, uow.actor.id, uow.now
    )
    done: str = await uow.driver.execute(TARGET, consultation_id, number)
    return int(done.rsplit(" ", 1)[1])
