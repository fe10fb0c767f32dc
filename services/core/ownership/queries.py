"""Reads of the register. Statements are compiled once and carry the caller's scope."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Boolean, Integer, String, Uuid, bindparam, or_, select
from sqlalchemy.sql.elements import ColumnElement

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound, VersionStale
from services.core.kit.scope import Scope
from services.core.ownership.errors import PersonMerged, PropertyClosed
from services.core.ownership.models import (
    Building,
    Entrance,
    Person,
    Property,
    Tenancy,
    TitleTransfer,
    VotingOwner,
)
from services.core.territory import queries as territory

if TYPE_CHECKING:
    import asyncpg

ID, TEXT, COUNT, YES = Uuid(), String(), Integer(), Boolean()
COMPOUND_ID = bindparam("compound_id", type_=ID)


def _if_given(name: str, kind: Any, column: Any) -> ColumnElement[bool]:
    wanted = bindparam(name, type_=kind)
    return or_(wanted.is_(None), column == wanted)


def _page(of: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The rows of one compound after the page before. Whoever asks has looked the compound up in the scope."""
    return of.compound_id == COMPOUND_ID, of.id > bindparam("after", type_=ID)


LIMIT = bindparam("limit", type_=COUNT)

BUILDING_COLUMNS = (
    Building.id, Building.compound_id, Building.no, Building.version, Building.created_at, Building.closed_at,
)  # fmt: skip
BUILDING = Statement(
    select(*BUILDING_COLUMNS).where(Building.id == bindparam("id", type_=ID), in_scope(Building.region_path))
)
BUILDINGS = Statement(
    select(*BUILDING_COLUMNS)
    .where(*_page(Building), or_(bindparam("closed", type_=YES), Building.closed_at.is_(None)))
    .order_by(Building.id)
    .limit(LIMIT)
)

ENTRANCE_COLUMNS = (
    Entrance.id, Entrance.compound_id, Entrance.building_id, Building.no.label("building_no"), Entrance.no,
    Entrance.version, Entrance.created_at, Entrance.closed_at,
)  # fmt: skip
ENTRANCE = Statement(
    select(*ENTRANCE_COLUMNS)
    .join(Building, Building.id == Entrance.building_id)
    .where(Entrance.id == bindparam("id", type_=ID), in_scope(Entrance.region_path))
)
ENTRANCES = Statement(
    select(*ENTRANCE_COLUMNS)
    .join(Building, Building.id == Entrance.building_id)
    .where(
        *_page(Entrance),
        _if_given("building_id", ID, Entrance.building_id),
        or_(bindparam("closed", type_=YES), Entrance.closed_at.is_(None)),
    )
    .order_by(Entrance.id)
    .limit(LIMIT)
)

PROPERTY_COLUMNS = (
    Property.id, Property.compound_id, Property.building_id, Building.no.label("building_no"), Property.entrance_id,
    Entrance.no.label("entrance_no"), Property.door_no, Property.kind, Property.area_by_register,
    Property.area_by_survey, Property.area_by_contract, Property.exclusive_area, Property.exclusive_area_source,
    Property.registered_area, Property.voting_owner_id, VotingOwner.kind.label("owner_kind"),
    VotingOwner.title.label("owner_title"), Property.version, Property.created_at, Property.closed_at,
)  # fmt: skip
_PROPERTY = (
    select(*PROPERTY_COLUMNS)
    .join(VotingOwner, VotingOwner.id == Property.voting_owner_id)
    .outerjoin(Building, Building.id == Property.building_id)
    .outerjoin(Entrance, Entrance.id == Property.entrance_id)
)
PROPERTY = Statement(_PROPERTY.where(Property.id == bindparam("id", type_=ID), in_scope(Property.region_path)))
PROPERTIES = Statement(
    _PROPERTY.where(
        *_page(Property),
        _if_given("building_id", ID, Property.building_id),
        _if_given("entrance_id", ID, Property.entrance_id),
        _if_given("owner_id", ID, Property.voting_owner_id),
        _if_given("kind", TEXT, Property.kind),
        _if_given("door_no", TEXT, Property.door_no),
        or_(~bindparam("without_area", type_=YES), Property.exclusive_area.is_(None)),
        or_(bindparam("closed", type_=YES), Property.closed_at.is_(None)),
    )
    .order_by(Property.id)
    .limit(LIMIT)
)

