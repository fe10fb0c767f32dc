"""A register follows its compound when that is merged or split (domain.md G4).

The caller holds the old compounds' rows and has closed them. What is closed stays with what was; whoever owns on both sides of a
split is entered on both, for an entry belongs to one compound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import InputInvalid
from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork
from services.core.ownership import owners, rules, sealing
from services.core.ownership.errors import BuildingNoTaken, BuildingsUnassigned, PropertyTaken
from services.core.ownership.rules import OwnerKind, TitleAct

if TYPE_CHECKING:
    import asyncpg

SAME_BUILDINGS = """
SELECT string_agg(no, '、' ORDER BY no) FROM (SELECT no FROM building WHERE compound_id = ANY ($1::uuid[]) AND closed_at IS NULL
                                             GROUP BY no HAVING count(*) > 1) AS twice
"""
SAME_DOORS = """
SELECT EXISTS (SELECT 1 FROM property WHERE compound_id = ANY ($1::uuid[]) AND building_id IS NULL AND closed_at IS NULL
               GROUP BY door_no HAVING count(*) > 1)
"""
SAME_HEADS = """
SELECT array_agg(id ORDER BY id) AS heads FROM voting_owner WHERE compound_id = ANY ($1::uuid[])
GROUP BY set_key HAVING count(*) > 1
"""
# Heads that own nothing any more may stay where they were; of two with one key, one must.
MOVE_HEADS = """
UPDATE voting_owner SET compound_id = $2, region_path = $3 WHERE compound_id = ANY ($1::uuid[]) AND id <> ALL ($4::uuid[])
"""
MOVE_ALL = "UPDATE {} SET compound_id = $2, region_path = $3 WHERE compound_id = ANY ($1::uuid[])"
FOLLOWING = ("building", "entrance", "property", "tenancy", "title_transfer", "person_match")
PEOPLE = """
SELECT id, name_sealed, phone_sealed, identity_sealed, synthetic FROM person WHERE compound_id = ANY ($1::uuid[]) ORDER BY id
"""
PEOPLE_BY_ID = """
SELECT id, name_sealed, phone_sealed, identity_sealed, synthetic FROM person WHERE id = ANY ($1::uuid[])
"""
MOVE_PEOPLE = """
UPDATE person p SET compound_id = $7, region_path = $8, name_index = x.name_index, surname_index = x.surname_index,
                    phone_index = x.phone_index, identity_index = x.identity_index, index_key = $6
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
     AS x(id, name_index, surname_index, phone_index, identity_index)
WHERE p.id = x.id
"""
HAND_OVER = """
UPDATE property SET voting_owner_id = $2, version = version + 1 WHERE voting_owner_id = $1 AND closed_at IS NULL
RETURNING id
"""
BUILDINGS = "SELECT id FROM building WHERE compound_id = $1 AND closed_at IS NULL ORDER BY id"
PROPERTIES = """
SELECT id, building_id, voting_owner_id FROM property WHERE compound_id = $1 AND closed_at IS NULL ORDER BY id
"""
HEADS = """
SELECT o.id, o.kind, o.title, o.set_key,
       array(SELECT m.person_id FROM owner_member m WHERE m.voting_owner_id = o.id ORDER BY m.person_id) AS people
