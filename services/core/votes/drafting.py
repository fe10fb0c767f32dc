"""Drawing up a vote: whose owners decide what, and which thresholds are pinned for each matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, exists, func, or_, select, true, tuple_

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.exact import decimal_text
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership.models import Building, Entrance
from services.core.policy import queries as policies
from services.core.policy.errors import NoPolicyInForce
from services.core.policy.law import LEGAL_FLOORS, MatterKind, Threshold, Thresholds
from services.core.policy.schema import Policy, VoteRule
from services.core.projects.errors import PlanNotInForce
from services.core.projects.models import PlanVersion, Project, ProjectCompound
from services.core.territory.errors import CompoundClosed
from services.core.territory.models import Compound, Facility
from services.core.votes.errors import VoteInputWrong
from services.core.votes.events import VoteMade
from services.core.votes.lifecycle import ASSURANCES, Assurance, Interim, VoteScope, VoteStatus
from services.core.votes.models import Vote, VoteMatter

if TYPE_CHECKING:
    pass

PLAN = "renovation_plan"
MENU = "menu"
"""The two votes of a policy that say something of the project (policy.schema.VOTE_FACTS)."""

ROLL_NOTICE, VOTE_NOTICE, RESULT_NOTICE = "vote_roll", "vote", "vote_result"
"""What the notices of a vote are called in a policy."""

# The compounds of a project that lie in the scope; its plan in force, which stays in force until this transaction has ended.
PLACES = Statement(
    select(
        Compound.id,
        Compound.region_path,
        Compound.closed_at,
        Project.region_path.label("project_path"),
        Project.plan_number,
        select(PlanVersion.digest)
        .where(PlanVersion.project_id == Project.id, PlanVersion.number == Project.plan_number)
        .correlate(Project)
        .scalar_subquery()
        .label("plan_digest"),
    )
    .join(ProjectCompound, ProjectCompound.compound_id == Compound.id)
    .join(Project, Project.id == ProjectCompound.project_id)
    .where(
        Project.id == bindparam("project_id", type_=Uuid()),
        in_scope(Compound.region_path),
        or_(bindparam("compound_id", type_=Uuid()).is_(None), Compound.id == bindparam("compound_id")),
    )
    .order_by(Compound.no)
    .with_for_update(read=True, of=Project)
)
PART = Statement(
    select(
        exists(
            select(true()).where(
                Building.id == bindparam("building_id", type_=Uuid()),
                Building.compound_id == bindparam("compound_id", type_=Uuid()),
                Building.closed_at.is_(None),
            )
        ).label("building"),
        exists(
            select(true()).where(
                Entrance.id == bindparam("entrance_id", type_=Uuid()),
                Entrance.compound_id == bindparam("compound_id", type_=Uuid()),
                Entrance.closed_at.is_(None),
            )
        ).label("entrance"),
    )
)
ITEMS = Statement(
    select(Facility.area, Facility.name).where(
        Facility.compound_id == bindparam("compound_id", type_=Uuid()),
        Facility.superseded_at.is_(None),
        tuple_(Facility.area, Facility.name).in_(
            select(
                func.unnest(bindparam("areas", type_=ARRAY(Facility.area.type))),
                func.unnest(bindparam("names", type_=ARRAY(Facility.name.type))),
            )
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter as proposed. `rule`: which vote of the policy it is; `kind` may be left to the policy then.

    `item`: area and name of the facility that a menu vote asks about.
    """

    title: str
    kind: MatterKind | None
    rule: str | None
    item: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A vote as proposed. `roll_days`, `result_days`: working days of notice, where the policy asks for none or for fewer."""

    project_id: UUID
    compound_id: UUID | None
    scope: VoteScope
    building_id: UUID | None
    entrance_id: UUID | None
    title: str
    plan_version: int | None
    matters: Sequence[Matter]
    roll_days: int | None
    result_days: int | None


@dataclass(frozen=True, slots=True)
class _Pinned:
    kind: MatterKind
    thresholds: Thresholds
    rule: VoteRule | None


async def make(uow: UnitOfWork, *, scope: Scope, draft: Draft) -> UUID:
    """A draft of a vote; its id. Thresholds come from the policy that the project is under, else from the law, and stay.

    NotFound for a project without a compound in the scope, or a foreign compound; CompoundClosed, NoPolicyInForce; PlanNotInForce
    for another plan version than the one in force; VoteInputWrong naming every wrong place.
    """
    places = await PLACES.all(
        uow.driver, project_id=draft.project_id, compound_id=draft.compound_id, **scope.parameters
    )
    if not places:
        raise NotFound
    if len(places) > 1:
        raise VoteInputWrong.at(
            "/compound_id",
            zh="项目含多个小区，请指明小区：每个小区各自表决",
            en="the project has several compounds, each of which votes for itself: name one",
        )
    place = places[0]
    if place["closed_at"] is not None:
        raise CompoundClosed
    stored = await policies.in_force(uow.driver, region_path=place["project_path"])
    if stored is None:
        raise NoPolicyInForce
    policy = Policy.model_validate(stored.body)
    if draft.plan_version is not None and draft.plan_version != place["plan_number"]:
        raise PlanNotInForce
    wrong = [*_wrong_terms(draft, policy), *await _wrong_places(uow, draft, place["id"])]
    pinned = [_pin(policy, matter, f"/matters/{no}", wrong) for no, matter in enumerate(draft.matters)]
    if wrong:
        raise VoteInputWrong(errors=wrong[:100])
    rules = [one.rule for one in pinned if one is not None and one.rule is not None]
    vote = Vote(
        id=new_id(),
        project_id=draft.project_id,
        compound_id=place["id"],
        region_path=place["region_path"],
        scope=draft.scope,
        building_id=draft.building_id,
        entrance_id=draft.entrance_id,
        title=draft.title,
        plan_number=draft.plan_version,
        plan_digest=None if draft.plan_version is None else place["plan_digest"],
        policy_version_id=stored.id,
        assurance=max(
            (one.assurance or Assurance.PHONE for one in rules), key=ASSURANCES.index, default=Assurance.PHONE
        ),
        interim=Interim.NOTHING if any(one.interim == "nothing" for one in rules) else Interim.PARTICIPATION,
        matters=len(draft.matters),
        roll_days=draft.roll_days,
        result_days=draft.result_days,
        status=VoteStatus.DRAFT,
        created_at=uow.now,
        created_by=uow.actor.id,
    )
    uow.session.add(vote)
    await uow.session.flush()
    uow.session.add_all(
        VoteMatter(
            vote_id=vote.id,
            no=no,
            kind=terms.kind,
            title=matter.title,
            rule=matter.rule,
            area=None if matter.item is None else matter.item[0],
            item=None if matter.item is None else matter.item[1],
            thresholds=thresholds_json(terms.thresholds),
        )
        for no, (matter, terms) in enumerate(zip(draft.matters, pinned, strict=True), 1)
        if terms is not None
    )
    await uow.session.flush()
    uow.record(
        VoteMade(project_id=draft.project_id, matters=len(draft.matters)),
        subject="vote",
        subject_id=vote.id,
        region_path=place["region_path"],
    )
    return vote.id


def _wrong_terms(draft: Draft, policy: Policy) -> list[FieldError]:
    wrong = []
    notices = policy.notices or {}
    for name, given, leaf in (
        ("roll_days", draft.roll_days, ROLL_NOTICE),
        ("result_days", draft.result_days, RESULT_NOTICE),
    ):
        if given is None and (leaf not in notices or notices[leaf].days is None):
            wrong.append(
                FieldError(
                    f"/{name}", "政策未定公示期，须写明工作日数", "the policy sets no notice: say how many working days"
                )
            )
    of_plan = [matter for matter in draft.matters if matter.rule == PLAN]
    if of_plan and draft.plan_version is None:
        wrong.append(
            FieldError("/plan_version", "方案表决须针对现行方案版本", "a vote on the plan names the version in force")
        )
    if len(of_plan) > 1:
        wrong.append(FieldError("/matters", "方案表决只能有一项", "only one matter is the vote on the plan"))
    items = [matter.item for matter in draft.matters if matter.item is not None]
    if len(set(items)) < len(items):
        wrong.append(FieldError("/matters", "同一设施重复列出", "a facility is listed twice"))
    return wrong


async def _wrong_places(uow: UnitOfWork, draft: Draft, compound_id: UUID) -> list[FieldError]:
    wrong = []
    part = await PART.first(
        uow.driver, compound_id=compound_id, building_id=draft.building_id, entrance_id=draft.entrance_id
    )
    assert part is not None  # noqa: S101 - a SELECT without a table has a row
    for scope, given, is_there in (
        (VoteScope.BUILDING, draft.building_id, part["building"]),
        (VoteScope.ENTRANCE, draft.entrance_id, part["entrance"]),
    ):
        if (given is not None) != (draft.scope is scope) or (given is not None and not is_there):
            wrong.append(
                FieldError(
                    f"/{scope}_id",
                    "须为该小区内与范围相符的楼栋或单元",
                    "has to be of this compound, as the scope says",
                )
            )
    items = {matter.item for matter in draft.matters if matter.item is not None}
    rows = await ITEMS.all(
        uow.driver,
        compound_id=compound_id,
        areas=[area for area, _ in items],
        names=[name for _, name in items],
    )
    on_record = {(row["area"], row["name"]) for row in rows}
    wrong += [
        FieldError(f"/matters/{no}/item", "小区设施登记中没有这一项", "is no facility on the compound's record")
        for no, matter in enumerate(draft.matters)
        if matter.item is not None and matter.item not in on_record
    ]
    if draft.scope is not VoteScope.COMPOUND:
        wrong += [
            FieldError(f"/matters/{no}/rule", "须由全体业主表决", "is for all owners of the compound to decide")
            for no, matter in enumerate(draft.matters)
            if matter.rule in (PLAN, MENU)
        ]
    return wrong


def _pin(policy: Policy, matter: Matter, pointer: str, wrong: list[FieldError]) -> _Pinned | None:
    """Kind and thresholds of a matter; what is wrong with it is added to `wrong`."""
    if matter.item is not None and matter.rule != MENU:
        wrong.append(FieldError(f"{pointer}/item", "只有内容表决写明设施", "only a menu vote asks about a facility"))
        return None
    rule = (policy.votes or {}).get(matter.rule) if matter.rule is not None else None
    if rule is not None:
        if matter.kind not in (None, rule.kind):
            wrong.append(FieldError(f"{pointer}/kind", f"政策定为 {rule.kind}", f"the policy says {rule.kind}"))
            return None
        return _Pinned(rule.kind, rule.thresholds, rule)
    if matter.rule not in (None, PLAN, MENU):
        wrong.append(FieldError(f"{pointer}/rule", "政策没有这一表决", "is no vote of the policy"))
        return None
    # A plan under a policy that is silent is voted on by the strictest of the law's shares.
    kind = matter.kind or (MatterKind.ALTER_OR_REBUILD if matter.rule == PLAN else None)
    if kind is None or (matter.rule == PLAN and kind is not MatterKind.ALTER_OR_REBUILD):
        wrong.append(
            FieldError(
                f"{pointer}/kind",
                "须写明事项种类；政策未定门槛的方案按改建、重建表决",
                "name the kind; a plan for which the policy sets no threshold is decided as alter_or_rebuild",
            )
        )
        return None
    return _Pinned(kind, LEGAL_FLOORS[kind], None)


def thresholds_json(thresholds: Thresholds) -> dict[str, dict[str, str | bool]]:
    """Thresholds as they are stored and told: shares as exact text."""
    return {"quorum": _json(thresholds.quorum), "approval": _json(thresholds.approval)}


def _json(one: Threshold) -> dict[str, str | bool]:
    return {"heads": decimal_text(one.heads), "area": decimal_text(one.area), "strict": one.strict}
