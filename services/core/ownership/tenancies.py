"""Who rents a property, and until when."""

from datetime import date
from uuid import UUID

import asyncpg

from services.core.kit.calendar import day_of
from services.core.kit.errors import InputInvalid
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership import owners, queries
from services.core.ownership.errors import PropertyClosed, TenancyOver, TenancyTaken
from services.core.ownership.events import TenancyAdded, TenancyEnded
from services.core.ownership.owners import Named
from services.core.territory import queries as territory

ADD = """
INSERT INTO tenancy (id, compound_id, region_path, property_id, person_id, since, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
HELD = "SELECT id, region_path, since, until, version FROM tenancy WHERE id = $1 FOR UPDATE"
END = "UPDATE tenancy SET until = $2, version = version + 1 WHERE id = $1"


async def add_tenancy(uow: UnitOfWork, *, scope: Scope, property_id: UUID, tenant: Named, since: date) -> UUID:
    """Somebody rents a property since a day. TenancyTaken, PropertyClosed, InputInvalid, PersonMerged, CompoundClosed, NotFound."""
    if since > day_of(uow.now):
        raise InputInvalid.at("/since", zh="不得晚于今日", en="is a day to come")
    seen = await queries.one_in(uow.driver, queries.PROPERTY, scope=scope, thing_id=property_id)
    compound = await territory.standing(uow.driver, scope=scope, compound_id=seen["compound_id"])
    if seen["closed_at"] is not None:
        raise PropertyClosed
    await owners.take_turns(uow, compound["id"], [tenant.told])
    person_id = await owners.entry_of(uow, compound, tenant, "/tenant")
    tenancy_id, path = new_id(), compound["region_path"]
    try:
        await uow.driver.execute(ADD, tenancy_id, compound["id"], path, property_id, person_id, since, uow.now)
    except asyncpg.UniqueViolationError as taken:
        raise TenancyTaken from taken
    told = TenancyAdded(property_id=property_id, person_id=person_id)
    uow.record(told, subject="tenancy", subject_id=tenancy_id, region_path=path)
    return tenancy_id


async def end_tenancy(uow: UnitOfWork, *, scope: Scope, tenancy_id: UUID, version: int, until: date) -> None:
    """A tenancy is over since a day. TenancyOver, VersionStale, InputInvalid for a day to come or before it began, NotFound."""
    await queries.one_in(uow.driver, queries.TENANCY, scope=scope, thing_id=tenancy_id)
    held = await uow.driver.fetchrow(HELD, tenancy_id)
    queries.same_version(held, version)
    if held["until"] is not None:
        raise TenancyOver
    if not held["since"] <= until <= day_of(uow.now):
        raise InputInvalid.at("/until", zh="须在起租日与今日之间", en="must lie between its beginning and today")
    await uow.driver.execute(END, tenancy_id, until)
    uow.record(TenancyEnded(), subject="tenancy", subject_id=tenancy_id, region_path=held["region_path"])