# A head with what it has a vote for. Areas are summed by the database, exactly (numeric).
OWNERS = """
SELECT o.id, o.compound_id, o.kind, o.title, o.version, o.created_at, count(p.id) AS properties,
       coalesce(sum(p.exclusive_area), 0) AS exclusive_area, count(*) FILTER (WHERE p.exclusive_area IS NULL AND p.id IS NOT NULL)
       AS without_area
FROM voting_owner o LEFT JOIN property p ON p.voting_owner_id = o.id AND p.closed_at IS NULL
WHERE o.compound_id = $1 AND o.id > $2 AND ($3::text IS NULL OR o.kind = $3)
GROUP BY o.id HAVING $4 OR count(p.id) > 0 ORDER BY o.id LIMIT $5
"""
OWNER = """
SELECT o.id, o.compound_id, o.kind, o.title, o.version, o.created_at, count(p.id) AS properties,
       coalesce(sum(p.exclusive_area), 0) AS exclusive_area, count(*) FILTER (WHERE p.exclusive_area IS NULL AND p.id IS NOT NULL)
       AS without_area
FROM voting_owner o LEFT JOIN property p ON p.voting_owner_id = o.id AND p.closed_at IS NULL
WHERE o.id = $1 AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                            WHERE o.region_path >= scope.low AND o.region_path < scope.high)
GROUP BY o.id
"""
MEMBERS = """
SELECT m.voting_owner_id, p.id, p.name_sealed, p.phone_sealed, p.identity_sealed, p.synthetic
FROM owner_member m JOIN person p ON p.id = m.person_id WHERE m.voting_owner_id = ANY ($1::uuid[]) ORDER BY p.id
"""

PERSON_COLUMNS = (
    Person.id, Person.compound_id, Person.region_path, Person.name_sealed, Person.phone_sealed, Person.identity_sealed,
    Person.synthetic, Person.merged_into_id, Person.version, Person.created_at,
)  # fmt: skip
PERSON = Statement(select(*PERSON_COLUMNS).where(Person.id == bindparam("id", type_=ID), in_scope(Person.region_path)))
PEOPLE = Statement(
    select(*PERSON_COLUMNS)
    .where(
        *_page(Person),
        or_(bindparam("merged", type_=YES), Person.merged_into_id.is_(None)),
        _if_given("synthetic", YES, Person.synthetic),
    )
    .order_by(Person.id)
    .limit(LIMIT)
)
# Each condition is left out where nothing is given for it; the caller gives at least one.
SEARCH = """
SELECT id, compound_id, region_path, name_sealed, phone_sealed, identity_sealed, synthetic, merged_into_id, version, created_at
FROM person
WHERE compound_id = $1 AND merged_into_id IS NULL
  AND ($2::bytea[] IS NULL OR surname_index = ANY ($2)) AND ($3::bytea[] IS NULL OR name_index = ANY ($3))
  AND ($4::text IS NULL OR phone_last4 = $4) AND ($5::bytea[] IS NULL OR phone_index = ANY ($5))
  AND ($6::bytea[] IS NULL OR identity_index = ANY ($6))
ORDER BY id LIMIT $7
"""
PEOPLE_BY_ID = """
SELECT id, compound_id, name_sealed, phone_sealed, identity_sealed, synthetic, merged_into_id, version, created_at
FROM person WHERE id = ANY ($1::uuid[])
"""
# The doors that people own, or rent now.
DOORS = """
SELECT x.person_id, x.role, p.id AS property_id, b.no AS building_no, e.no AS entrance_no, p.door_no, p.kind
FROM (SELECT m.person_id, 'owner' AS role, q.id AS property_id
      FROM owner_member m JOIN property q ON q.voting_owner_id = m.voting_owner_id AND q.closed_at IS NULL
      WHERE m.person_id = ANY ($1::uuid[])
      UNION ALL
      SELECT t.person_id, 'tenant', t.property_id FROM tenancy t WHERE t.person_id = ANY ($1::uuid[]) AND t.until IS NULL) AS x
JOIN property p ON p.id = x.property_id
LEFT JOIN building b ON b.id = p.building_id LEFT JOIN entrance e ON e.id = p.entrance_id
ORDER BY x.person_id, p.id, x.role
"""

TENANCY_COLUMNS = (
    Tenancy.id, Tenancy.property_id, Tenancy.person_id, Tenancy.since, Tenancy.until, Tenancy.version,
    Tenancy.recorded_at, Person.name_sealed, Person.phone_sealed, Person.identity_sealed, Person.synthetic,
)  # fmt: skip
TENANCY = Statement(
    select(*TENANCY_COLUMNS, Tenancy.region_path)
    .join(Person, Person.id == Tenancy.person_id)
    .where(Tenancy.id == bindparam("id", type_=ID), in_scope(Tenancy.region_path))
)
TENANCIES = Statement(
    select(*TENANCY_COLUMNS)
    .join(Person, Person.id == Tenancy.person_id)
    .where(Tenancy.property_id == bindparam("property_id", type_=ID), Tenancy.id > bindparam("after", type_=ID))
    .order_by(Tenancy.id)
    .limit(LIMIT)
)
TRANSFERS = Statement(
    select(
        TitleTransfer.id, TitleTransfer.act, TitleTransfer.from_owner_id, TitleTransfer.to_owner_id,
        TitleTransfer.effective_on, TitleTransfer.document, TitleTransfer.recorded_by, TitleTransfer.recorded_at,
    )
    .where(
        TitleTransfer.property_id == bindparam("property_id", type_=ID), TitleTransfer.id > bindparam("after", type_=ID)
    )
    .order_by(TitleTransfer.id)
    .limit(LIMIT)
)  # fmt: skip

