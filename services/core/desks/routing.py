"""Use cases of routing rules: made, changed by a new version, ended; and which of them a case falls under.

A version is never edited. It ends where the next one begins, and what ended in the past stays as it was: so it can be told years
later why a case went where it went.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from asyncpg import UniqueViolationError

from services.core.desks import queries
from services.core.desks.errors import DefaultRuleExists, DeskInputInvalid, RuleEnded
from services.core.desks.events import RuleChanged, RuleMade, RuleWasEnded
from services.core.desks.rules import (
    Case,
    Conditions,
    DeskRole,
    Rule,
    Tried,
    around,
    check_hours,
    conditions_of,
    route,
    stored,
)
from services.core.identity.queries import REGION_IN_SCOPE
from services.core.kit.calendar import WorkCalendar
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.invalid import InvalidAt
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg

MAKE = """
INSERT INTO routing_rule (id, region_id, region_path, is_default, made_by, made_at, version) VALUES ($1, $2, $3, $4, $5, $6, 1)
"""
ADD_VERSION = """
INSERT INTO routing_rule_version (rule_id, number, title, position, conditions, desk_id, co_desk_ids, valid_from, valid_until,
                                  made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
# What was to begin later than $2 never does: it ends where it begins.
END_FROM = """
UPDATE routing_rule_version SET valid_until = greatest(valid_from, $2)
WHERE rule_id = $1 AND (valid_until IS NULL OR valid_until > greatest(valid_from, $2))
"""
RAISE_VERSION = "UPDATE routing_rule SET version = version + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a version of a rule shall say. Its regions come as `region_ids`: their paths are looked up into `conditions`."""

    title: str
    position: int
    conditions: Conditions
    region_ids: tuple[UUID, ...]
    desk_id: UUID
    co_desk_ids: tuple[UUID, ...]
    valid_from: datetime | None
    valid_until: datetime | None


async def make(uow: UnitOfWork, *, scope: Scope, region_id: UUID, is_default: bool, wanted: Wanted) -> UUID:
    """A new rule of a region; its id. DeskInputInvalid names what is wrong, DefaultRuleExists."""
    region = await REGION_IN_SCOPE.first(uow.driver, region_id=region_id, **scope.parameters)
    if region is None:
        raise DeskInputInvalid.at(
            "/region_id", zh="没有这个区域，或不在您的管辖范围内", en="is no region, or lies outside what you may see"
        )
    rule_id = new_id()
    try:
        await uow.driver.execute(MAKE, rule_id, region_id, region["path"], is_default, uow.actor.id, uow.now)
    except UniqueViolationError as error:
        raise DefaultRuleExists from error
    await _add(uow, scope, rule_id, 1, wanted, path=region["path"], is_default=is_default)
    uow.record(
        RuleMade(desk_id=wanted.desk_id, is_default=is_default),
        subject="routing_rule",
        subject_id=rule_id,
        region_path=region["path"],
    )
    return rule_id


async def change(uow: UnitOfWork, *, scope: Scope, rule_id: UUID, version: int, wanted: Wanted) -> None:
    """A new version takes the place of the one before, now or later; of a rule that has ended it is a new beginning.

    NotFound, VersionStale, DeskInputInvalid.
    """
    rule = await _locked(uow, scope, rule_id, version)
    await uow.driver.execute(END_FROM, rule_id, wanted.valid_from or uow.now)
    await _add(uow, scope, rule_id, version + 1, wanted, path=rule["region_path"], is_default=rule["is_default"])
    await uow.driver.execute(RAISE_VERSION, rule_id)
    uow.record(
        RuleChanged(number=version + 1, desk_id=wanted.desk_id),
        subject="routing_rule",
        subject_id=rule_id,
        region_path=rule["region_path"],
    )


async def end(uow: UnitOfWork, *, scope: Scope, rule_id: UUID, version: int) -> None:
    """The rule sends nothing from now on. NotFound, VersionStale, RuleEnded."""
    rule = await _locked(uow, scope, rule_id, version)
    if await uow.driver.execute(END_FROM, rule_id, uow.now) == "UPDATE 0":
        raise RuleEnded
    uow.record(
        RuleWasEnded(number=version), subject="routing_rule", subject_id=rule_id, region_path=rule["region_path"]
    )


async def _locked(uow: UnitOfWork, scope: Scope, rule_id: UUID, version: int) -> "asyncpg.Record":
    row = await queries.RULE_LOCKED.first(uow.driver, rule_id=rule_id, **scope.parameters)
    if row is None:
        raise NotFound
    if row["version"] != version:
        raise VersionStale
    return row


async def _add(
    uow: UnitOfWork, scope: Scope, rule_id: UUID, number: int, wanted: Wanted, *, path: str, is_default: bool
) -> None:
    begins = wanted.valid_from or uow.now
    if begins < uow.now:
        raise DeskInputInvalid.at("/valid_from", zh="不得早于现在", en="must not lie in the past")
    if wanted.valid_until is not None and wanted.valid_until <= begins:
        raise DeskInputInvalid.at("/valid_until", zh="应晚于生效时间", en="must be later than the beginning")
    try:
        check_hours(wanted.conditions)
    except InvalidAt as error:
        raise DeskInputInvalid.at(f"/conditions{error.pointer}", zh=error.zh, en=error.en) from error
    regions = await _regions(uow, scope, wanted.region_ids, path)
    conditions = replace(wanted.conditions, regions=frozenset(regions) if regions else None)
    if is_default is not conditions.is_empty:
        raise DeskInputInvalid.at(
            "/conditions",
            zh="兜底规则不设条件，其他规则至少设一项",
            en="must be empty for a default, and for no other rule",
        )
    await _known(uow, scope, conditions)
    await _check_desks(uow, scope, wanted, targets=list(regions) or [path])
    await uow.driver.execute(
        ADD_VERSION,
        rule_id,
        number,
        wanted.title,
        wanted.position,
        json.dumps(stored(conditions, regions), ensure_ascii=False),
        wanted.desk_id,
        json.dumps([str(one) for one in wanted.co_desk_ids]),
        begins,
        wanted.valid_until,
        uow.actor.id,
        uow.now,
    )


async def _regions(uow: UnitOfWork, scope: Scope, ids: Sequence[UUID], path: str) -> dict[str, UUID]:
    """The regions of a condition by their paths; each lies in the rule's own."""
    rows = await queries.REGION_PATHS.all(uow.driver, ids=list(ids), **scope.parameters)
    found = {row["id"]: row["path"] for row in rows}
    for index, one in enumerate(ids):
        if one not in found or not found[one].startswith(path):
            raise DeskInputInvalid.at(
                f"/conditions/region_ids/{index}",
                zh="不是规则所在区域之内的区域",
                en="is no region inside the rule's own",
            )
    return {found[one]: one for one in ids}


async def _known(uow: UnitOfWork, scope: Scope, conditions: Conditions) -> None:
    """Projects and organisations of a condition exist inside the scope."""
    for name, ids, looked in (
        ("project_ids", conditions.projects, queries.PROJECTS),
        ("organisation_ids", conditions.organisations, queries.ORGANISATION_IDS),
    ):
        if ids is None:
            continue
        found = await looked.all(uow.driver, ids=sorted(ids), **scope.parameters)
        if len(found) != len(ids):
            raise DeskInputInvalid.at(
                f"/conditions/{name}",
                zh="所列有不存在，或不在您的管辖范围内的",
                en="names what is not there, or lies outside what you may see",
            )


async def _check_desks(uow: UnitOfWork, scope: Scope, wanted: Wanted, *, targets: Sequence[str]) -> None:
    """Every desk is open, handles cases, and answers for all of the regions: who is on duty there must see what is sent."""
    named = [("/desk_id", wanted.desk_id)]
    named += [(f"/co_desk_ids/{index}", one) for index, one in enumerate(wanted.co_desk_ids)]
    ids = [one for _, one in named]
    rows = await queries.DESKS_HELD.all(uow.driver, desk_ids=ids)
    found = {row["id"]: row for row in rows}
    for place, (pointer, one) in enumerate(named):
        desk = found.get(one)
        if desk is None or not scope.covers(desk["region_path"]):
            raise DeskInputInvalid.at(
                pointer, zh="没有这个席位，或不在您的管辖范围内", en="is no desk, or lies outside what you may see"
            )
        if one in ids[:place]:
            raise DeskInputInvalid.at(pointer, zh="席位重复", en="comes twice")
        if desk["closed_at"] is not None or desk["role"] != DeskRole.HANDLING:
            raise DeskInputInvalid.at(pointer, zh="不是开放的办理席位", en="is no open desk that handles cases")
        if not all(target.startswith(desk["region_path"]) for target in targets):
            raise DeskInputInvalid.at(
                pointer, zh="该席位不负责规则所及的全部区域", en="does not answer for all of the rule's regions"
            )


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a case goes and why. `titles`: of every rule and desk that is named, by id."""

    rule: Rule | None
    desk_id: UUID | None
    co_desk_ids: tuple[UUID, ...]
    tried: tuple[Tried, ...]
    titles: dict[UUID, str]


async def routing_of(driver: "asyncpg.Connection", case: Case) -> Routing:
    """The rules of the case's region and of those around it, as they are in force at the case's moment, tried in order."""
    rows = await queries.IN_FORCE.all(driver, paths=around(case.region_path), at=case.at)
    by_id = {row["id"]: row for row in rows}
    rules = [
        Rule(
            row["id"],
            row["number"],
            row["region_path"],
            row["position"],
            row["is_default"],
            conditions_of(row["conditions"]),
        )
        for row in rows
    ]
    chosen, tried = route(rules, case, WorkCalendar.default())
    titles = {row["id"]: row["title"] for row in rows} | {row["desk_id"]: row["desk_title"] for row in rows}
    if chosen is None:
        return Routing(None, None, (), tuple(tried), titles)
    row = by_id[chosen.id]
    return Routing(chosen, row["desk_id"], tuple(map(UUID, row["co_desk_ids"])), tuple(tried), titles)
