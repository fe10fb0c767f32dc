"""What an import of a roll works on: registers of compounds as they are, and a batch of what is to become of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.exchange.writing import inserting
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.kit.vault import Vault
from services.core.ownership import sealing
from services.core.ownership.rules import OwnerKind, TitleAct
from services.core.ownership.sealing import Particulars

if TYPE_CHECKING:
    import asyncpg

AREAS = ("area_by_register", "area_by_survey", "area_by_contract", "registered_area")
NOBODY = UUID(int=0)

# Whoever writes to these registers, or freezes a roll, waits.
COMPOUNDS = """
SELECT id, no, region_path, closed_at IS NOT NULL AS closed FROM compound
WHERE no = ANY ($1::text[]) AND EXISTS (SELECT 1 FROM unnest($2::text[], $3::text[]) AS scope(low, high)
                                        WHERE region_path >= scope.low AND region_path < scope.high)
ORDER BY id FOR UPDATE
"""
BUILDINGS = "SELECT compound_id, id, no FROM building WHERE compound_id = ANY ($1::uuid[]) AND closed_at IS NULL"
ENTRANCES = """
SELECT e.compound_id, e.id, b.no AS building, e.no FROM entrance e JOIN building b ON b.id = e.building_id
WHERE e.compound_id = ANY ($1::uuid[]) AND e.closed_at IS NULL
"""
FLATS = """
SELECT p.compound_id, p.id, b.no AS building, e.no AS entrance, p.door_no, p.kind, p.area_by_register, p.area_by_survey,
       p.area_by_contract, p.registered_area, p.voting_owner_id, t.last
FROM property p LEFT JOIN building b ON b.id = p.building_id LEFT JOIN entrance e ON e.id = p.entrance_id
LEFT JOIN (SELECT property_id, max(effective_on) AS last FROM title_transfer WHERE compound_id = ANY ($1::uuid[])
           GROUP BY property_id) AS t ON t.property_id = p.id
WHERE p.compound_id = ANY ($1::uuid[]) AND p.closed_at IS NULL
"""
HEADS = "SELECT compound_id, id, kind, set_key FROM voting_owner WHERE compound_id = ANY ($1::uuid[])"
MEMBERS = """
SELECT p.compound_id, m.voting_owner_id, m.person_id FROM owner_member m JOIN person p ON p.id = m.person_id
WHERE p.compound_id = ANY ($1::uuid[]) ORDER BY m.person_id
"""
PEOPLE = """
SELECT compound_id, id, name_sealed, phone_sealed, identity_sealed, name_index, identity_index, merged_into_id FROM person
WHERE compound_id = ANY ($1::uuid[]) ORDER BY id DESC
"""
CHANGE = """
UPDATE property p SET kind = x.kind, area_by_register = x.register, area_by_survey = x.survey, area_by_contract = x.contract,
                      registered_area = x.registered, voting_owner_id = x.owner_id, version = p.version + 1