FROM voting_owner o WHERE o.id = ANY ($1::uuid[]) ORDER BY o.id
"""
TENANTS = "SELECT id, property_id, person_id FROM tenancy WHERE property_id = ANY ($1::uuid[]) AND until IS NULL"
MOVE_BUILDINGS = (
    "UPDATE building SET compound_id = $2, region_path = $3 WHERE id = ANY ($1::uuid[])",
    "UPDATE entrance SET compound_id = $2, region_path = $3 WHERE building_id = ANY ($1::uuid[])",
    "UPDATE property SET compound_id = $2, region_path = $3 WHERE building_id = ANY ($1::uuid[])",
    """UPDATE tenancy t SET compound_id = $2, region_path = $3 FROM property p
       WHERE p.id = t.property_id AND p.building_id = ANY ($1::uuid[])""",
    """UPDATE title_transfer t SET compound_id = $2, region_path = $3 FROM property p
       WHERE p.id = t.property_id AND p.building_id = ANY ($1::uuid[])""",
)
MOVE_HEAD = "UPDATE voting_owner SET compound_id = $2, region_path = $3 WHERE id = $1"
SET_OWNER = "UPDATE property SET voting_owner_id = $2, version = version + 1 WHERE id = ANY ($1::uuid[])"
SET_TENANT = (
    "UPDATE tenancy SET person_id = $3, version = version + 1 WHERE person_id = $1 AND property_id = ANY ($2::uuid[])"
)
# Tables of a domain above, by name: whoever is bound as a person, or holds a code for one, is so as the entry that stands there.
SET_BINDINGS = tuple(
    f"UPDATE {table} SET person_id = $3 WHERE person_id = $1 AND property_id = ANY ($2::uuid[])"
    for table in ("binding", "binding_code")
)


@dataclass(frozen=True, slots=True)
class Part:
    """A compound that came of a split, and the buildings that it gets."""

    compound_id: UUID
    region_path: str
    building_ids: Sequence[UUID]


async def follow_merge(
    uow: UnitOfWork, *, predecessor_ids: Sequence[UUID], compound_id: UUID, region_path: str
) -> None:
    """The registers of several compounds become that of one. An organisation that owned in several is one head.

    BuildingNoTaken and PropertyTaken where two of them use the same number: somebody renumbers first.
    """
    driver, before = uow.driver, list(predecessor_ids)
    same = await driver.fetchval(SAME_BUILDINGS, before)
    if same:
        raise BuildingNoTaken(
            zh=f"各小区楼号重复：{same}；请先改号", en=f"several have a building {same}; renumber first"
        )
    if await driver.fetchval(SAME_DOORS, before):
        raise PropertyTaken(
            zh="各小区不属于楼栋的门牌号重复", en="doors outside buildings have the same number in several"
        )
    staying: list[UUID] = []
    for row in await driver.fetch(SAME_HEADS, before):
        kept, *others = row["heads"]
        staying += others
        for other in others:
            moved = await driver.fetch(HAND_OVER, other, kept)
            await _tell_history(uow, (compound_id, region_path), [one["id"] for one in moved], other, kept)
    for table in FOLLOWING:
        await driver.execute(MOVE_ALL.format(table), before, compound_id, region_path)
    await driver.execute(MOVE_HEADS, before, compound_id, region_path, staying)
    await _move_people(uow, await driver.fetch(PEOPLE, before), compound_id, region_path)


async def follow_split(uow: UnitOfWork, *, predecessor_id: UUID, parts: Sequence[Part]) -> None:
    """The register of a compound becomes those of several, by building.

    BuildingsUnassigned where an open building goes to no part, or an open property stands in none; InputInvalid names a building
    that is none of the compound's, or goes to two parts.
    """
    buildings = {row["id"] for row in await uow.driver.fetch(BUILDINGS, predecessor_id)}
    part_of: dict[UUID, int] = {}
    for at, part in enumerate(parts):
        for number, building_id in enumerate(part.building_ids):
            if building_id not in buildings or building_id in part_of:
                pointer = f"/parts/{at}/building_ids/{number}"
                raise InputInvalid.at(
                    pointer, zh="不是本小区现存的楼栋，或重复", en="is no open building, or listed twice"
                )
            part_of[building_id] = at
    properties = await uow.driver.fetch(PROPERTIES, predecessor_id)
    if buildings - part_of.keys() or any(row["building_id"] is None for row in properties):
        raise BuildingsUnassigned
    for part in parts:
        for statement in MOVE_BUILDINGS:
            await uow.driver.execute(statement, list(part.building_ids), part.compound_id, part.region_path)
    await _Dividing(uow, parts, {row["id"]: part_of[row["building_id"]] for row in properties}).people_and_heads(
        properties
    )


class _Dividing:
    """Gives each part the people and heads of its properties. The first part gets the entries themselves, others copies."""

    def __init__(self, uow: UnitOfWork, parts: Sequence[Part], part_of: Mapping[UUID, int]) -> None:
        self._uow, self._parts, self._part_of = uow, parts, part_of
        self._entries: dict[tuple[UUID, int], UUID] = {}

    async def people_and_heads(self, properties: "Sequence[asyncpg.Record]") -> None:
        """Properties have moved; whose they are, and who rents them, moves now."""
        owned: dict[tuple[UUID, int], list[UUID]] = {}
        for row in properties:
            owned.setdefault((row["voting_owner_id"], self._part_of[row["id"]]), []).append(row["id"])
        heads = {row["id"]: row for row in await self._uow.driver.fetch(HEADS, list({head for head, _ in owned}))}
        tenants = await self._uow.driver.fetch(TENANTS, list(self._part_of))
        needed = {(person, part) for head, part in owned for person in heads[head]["people"]}
        needed |= {(row["person_id"], self._part_of[row["property_id"]]) for row in tenants}
        await self._enter(sorted(needed))
        moved: set[UUID] = set()
        for head, part in sorted(owned):
            await self._head(heads[head], part, owned[head, part], moved)
        for row in tenants:
            await self._rebind(
                row["person_id"], self._part_of[row["property_id"]], [row["property_id"]], SET_TENANT, *SET_BINDINGS
            )

    async def _enter(self, needed: Sequence[tuple[UUID, int]]) -> None:
        """Moves each person to the first part that needs them, and copies them to the others."""
        driver, vault = self._uow.driver, self._uow.vault
        rows = {row["id"]: row for row in await driver.fetch(PEOPLE_BY_ID, list({person for person, _ in needed}))}
        gone: set[UUID] = set()
        moving: dict[int, list[asyncpg.Record]] = {}
        for person_id, at in needed:
            row, part = rows[person_id], self._parts[at]
            if person_id not in gone:
                gone.add(person_id)
                moving.setdefault(at, []).append(row)
                self._entries[person_id, at] = person_id
                continue
            copy_id = self._entries[person_id, at] = new_id()
            columns = sealing.sealed(vault, copy_id, part.compound_id, sealing.opened(vault, row))
            await driver.execute(
                owners.ADD_PERSON,
                copy_id,
                part.compound_id,
                part.region_path,
                row["synthetic"],
                self._uow.now,
                *columns,
            )
        for at, people in moving.items():
            await _move_people(self._uow, people, self._parts[at].compound_id, self._parts[at].region_path)

    async def _head(self, head: "asyncpg.Record", at: int, property_ids: Sequence[UUID], moved: set[UUID]) -> None:
        """The head itself, where its people are the same entries in the first part that has it; else one of that part's own."""
        part, driver = self._parts[at], self._uow.driver
        people = [self._entries[person, at] for person in head["people"]]
        if head["id"] not in moved and people == head["people"]:
            moved.add(head["id"])
            await driver.execute(MOVE_HEAD, head["id"], part.compound_id, part.region_path)
            return
        compound = {"id": part.compound_id, "region_path": part.region_path}
        key = rules.persons_key(people) if head["kind"] == OwnerKind.PERSONS else head["set_key"]
        after = await owners.head_by_key(
            self._uow, compound, kind=OwnerKind(head["kind"]), title=head["title"], key=key, person_ids=people
        )
        await driver.execute(SET_OWNER, property_ids, after)
        await _tell_history(self._uow, (part.compound_id, part.region_path), property_ids, head["id"], after)
        for person in head["people"]:
            await self._rebind(person, at, property_ids, *SET_BINDINGS)

    async def _rebind(self, person_id: UUID, at: int, property_ids: Sequence[UUID], *statements: str) -> None:
        entry = self._entries[person_id, at]
        if entry != person_id:
            for statement in statements:
                await self._uow.driver.execute(statement, person_id, list(property_ids), entry)


async def _move_people(uow: UnitOfWork, rows: "Sequence[asyncpg.Record]", compound_id: UUID, region_path: str) -> None:
    """Entries go to another compound, where their names have another salt."""
    anew = [sealing.indexes(uow.vault, compound_id, sealing.opened(uow.vault, row)) for row in rows]
    await uow.driver.execute(
        MOVE_PEOPLE,
        [row["id"] for row in rows],
        [one.name for one in anew],
        [one.surname for one in anew],
        [one.phone for one in anew],
        [one.identity for one in anew],
        uow.vault.index.key_id,
        compound_id,
        region_path,
    )


async def _tell_history(
    uow: UnitOfWork, compound: tuple[UUID, str], property_ids: Sequence[UUID], before: UUID, after: UUID
) -> None:
    await uow.driver.executemany(
        owners.ADD_TRANSFER,
        [
            (new_id(), *compound, property_id, TitleAct.RESHAPE, before, after, None, None, uow.actor.id, uow.now)
            for property_id in property_ids
        ],
    )
