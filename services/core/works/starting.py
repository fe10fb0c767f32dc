"""The start of works: what it needs, and the one door to it.

A start is one transaction over the project and its site: the gates of the project's policy, then what the site itself needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.identity.access import SiteRole
from services.core.kit.calendar import day_of
from services.core.kit.errors import FieldError, NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects import stages
from services.core.projects.rules import Action as ProjectAction
from services.core.projects.rules import Stage
from services.core.works import blackouts, queries, rules, service, terms
from services.core.works.commitments import SIGNED
from services.core.works.errors import StartNotMet
from services.core.works.notices import OUTSTANDING
from services.core.works.rules import Action, Requirement, ReviewState, Signer, State

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record

LAST_REVIEW = "SELECT number, state, agreed FROM joint_review WHERE project_id = $1 ORDER BY number DESC LIMIT 1"
TOLD = """
SELECT count(*) AS tasks, count(*) FILTER (WHERE state = 'told') AS waiting FROM utility_task
WHERE project_id = $1 AND state <> 'withdrawn'
"""
AGREED = "SELECT requirement FROM start_exception WHERE project_id = $1 AND state = 'agreed'"
RESTS = ("今日处于停工时段", "today is a day on which sites rest")
NOT_PREPARED = ("尚未确认开工准备完成", "it is not declared prepared yet")


@dataclass(frozen=True, slots=True)
class Standing:
    """One requirement for one site. `missing_*`: what is lacking, None where it is met. `excepted`: two people let it go."""

    requirement: Requirement
    missing_zh: str | None = None
    missing_en: str | None = None
    excepted: bool = False

    @property
    def met(self) -> bool:
        """Whether nothing is lacking."""
        return self.missing_zh is None

    @property
    def passed(self) -> bool:
        """Whether works may start as far as this goes."""
        return self.met or self.excepted


async def requirements(driver: "asyncpg.Connection", *, site: "Record", today: date) -> list[Standing]:
    """Each requirement, what is lacking of it on this day, and whether it is excepted."""
    project_id, policy = site["project_id"], await terms.of(driver, site)
    signed = {(row["role"], row["signer"]) for row in await driver.fetch(SIGNED, project_id)}
    review = await driver.fetchrow(LAST_REVIEW, project_id)
    rest = await blackouts.holding(
        driver, region_path=site["region_path"], starts_on=today, ends_on=today, machines=False
    )
    told = await driver.fetchrow(TOLD, project_id)
    objected = await driver.fetchrow(OUTSTANDING, project_id, today)
    excepted = {row["requirement"] for row in await driver.fetch(AGREED, project_id)}
    lacking: list[tuple[Requirement, tuple[str, str] | None]] = [
        (Requirement.PREPARED, None if site["state"] != State.PREPARING else NOT_PREPARED),
        (Requirement.COMMITMENTS, _signatures(rules.missing_signatures(signed))),
        (Requirement.REST, None if not rest else RESTS),
        (Requirement.UTILITIES, _utilities(told, asked=policy is not None and policy.works.utilities is not None)),
        (Requirement.OBJECTIONS, _objections(objected)),
        (Requirement.REVIEW, _review(review, asked=policy is not None and policy.works.review is not None)),
    ]
    return [
        Standing(one) if missing is None else Standing(one, missing[0], missing[1], excepted=one in excepted)
        for one, missing in lacking
    ]


async def start(
    uow: UnitOfWork, *, scope: Scope, project_id: UUID, version: int, reason: str | None, document: str
) -> Stage:
    """Works begin: the project's stage and its site's state move together. As `stages.move`; StartNotMet names what is lacking."""
    stage = await stages.move(
        uow,
        scope=scope,
        project_id=project_id,
        version=version,
        action=ProjectAction.START,
        reason=reason,
        document=document,
    )
    try:
        site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    except NotFound as error:
        raise StartNotMet(errors=[FieldError("/site", "尚未建立施工现场档案", "is not opened yet")]) from error
    lacking = [one for one in await requirements(uow.driver, site=site, today=day_of(uow.now)) if not one.passed]
    if lacking:
        raise StartNotMet(
            errors=[FieldError(f"/site/{one.requirement}", str(one.missing_zh), str(one.missing_en)) for one in lacking]
        )
    await service.move(uow, site=site, action=Action.START, reason=reason, document=document)
    return stage


def _signatures(missing: Sequence[tuple[SiteRole, Signer]]) -> tuple[str, str] | None:
    if not missing:
        return None
    zh = [f"{rules.ROLE_TITLES[role][0]}{rules.SIGNER_TITLES[signer][0]}" for role, signer in missing]
    en = [f"{rules.ROLE_TITLES[role][1]}'s {rules.SIGNER_TITLES[signer][1]}" for role, signer in missing]
    return (
        f"尚缺 {len(missing)} 个签字：{'、'.join(zh)}",
        f"{len(missing)} signatures are missing: {', '.join(en)}",
    )


def _utilities(told: "Record", *, asked: bool) -> tuple[str, str] | None:
    """Whoever was told has to confirm, whether the policy asks that utilities are told or not."""
    if told["waiting"]:
        return f"{told['waiting']} 家专营单位尚未确认", f"{told['waiting']} utilities have not confirmed"
    if asked and not told["tasks"]:
        return "尚未通报专营单位", "no utility was told yet"
    return None


def _objections(outstanding: "Record") -> tuple[str, str] | None:
    if outstanding["objections"]:
        return f"{outstanding['objections']} 件异议尚未答复", f"{outstanding['objections']} objections are not answered"
    if outstanding["open_until"] is not None:
        until = outstanding["open_until"].isoformat()
        return f"公告异议期至 {until}", f"a notice is open to objections until {until}"
    return None


def _review(last: "Record | None", *, asked: bool) -> tuple[str, str] | None:
    """Once departments were asked, the last round counts, whether the policy asks for one or not."""
    if last is None:
        return ("尚未组织部门联合审查", "departments were not asked yet") if asked else None
    if last["state"] == ReviewState.OPEN:
        return (f"第 {last['number']} 轮联合审查尚未结束", f"round {last['number']} of the joint review is open")
    if not last["agreed"]:
        return (f"第 {last['number']} 轮联合审查有部门不同意", f"a department disagreed in round {last['number']}")
    return None
