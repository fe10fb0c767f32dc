"""The start of works: what it needs, and the one door to it.

A start is one transaction over the project and its site: the gates of the project's policy, then what the site itself needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import FieldError, NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.projects import stages
from services.core.projects.rules import Action as ProjectAction
from services.core.projects.rules import Stage
from services.core.works import queries, rules, service
from services.core.works.commitments import SIGNED
from services.core.works.errors import StartNotMet
from services.core.works.rules import Action, State

if TYPE_CHECKING:
    import asyncpg
    from asyncpg import Record


class Requirement(StrEnum):
    """What a start needs of its site."""

    PREPARED = "prepared"
    COMMITMENTS = "commitments"


@dataclass(frozen=True, slots=True)
class Standing:
    """One requirement for one site. `missing_*`: what is lacking, None where it is met."""

    requirement: Requirement
    missing_zh: str | None
    missing_en: str | None

    @property
    def met(self) -> bool:
        """Whether nothing is lacking."""
        return self.missing_zh is None


async def requirements(driver: "asyncpg.Connection", *, site: "Record") -> list[Standing]:
    """Each requirement, and what is lacking of it."""
    signed = {(row["role"], row["signer"]) for row in await driver.fetch(SIGNED, site["project_id"])}
    prepared = site["state"] != State.PREPARING
    return [
        Standing(Requirement.PREPARED, None, None)
        if prepared
        else Standing(Requirement.PREPARED, "尚未确认开工准备完成", "is not declared prepared yet"),
        _signatures(rules.missing_signatures(signed)),
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
    lacking = [one for one in await requirements(uow.driver, site=site) if not one.met]
    if lacking:
        raise StartNotMet(
            errors=[FieldError(f"/site/{one.requirement}", str(one.missing_zh), str(one.missing_en)) for one in lacking]
        )
    await service.move(uow, site=site, action=Action.START, reason=reason, document=document)
    return stage


def _signatures(missing: Sequence[tuple[rules.SiteRole, rules.Signer]]) -> Standing:
    if not missing:
        return Standing(Requirement.COMMITMENTS, None, None)
    zh = [f"{rules.ROLE_TITLES[role][0]}{rules.SIGNER_TITLES[signer][0]}" for role, signer in missing]
    en = [f"{rules.ROLE_TITLES[role][1]}'s {rules.SIGNER_TITLES[signer][1]}" for role, signer in missing]
    return Standing(
        Requirement.COMMITMENTS,
        f"尚缺 {len(missing)} 个签字：{'、'.join(zh)}",
        f"{len(missing)} signatures are missing: {', '.join(en)}",
    )
