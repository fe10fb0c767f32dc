"""Use cases of the register: buildings, entrances, properties. Nothing is deleted; what is no more is closed."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from services.core.kit.errors import InputInvalid
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership import owners, queries, rules
from services.core.ownership.errors import BuildingInUse, BuildingNoTaken, EntranceNoTaken, PropertyTaken
from services.core.ownership.events import (
    BuildingAdded,
    BuildingChanged,
    BuildingClosed,
    EntranceAdded,
    EntranceChanged,
    EntranceClosed,
    PropertyAdded,
    PropertyChanged,
    PropertyClosed,
)
from services.core.ownership.owners import UNKNOWN, Holder
from services.core.territory import queries as territory

if TYPE_CHECKING:
    from services.core.kit.events import Event

ADD_BUILDING = "INSERT INTO building (id, compound_id, region_path, no, created_at) VALUES ($1, $2, $3, $4, $5)"
ADD_ENTRANCE = """
INSERT INTO entrance (id, compound_id, region_path, building_id, no, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD_PROPERTY = """
INSERT INTO property (id, compound_id, region_path, voting_owner_id, created_at, building_id, entrance_id, door_no, kind,
                      area_by_register, area_by_survey, area_by_contract, registered_area)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
CHANGE_PROPERTY = """
UPDATE property SET building_id = $2, entrance_id = $3, door_no = $4, kind = $5, area_by_register = $6, area_by_survey = $7,
                    area_by_contract = $8, registered_area = $9, version = version + 1
WHERE id = $1
"""
# Whoever puts something into a building holds it, so that nobody closes it meanwhile.
BUILDING_STANDS = "SELECT id FROM building WHERE id = $1 AND compound_id = $2 AND closed_at IS NULL FOR SHARE"
ENTRANCE_STANDS = "SELECT id FROM entrance WHERE id = $1 AND building_id = $2 AND closed_at IS NULL FOR SHARE"
BUILDING_USED = """
SELECT EXISTS (SELECT 1 FROM entrance WHERE building_id = $1 AND closed_at IS NULL)
    OR EXISTS (SELECT 1 FROM property WHERE building_id = $1 AND closed_at IS NULL)
"""
ENTRANCE_USED = "SELECT EXISTS (SELECT 1 FROM property WHERE entrance_id = $1 AND closed_at IS NULL)"
RENUMBER = "UPDATE {} SET no = $2, version = version + 1 WHERE id = $1"
CLOSE = "UPDATE {} SET closed_at = $2, version = version + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A property as the register describes it. Exclusive areas by their source; `registered_area` is 产权面积."""

    building_id: UUID | None
    entrance_id: UUID | None
    door_no: str
    kind: rules.PropertyKind
    area_by_register: Decimal | None = None
    area_by_survey: Decimal | None = None
    area_by_contract: Decimal | None = None
    registered_area: Decimal | None = None


async def add_building(uow: UnitOfWork, *, scope: Scope, compound_id: UUID, no: str) -> UUID:
    """Enters a building; BuildingNoTaken, CompoundClosed, NotFound outside the scope."""
    compound = await territory.standing(uow.driver, scope=scope, compound_id=compound_id)
    building_id, path = new_id(), compound["region_path"]
    try:
        await uow.driver.execute(ADD_BUILDING, building_id, compound_id, path, rules.building_no(no), uow.now)
    except asyncpg.UniqueViolationError as taken:
        raise BuildingNoTaken from taken
    uow.record(BuildingAdded(), subject="building", subject_id=building_id, region_path=path)
    return building_id


async def add_entrance(uow: UnitOfWork, *, scope: Scope, compound_id: UUID, building_id: UUID, no: str) -> UUID:
    """Enters an entrance of a building of the compound; EntranceNoTaken, InputInvalid, CompoundClosed, NotFound."""
    compound = await territory.standing(uow.driver, scope=scope, compound_id=compound_id)
    await _place(uow, compound_id, building_id, None)
    entrance_id, path = new_id(), compound["region_path"]
    try:
        await uow.driver.execute(
            ADD_ENTRANCE, entrance_id, compound_id, path, building_id, rules.entrance_no(no), uow.now
        )
    except asyncpg.UniqueViolationError as taken:
        raise EntranceNoTaken from taken
    uow.record(EntranceAdded(building_id=building_id), subject="entrance", subject_id=entrance_id, region_path=path)
    return entrance_id


async def renumber_building(uow: UnitOfWork, *, scope: Scope, building_id: UUID, version: int, no: str) -> None:
    """Gives a building another number; refusals as of `queries.held`, BuildingNoTaken."""
    held = await queries.held(uow.driver, "building", scope=scope, thing_id=building_id, version=version)
    try:
        await uow.driver.execute(RENUMBER.format("building"), building_id, rules.building_no(no))
    except asyncpg.UniqueViolationError as taken:
        raise BuildingNoTaken from taken
    _tell(uow, BuildingChanged(version=version + 1), "building", held)


async def renumber_entrance(uow: UnitOfWork, *, scope: Scope, entrance_id: UUID, version: int, no: str) -> None:
    """Gives an entrance another number; refusals as of `queries.held`, EntranceNoTaken."""
    held = await queries.held(uow.driver, "entrance", scope=scope, thing_id=entrance_id, version=version)
    try:
        await uow.driver.execute(RENUMBER.format("entrance"), entrance_id, rules.entrance_no(no))
    except asyncpg.UniqueViolationError as taken:
        raise EntranceNoTaken from taken
    _tell(uow, EntranceChanged(version=version + 1), "entrance", held)


async def close_building(uow: UnitOfWork, *, scope: Scope, building_id: UUID, version: int) -> None:
    """A building is no more. BuildingInUse while something stands in it."""
    held = await queries.held(uow.driver, "building", scope=scope, thing_id=building_id, version=version)
    if await uow.driver.fetchval(BUILDING_USED, building_id):
        raise BuildingInUse
    await uow.driver.execute(CLOSE.format("building"), building_id, uow.now)
    _tell(uow, BuildingClosed(), "building", held)


async def close_entrance(uow: UnitOfWork, *, scope: Scope, entrance_id: UUID, version: int) -> None:
    """An entrance is no more. BuildingInUse while properties stand in it."""
    held = await queries.held(uow.driver, "entrance", scope=scope, thing_id=entrance_id, version=version)
    if await uow.driver.fetchval(ENTRANCE_USED, entrance_id):
        raise BuildingInUse
    await uow.driver.execute(CLOSE.format("entrance"), entrance_id, uow.now)
    _tell(uow, EntranceClosed(), "entrance", held)


async def add_property(
    uow: UnitOfWork, *, scope: Scope, compound_id: UUID, sheet: Sheet, holder: Holder = UNKNOWN
) -> UUID:
    """Enters a property with its owners. PropertyTaken, InputInvalid, refusals of `owners.head_of`, CompoundClosed, NotFound."""
    compound = await territory.standing(uow.driver, scope=scope, compound_id=compound_id)
    await _place(uow, compound_id, sheet.building_id, sheet.entrance_id)
    property_id, path = new_id(), compound["region_path"]
    owner_id = await owners.head_of(uow, compound, holder, property_id=property_id)
    try:
        await uow.driver.execute(ADD_PROPERTY, property_id, compound_id, path, owner_id, uow.now, *_columns(sheet))
    except asyncpg.UniqueViolationError as taken:
        raise PropertyTaken from taken
    uow.record(PropertyAdded(owner_id=owner_id), subject="property", subject_id=property_id, region_path=path)
    return property_id


async def change_property(uow: UnitOfWork, *, scope: Scope, property_id: UUID, version: int, sheet: Sheet) -> None:
    """Replaces what the register says of a property, apart from its owners. PropertyTaken, InputInvalid, as `queries.held`."""
    held = await queries.held(uow.driver, "property", scope=scope, thing_id=property_id, version=version)
    await _place(uow, held["compound_id"], sheet.building_id, sheet.entrance_id)
    try:
        await uow.driver.execute(CHANGE_PROPERTY, property_id, *_columns(sheet))
    except asyncpg.UniqueViolationError as taken:
        raise PropertyTaken from taken
    _tell(uow, PropertyChanged(version=version + 1), "property", held)


async def close_property(uow: UnitOfWork, *, scope: Scope, property_id: UUID, version: int) -> None:
    """A property is no more (pulled down, joined to another): it leaves the roll and keeps its history."""
    held = await queries.held(uow.driver, "property", scope=scope, thing_id=property_id, version=version)
    await uow.driver.execute(CLOSE.format("property"), property_id, uow.now)
    _tell(uow, PropertyClosed(), "property", held)


async def _place(uow: UnitOfWork, compound_id: UUID, building_id: UUID | None, entrance_id: UUID | None) -> None:
    """Building and entrance are open ones of this compound, and stay so until the transaction ends."""
    if building_id is None:
        if entrance_id is not None:
            raise InputInvalid.at("/building_id", zh="填了单元就须填楼栋", en="is needed where an entrance is given")
        return
    if await uow.driver.fetchval(BUILDING_STANDS, building_id, compound_id) is None:
        raise InputInvalid.at("/building_id", zh="不是本小区现存的楼栋", en="is no open building of this compound")
    if entrance_id is not None and await uow.driver.fetchval(ENTRANCE_STANDS, entrance_id, building_id) is None:
        raise InputInvalid.at("/entrance_id", zh="不是该楼现存的单元", en="is no open entrance of that building")


def _columns(sheet: Sheet) -> tuple[Any, ...]:
    return (
        sheet.building_id,
        sheet.entrance_id,
        rules.door_no(sheet.door_no),
        sheet.kind,
        sheet.area_by_register,
        sheet.area_by_survey,
        sheet.area_by_contract,
        sheet.registered_area,
    )


def _tell(uow: UnitOfWork, happened: "Event", subject: str, row: "asyncpg.Record") -> None:
    uow.record(happened, subject=subject, subject_id=row["id"], region_path=row["region_path"])
