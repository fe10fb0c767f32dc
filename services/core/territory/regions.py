"""Regions change: another code or name, or their end, each on a day and by a document.

Paths never change (docs/adr/0006): what stands in a region, and who may see it, does not depend on how it is called.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from services.core.kit.calendar import day_of
from services.core.kit.errors import FieldError, InputInvalid, NotFound, VersionStale
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.territory import queries
from services.core.territory.errors import RegionAbolished, RegionCodeTaken, RegionInUse, RegionNameTaken
from services.core.territory.events import RegionEnded, RegionRecoded
from services.core.territory.rules import RegionAct

if TYPE_CHECKING:
    from services.core.kit.events import Event

ADD_CHANGE = """
INSERT INTO region_change (id, region_id, act, effective_on, old_code, new_code, old_name, new_name, successor_id, document,
                           decided_by, decided_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
RECODE = "UPDATE region SET code = $2, name = $3, version = version + 1 WHERE id = $1"
END = "UPDATE region SET valid_to = $2, version = version + 1 WHERE id = $1"
LAST_CHANGE = "SELECT max(effective_on) FROM region_change WHERE region_id = $1"
STANDS_IN_IT = """
SELECT EXISTS (SELECT 1 FROM region WHERE parent_id = $1 AND valid_to IS NULL)
    OR EXISTS (SELECT 1 FROM compound WHERE region_path >= $2 AND region_path < $3 AND closed_at IS NULL)
"""


async def recode(
    uow: UnitOfWork,
    *,
    scope: Scope,
    region_id: UUID,
    version: int,
    code: str | None,
    name: str | None,
    effective_on: date,
    document: str,
) -> None:
    """From a day on a region has another code (None: none any more), another name (None: as before), or both.

    InputInvalid when nothing changes, or for a day to come or not after the last change; RegionCodeTaken and RegionNameTaken for
    what a living region has; RegionAbolished; VersionStale.
    """
    (region,) = await _locked(uow, scope=scope, region_id=region_id, version=version)
    await _check_day(uow, region, effective_on)
    name = name or region["name"]
    if (code, name) == (region["code"], region["name"]):
        raise InputInvalid.at("/code", zh="与现有代码和名称相同", en="is what the region has already")
    try:
        await uow.driver.execute(RECODE, region_id, code, name)
    except asyncpg.UniqueViolationError as taken:
        raise (RegionCodeTaken if taken.constraint_name == "uq_region_code_valid" else RegionNameTaken) from taken
    change_id = await _add_change(
        uow, region, act=RegionAct.RECODE, effective_on=effective_on, code=code, name=name, document=document
    )
    _record(uow, RegionRecoded(change_id=change_id), region)


async def abolish(
    uow: UnitOfWork,
    *,
    scope: Scope,
    region_id: UUID,
    version: int,
    successor_id: UUID | None,
    effective_on: date,
    document: str,
) -> None:
    """From a day on a region is no more; another may take its place.

    RegionInUse while regions or open compounds stand in it; NotFound for a successor outside the scope, InputInvalid for one that
    is no more or the region itself; days, RegionAbolished and VersionStale as of `recode`.
    """
    region, *others = await _locked(
        uow, scope=scope, region_id=region_id, version=version, others=[successor_id] if successor_id else []
    )
    await _check_day(uow, region, effective_on)
    if successor_id == region_id or any(other["valid_to"] is not None for other in others):
        raise InputInvalid.at("/successor_id", zh="须为另一个现存区域", en="must be another region that exists")
    if await uow.driver.fetchval(STANDS_IN_IT, region_id, region["path"], Scope((region["path"],)).highs[0]):
        raise RegionInUse
    await uow.driver.execute(END, region_id, effective_on)
    change_id = await _add_change(
        uow,
        region,
        act=RegionAct.ABOLISH,
        effective_on=effective_on,
        code=region["code"],
        name=region["name"],
        successor_id=successor_id,
        document=document,
    )
    _record(uow, RegionEnded(change_id=change_id, successor_id=successor_id), region)


async def _locked(
    uow: UnitOfWork, *, scope: Scope, region_id: UUID, version: int, others: Sequence[UUID] = ()
) -> "list[asyncpg.Record]":
    """The region and then the others, all locked in one order so that two who name each other take turns."""
    wanted = {region_id, *others}
    found = await queries.REGIONS_LOCKED.all(uow.driver, region_ids=list(wanted), **scope.parameters)
    if len(found) < len(wanted):
        raise NotFound
    found.sort(key=lambda region: region["id"] != region_id)
    if found[0]["valid_to"] is not None:
        raise RegionAbolished
    if found[0]["version"] != version:
        raise VersionStale
    return found


async def _check_day(uow: UnitOfWork, region: "asyncpg.Record", effective_on: date) -> None:
    if effective_on > day_of(uow.now):
        raise InputInvalid.at("/effective_on", zh="不得晚于今日，届时再登记", en="is a day to come: record it then")
    last = await uow.driver.fetchval(LAST_CHANGE, region["id"]) or region["valid_from"]
    if last is not None and effective_on <= last:
        raise InputInvalid(
            errors=[FieldError("/effective_on", f"须晚于 {last:%Y-%m-%d}", f"must be after {last:%Y-%m-%d}")]
        )


async def _add_change(
    uow: UnitOfWork,
    region: "asyncpg.Record",
    *,
    act: RegionAct,
    effective_on: date,
    code: str | None,
    name: str,
    document: str,
    successor_id: UUID | None = None,
) -> UUID:
    change_id = new_id()
    await uow.driver.execute(
        ADD_CHANGE,
        change_id,
        region["id"],
        act,
        effective_on,
        region["code"],
        code,
        region["name"],
        name,
        successor_id,
        document,
        uow.actor.id,
        uow.now,
    )
    return change_id


def _record(uow: UnitOfWork, happened: "Event", region: "asyncpg.Record") -> None:
    uow.record(happened, subject="region", subject_id=region["id"], region_path=region["path"])