FROM unnest($1::uuid[], $2::text[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::uuid[])
     AS x(id, kind, register, survey, contract, registered, owner_id)
WHERE p.id = x.id
"""
TELL_MORE = """
UPDATE person p SET name_sealed = x.name, phone_sealed = x.phone, identity_sealed = x.identity, phone_last4 = x.last4,
                    name_index = x.name_index, surname_index = x.surname_index, phone_index = x.phone_index,
                    identity_index = x.identity_index, index_key = x.index_key, version = p.version + 1
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::text[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[],
            $10::text[])
     AS x(id, name, phone, identity, last4, name_index, surname_index, phone_index, identity_index, index_key)
WHERE p.id = x.id
"""
COLUMNS: dict[str, tuple[str, ...]] = {
    "building": ("id", "compound_id", "region_path", "no", "created_at"),
    "entrance": ("id", "compound_id", "region_path", "building_id", "no", "created_at"),
    "person": ("id", "compound_id", "region_path", "synthetic", "created_at", *sealing.COLUMNS),
    "voting_owner": ("id", "compound_id", "region_path", "kind", "title", "set_key", "created_at"),
    "owner_member": ("voting_owner_id", "person_id"),
    "property": (
        "id", "compound_id", "region_path", "building_id", "entrance_id", "door_no", "kind", *AREAS, "voting_owner_id",
        "created_at",
    ),
    "title_transfer": (
        "id", "compound_id", "region_path", "property_id", "act", "from_owner_id", "to_owner_id", "effective_on",
        "document", "recorded_by", "recorded_at",
    ),
}  # fmt: skip
"""What is copied in, in an order that no reference minds."""

Door = tuple[str | None, str | None, str]


@dataclass(slots=True)
class Flat:
    """A property as the register has it or will have it. `last`: the day of its last transfer."""

    id: UUID
    kind: str
    areas: dict[str, Decimal | None]
    owner_id: UUID = NOBODY
    last: date | None = None

    def take(self, kind: str, areas: Mapping[str, Decimal]) -> bool:
        """Takes what a row says; whether that differs."""
        differs = kind != self.kind or any(self.areas[key] != area for key, area in areas.items())
        self.kind = kind
        self.areas.update(areas)
        return differs


@dataclass(slots=True)
class Register:
    """A compound's register. People are opened when somebody asks for them. `merged`: what was merged into an entry;
    `numbered`: the entries that an identity number stands in, under whatever name.
    """

    id: UUID
    region_path: str
    closed: bool
    buildings: dict[str, UUID] = field(default_factory=dict)
    entrances: dict[tuple[str, str], UUID] = field(default_factory=dict)
    flats: dict[Door, Flat] = field(default_factory=dict)
    heads: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    members: dict[UUID, list[UUID]] = field(default_factory=dict)
    people: "dict[UUID, asyncpg.Record | Particulars]" = field(default_factory=dict)
    merged: dict[UUID, list[UUID]] = field(default_factory=dict)
    by_number: dict[tuple[bytes, bytes], UUID] = field(default_factory=dict)
    numbered: dict[bytes, set[UUID]] = field(default_factory=dict)
    added: int = 0
    changed: int = 0

    def told(self, vault: Vault, person_id: UUID) -> Particulars:
        """The particulars of an entry."""
        row = self.people[person_id]
        if not isinstance(row, Particulars):
            row = self.people[person_id] = sealing.opened(vault, row)
        return row

    def ever_told(self, vault: Vault, person_id: UUID) -> list[Particulars]:
        """The same, and those of the entries that were merged into it: a file from before tells of these."""
        return [self.told(vault, one) for one in (person_id, *self.merged.get(person_id, ()))]

    def known(self, vault: Vault, told: Particulars) -> UUID | None:
        """The entry with that identity number and name."""
        if told.identity_number is None:
            return None
        for index in vault.indexes:
            number = index.of(sealing.IDENTITY, told.identity_number)
            name = index.of(sealing.NAME, told.name, within=self.id)
            if (number, name) in self.by_number:
                return self.by_number[number, name]
        return None

    def is_of_another(self, vault: Vault, told: Particulars, person_id: UUID | None) -> bool:
        """Whether the identity number stands in an entry already, and not in this one."""
        if told.identity_number is None:
            return False
        numbers = (index.of(sealing.IDENTITY, told.identity_number) for index in vault.indexes)
        holders = {one for number in numbers for one in self.numbered.get(number, ())}
        return bool(holders) and person_id not in holders

    def number(self, person_id: UUID, number: bytes, name: bytes) -> None:
        """Puts down the identity number of an entry."""
        self.by_number[number, name] = person_id
        self.numbered.setdefault(number, set()).add(person_id)

    def place(self, batch: "Batch", building: str | None, entrance: str | None) -> tuple[UUID | None, UUID | None]:
        """The building and entrance of these numbers, entered where they are not there yet."""
        if building is None:
            return None, None
        if building not in self.buildings:
            self.buildings[building] = batch.copy("building", self, building)
        building_id = self.buildings[building]
        if entrance is None:
            return building_id, None
        if (building, entrance) not in self.entrances:
            self.entrances[building, entrance] = batch.copy("entrance", self, building_id, entrance)
        return building_id, self.entrances[building, entrance]

    def head(self, batch: "Batch", key: str, kind: OwnerKind, title: str | None, person_ids: Sequence[UUID]) -> UUID:
        """The head of a set, made where there is none."""
        if key not in self.heads:
            owner_id = batch.copy("voting_owner", self, kind, title, key)
            self.heads[key] = owner_id, kind
            self.members[owner_id] = list(person_ids)
            batch.rows["owner_member"] += [(owner_id, person_id) for person_id in person_ids]
        return self.heads[key][0]


class Batch:
    """What some rows of a file amount to."""

    def __init__(self, uow: UnitOfWork, import_id: UUID) -> None:
        self._uow, self._import_id = uow, import_id
        self.rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
        self._changed: dict[UUID, Flat] = {}
        self._told: dict[UUID, tuple[Any, ...]] = {}

    def copy(self, table: str, register: Register, *values: Any) -> UUID:
        """Adds a row that ends with when it was entered; its id."""
        row_id = new_id()
        self.rows[table].append((row_id, register.id, register.region_path, *values, self._uow.now))
        return row_id

    def add(self, register: Register, flat: Flat, where: tuple[UUID | None, UUID | None], door: str) -> None:
        """Enters a property."""
        areas = (flat.areas[key] for key in AREAS)
        self.rows["property"].append(
            (flat.id, register.id, register.region_path, *where, door, flat.kind, *areas, flat.owner_id, self._uow.now)
        )

    def change(self, flat: Flat) -> None:
        """Changes a property."""
        self._changed[flat.id] = flat

    def enter(self, register: Register, told: Particulars, *, synthetic: bool) -> UUID:
        """Enters a person."""
        person_id = new_id()
        sealed = sealing.sealed(self._uow.vault, person_id, register.id, told)
        self.rows["person"].append((person_id, register.id, register.region_path, synthetic, self._uow.now, *sealed))
        self._know(register, person_id, told)
        return person_id

    def tell_more(self, register: Register, person_id: UUID, told: Particulars) -> None:
        """Adds what was not known of a person."""
        self._told[person_id] = sealing.sealed(self._uow.vault, person_id, register.id, told)
        self._know(register, person_id, told)

    def hand_over(
        self, register: Register, flat: Flat, act: TitleAct, before: UUID, on: date | None, document: str | None
    ) -> None:
        """Writes into the history that a property went to another head."""
        rests_on = document or f"import {self._import_id}"
        self.rows["title_transfer"].append(
            (new_id(), register.id, register.region_path, flat.id, act, before, flat.owner_id, on, rests_on,
             self._uow.actor.id, self._uow.now)
        )  # fmt: skip

    async def write(self) -> None:
        """Writes it all."""
        driver, changed = self._uow.driver, list(self._changed.values())
        async with inserting(driver):
            for table, columns in COLUMNS.items():
                if self.rows[table]:
                    await driver.copy_records_to_table(table, records=self.rows[table], columns=columns)
        if changed:
            areas = [[flat.areas[key] for flat in changed] for key in AREAS]
            ids, kinds = [flat.id for flat in changed], [flat.kind for flat in changed]
            await driver.execute(CHANGE, ids, kinds, *areas, [flat.owner_id for flat in changed])
        if self._told:
            columns_told = (list(column) for column in zip(*self._told.values(), strict=True))
            await driver.execute(TELL_MORE, list(self._told), *columns_told)

    def _know(self, register: Register, person_id: UUID, told: Particulars) -> None:
        register.people[person_id] = told
        if told.identity_number is not None:
            index = self._uow.vault.index
            number = index.of(sealing.IDENTITY, told.identity_number)
            register.number(person_id, number, index.of(sealing.NAME, told.name, within=register.id))


async def open_registers(uow: UnitOfWork, scope: Scope, nos: Sequence[str]) -> dict[str, Register | None]:
    """The registers of compounds of the scope by their numbers, locked; None for a number that none has."""
    driver = uow.driver
    rows = await driver.fetch(COMPOUNDS, nos, scope.lows, scope.highs)
    found = {row["no"]: Register(row["id"], row["region_path"], row["closed"]) for row in rows}
    by_id = {register.id: register for register in found.values()}
    ids = list(by_id)
    for row in await driver.fetch(BUILDINGS, ids):
        by_id[row["compound_id"]].buildings[row["no"]] = row["id"]
    for row in await driver.fetch(ENTRANCES, ids):
        by_id[row["compound_id"]].entrances[row["building"], row["no"]] = row["id"]
    for row in await driver.fetch(FLATS, ids):
        areas = {key: row[key] for key in AREAS}
        flat = Flat(row["id"], row["kind"], areas, row["voting_owner_id"], row["last"])
        by_id[row["compound_id"]].flats[row["building"], row["entrance"], row["door_no"]] = flat
    for row in await driver.fetch(HEADS, ids):
        by_id[row["compound_id"]].heads[row["set_key"]] = row["id"], row["kind"]
    for row in await driver.fetch(MEMBERS, ids):
        by_id[row["compound_id"]].members.setdefault(row["voting_owner_id"], []).append(row["person_id"])
    for row in await driver.fetch(PEOPLE, ids):
        register = by_id[row["compound_id"]]
        register.people[row["id"]] = row
        if row["merged_into_id"] is not None:
            register.merged.setdefault(row["merged_into_id"], []).append(row["id"])
        if row["identity_index"] is not None:  # the eldest of several that the queue shows stands for them
            register.number(row["merged_into_id"] or row["id"], row["identity_index"], row["name_index"])
    return {no: found.get(no) for no in nos}