# The register in figures: by kind of property, and heads by kind of owner.
BY_KIND = """
SELECT kind, count(*) AS properties, coalesce(sum(exclusive_area), 0) AS exclusive_area,
       coalesce(sum(registered_area), 0) AS registered_area, count(*) FILTER (WHERE exclusive_area IS NULL) AS without_area
FROM property WHERE compound_id = $1 AND closed_at IS NULL GROUP BY kind ORDER BY kind
"""
HEADS = """
SELECT o.kind, count(DISTINCT o.id) AS heads, count(*) AS properties, coalesce(sum(p.exclusive_area), 0) AS exclusive_area
FROM property p JOIN voting_owner o ON o.id = p.voting_owner_id
WHERE p.compound_id = $1 AND p.closed_at IS NULL GROUP BY o.kind ORDER BY o.kind
"""
STANDING = """
SELECT (SELECT count(*) FROM building WHERE compound_id = $1 AND closed_at IS NULL) AS buildings,
       (SELECT count(*) FROM entrance WHERE compound_id = $1 AND closed_at IS NULL) AS entrances,
       (SELECT count(*) FROM person WHERE compound_id = $1 AND merged_into_id IS NULL) AS people
"""

PERSON_HELD = """
SELECT id, compound_id, region_path, name_sealed, phone_sealed, identity_sealed, synthetic, merged_into_id,
       number_changed_by, version
FROM person WHERE id = $1 FOR UPDATE
"""
HELD = {
    "property": "SELECT id, compound_id, region_path, voting_owner_id, version, closed_at FROM property WHERE id = $1 FOR UPDATE",
    "building": "SELECT id, compound_id, region_path, version, closed_at FROM building WHERE id = $1 FOR UPDATE",
    "entrance": "SELECT id, compound_id, region_path, building_id, version, closed_at FROM entrance WHERE id = $1 FOR UPDATE",
}
OF_SCOPE = {"property": PROPERTY, "building": BUILDING, "entrance": ENTRANCE}


async def one_in(
    driver: "asyncpg.Connection", statement: Statement, *, scope: Scope, thing_id: UUID
) -> "asyncpg.Record":
    """A row of the scope by its id; NotFound otherwise."""
    row = await statement.first(driver, id=thing_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def owner_in(driver: "asyncpg.Connection", *, scope: Scope, owner_id: UUID) -> "asyncpg.Record":
    """A head of the scope with its figures; NotFound otherwise."""
    row = await driver.fetchrow(OWNER, owner_id, scope.lows, scope.highs)
    if row is None:
        raise NotFound
    return row


async def held(
    driver: "asyncpg.Connection", table: str, *, scope: Scope, thing_id: UUID, version: int
) -> "asyncpg.Record":
    """A building, entrance or property of the scope, locked, its compound held open.

    NotFound; CompoundClosed; PropertyClosed when it is no more; VersionStale. The compound first: whoever freezes a roll, or
    reshapes the compound, locks that row alone.
    """
    seen = await one_in(driver, OF_SCOPE[table], scope=scope, thing_id=thing_id)
    await territory.standing(driver, scope=scope, compound_id=seen["compound_id"])
    row = await driver.fetchrow(HELD[table], thing_id)
    same_version(row, version)
    if row["compound_id"] != seen["compound_id"]:
        raise VersionStale  # it went to another compound in between
    if row["closed_at"] is not None:
        raise PropertyClosed
    return row


def same_version(row: Mapping[str, Any], version: int) -> None:
    """VersionStale unless the row is still of that version."""
    if row["version"] != version:
        raise VersionStale


async def person_held(driver: "asyncpg.Connection", *, scope: Scope, person_id: UUID, version: int) -> "asyncpg.Record":
    """A person of the scope, locked; NotFound, PersonMerged, VersionStale."""
    seen = await one_in(driver, PERSON, scope=scope, thing_id=person_id)
    await territory.standing(driver, scope=scope, compound_id=seen["compound_id"])
    row = await driver.fetchrow(PERSON_HELD, person_id)
    if row["merged_into_id"] is not None:
        raise PersonMerged
    same_version(row, version)
    return row
