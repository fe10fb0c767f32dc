"""Approvals of the bureaus (S13): each answers a publication once, under a document number, after its notice has ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.identity.access import Principal
from services.core.kit.calendar import day_of, has_ended
from services.core.kit.errors import FieldError
from services.core.kit.exact import decimal_text
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.selection import annual_queries, frozen, objecting, service
from services.core.selection.annual_models import Approval, Opinion
from services.core.selection.errors import (
    ApprovalInputInvalid,
    BureauAnswered,
    BureauNotYours,
    NoticeNotEnded,
    NotPublished,
    ObjectionsOpen,
    RoundConfirmed,
    RoundReopened,
)
from services.core.selection.events import ApprovalGiven
from services.core.selection.models import RoundStatus
from services.core.selection.plan_rules import Fixed, Held, as_fixed, first_over, fixed_of, number_of

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class FixedRow:
    """What a bureau fixes for one chosen project."""

    project_id: UUID
    budget: Decimal | None
    client_unit: str | None

    def document(self) -> dict[str, Any]:
        """The row as it is stored."""
        return {
            "project_id": str(self.project_id),
            "budget": None if self.budget is None else decimal_text(self.budget),
            "client_unit": self.client_unit,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bureau says of a publication."""

    bureau: str
    document: str
    issued_on: date
    opinion: Opinion
    note: str | None
    fixed: Sequence[FixedRow]


BUREAU_TITLES: Mapping[str, tuple[str, str]] = {
    "housing": ("住房城乡建设部门", "the housing bureau"),
    "ndrc": ("发展改革部门", "the development and reform commission"),
    "finance": ("财政部门", "the finance bureau"),
    "city_government": ("市人民政府", "the city government"),
}
"""How the bureaus of the packaged policies are called; a city's own are named by their id."""


def not_approved(bureau: str) -> FieldError:
    """What is missing until a bureau has approved."""
    zh, en = BUREAU_TITLES.get(bureau, (bureau, bureau))
    return FieldError(f"/approvals/{bureau}", f"{zh}尚未出具同意意见", f"{en} has not approved yet")


async def bureaus(driver: "asyncpg.Connection", found: "asyncpg.Record") -> tuple[str, ...]:
    """The bureaus that have to approve, by the policy that the round is pinned to; none where it names none."""
    stored = await policies.by_id(driver, version_id=found["policy_version_id"])
    calendar = Policy.model_validate(stored.body).round
    return tuple(calendar.approvals or ()) if calendar is not None else ()


async def answer(uow: UnitOfWork, *, scope: Scope, by: Principal, round_id: UUID, given: Answer) -> UUID:
    """The bureau's answer is in the record; its id. One that returns the round reopens it: facts are corrected, all ask anew.

    A department answers for its own bureau (BureauNotYours otherwise); the city records what any bureau has sent on paper.
    NotPublished, RoundReopened, RoundConfirmed; NoticeNotEnded until its last day is over; ObjectionsOpen; BureauAnswered;
    ApprovalInputInvalid naming the place, also when bureaus fix different things or what they fix exceeds the caps.
    """
    found = await service.locked(uow, scope=scope, round_id=round_id)
    own = by.bureaus(found["region_path"])
    if own is not None and given.bureau not in own:
        raise BureauNotYours
    standing = await _open_to_approval(uow, found)
    given_before = [
        row
        for row in await annual_queries.APPROVALS.all(uow.driver, round_id=round_id)
        if row["publication_id"] == standing["id"]
    ]
    if given.bureau in {row["bureau"] for row in given_before}:
        raise BureauAnswered
    errors = _errors_of(given, await bureaus(uow.driver, found), standing["notice_until"], day_of(uow.now))
    errors += await _fixing_errors(uow.driver, found, standing["run_id"], given, given_before)
    if errors:
        raise ApprovalInputInvalid(errors=errors)
    approval = Approval(
        id=new_id(),
        round_id=round_id,
        publication_id=standing["id"],
        bureau=given.bureau,
        document=given.document,
        issued_on=given.issued_on,
        opinion=given.opinion,
        note=given.note,
        fixed=[row.document() for row in given.fixed],
        recorded_at=uow.now,
        recorded_by=uow.actor.id,
    )
    uow.session.add(approval)
    await uow.session.flush()
    uow.record(
        ApprovalGiven(
            approval_id=approval.id, publication_id=standing["id"], approved=given.opinion is Opinion.APPROVE
        ),
        subject="round",
        subject_id=round_id,
        region_path=found["region_path"],
    )
    if given.opinion is Opinion.RETURN:
        await objecting.reopen(uow, found)
    return approval.id


async def _open_to_approval(uow: UnitOfWork, found: "asyncpg.Record") -> "asyncpg.Record":
    """What stands published, when bureaus may answer it."""
    if found["status"] == RoundStatus.CONFIRMED:
        raise RoundConfirmed
    if found["status"] == RoundStatus.REOPENED:
        raise RoundReopened
    standing = await annual_queries.STANDING.first(uow.driver, round_id=found["id"])
    if found["status"] != RoundStatus.PUBLISHED or standing is None:
        raise NotPublished
    if not has_ended(standing["notice_until"], uow.now):
        raise NoticeNotEnded(notice_until=standing["notice_until"].isoformat())
    counts = await annual_queries.objection_counts(uow.driver, round_id=found["id"])
    if counts.open_in_time:
        raise ObjectionsOpen(open=counts.open_in_time)
    return standing


def _errors_of(given: Answer, asked: Sequence[str], notice_until: date, today: date) -> list[FieldError]:
    errors = []
    if given.bureau not in asked:
        errors.append(FieldError("/bureau", "政策未规定由该部门审核", "the policy does not ask this bureau"))
    if not notice_until < given.issued_on <= today:
        errors.append(
            FieldError(
                "/issued_on",
                "应在公示期满之后、不晚于今日",
                "must lie after the end of the notice, and not after today",
            )
        )
    if given.opinion is Opinion.RETURN:
        if given.note is None:
            errors.append(FieldError("/note", "退回须说明理由", "a return has to say why"))
        if given.fixed:
            errors.append(FieldError("/fixed", "退回时不核定项目", "a return fixes nothing"))
    return errors


async def _fixing_errors(
    driver: "asyncpg.Connection",
    found: "asyncpg.Record",
    run_id: UUID,
    given: Answer,
    before: Sequence[Mapping[str, Any]],
) -> list[FieldError]:
    """What is wrong with the rows of `fixed`, each at its place: bureaus never contradict each other, and caps are kept."""
    chosen = {one.project_id: one for one in await chosen_of(driver, run_id=run_id)}
    fixed_before = fixed_of(before)
    seen: set[str] = set()
    errors = []
    for index, row in enumerate(given.fixed):
        key, known = str(row.project_id), fixed_before.get(str(row.project_id), Fixed())
        if key not in chosen or key in seen:
            zh, en = (
                ("不是拟实施的项目", "is none of those chosen") if key not in chosen else ("项目重复", "comes twice")
            )
            errors.append(FieldError(f"/fixed/{index}/project_id", zh, en))
        seen.add(key)
        if row.budget is None and row.client_unit is None:
            errors.append(FieldError(f"/fixed/{index}", "未核定任何内容", "fixes nothing"))
        for name, mine, theirs in (
            ("budget", row.budget, known.budget),
            ("client_unit", row.client_unit, known.client_unit),
        ):
            if mine is not None and theirs is not None and mine != theirs:
                errors.append(
                    FieldError(
                        f"/fixed/{index}/{name}", "与其他部门的核定不一致", "another bureau has fixed something else"
                    )
                )
    if errors or not given.fixed:
        return errors
    after = fixed_of([*before, {"fixed": [row.document() for row in given.fixed]}])
    over = first_over(frozen.parameters_of(found), [as_fixed(one, after) for one in chosen.values()])
    if over is None:
        return []
    place = next(
        index for index, row in enumerate(given.fixed) if chosen[str(row.project_id)].partition == over.partition
    )
    return [
        FieldError(
            f"/fixed/{place}/budget", "核定后超出本轮次的总量控制", "with this the caps of the round are exceeded"
        )
    ]


async def chosen_of(driver: "asyncpg.Connection", *, run_id: UUID) -> list[Held]:
    """Those that a run chose, by rank, with budget and floor area as they were frozen."""
    return [
        Held(str(row["project_id"]), row["partition"], number_of(row["budget"]), number_of(row["floor_area"]))
        for row in await annual_queries.CHOSEN.all(driver, run_id=run_id)
    ]
