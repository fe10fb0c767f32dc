"""A compound's register in one go: buildings, entrances, doors and their owners, sealed as the register seals them."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database, UnitOfWork
from services.core.kit.vault import Vault
from services.core.ownership.rules import persons_key

BIND = """
INSERT INTO binding (id, resident_id, property_id, person_id, kind, assurance, since) VALUES ($1, $2, $3, $4, $5, 'code', now())
"""
TENANT = """
INSERT INTO tenancy (id, compound_id, region_path, property_id, person_id, since, version, recorded_at)
SELECT $1, compound_id, region_path, id, $2, DATE '2026-01-01', 1, now() FROM property WHERE id = $3
"""


@dataclass(slots=True)
class Door:
    """A property and the person who owns it."""

    property_id: UUID
    person_id: UUID
    owner_id: UUID
    entrance_id: UUID


@dataclass(slots=True)
class Roll:
    """What was entered, by building, entrance and door number."""

    compound_id: UUID
    doors: dict[tuple[str, str, str], Door] = field(default_factory=dict)

    @property
    def properties(self) -> list[UUID]:
        """Every property, in the order of doors."""
        return [self.doors[key].property_id for key in sorted(self.doors)]


async def enter_roll(
    database: Database,
    compound_id: UUID,
    doors: dict[tuple[str, str, str], tuple[str, str | None]],
    *,
    kind: str = "dwelling",
) -> Roll:
    """Doors by (building, entrance, door): each with its owner's name and exclusive area. The same name is the same person."""
    roll = Roll(compound_id)
    async with database.begin(SYSTEM) as uow:
        path = await uow.driver.fetchval("SELECT region_path FROM compound WHERE id = $1", compound_id)
        at = (compound_id, path, uow.now)
        buildings = {no: new_id() for no in sorted({key[0] for key in doors})}
        entrances = {pair: new_id() for pair in sorted({key[:2] for key in doors})}
        names = sorted({name for name, _ in doors.values()})
        people, owners = {name: new_id() for name in names}, {name: new_id() for name in names}
        await _copy(
            uow,
            "building",
            ("compound_id", "region_path", "created_at", "id", "no"),
            [(*at, one, no) for no, one in buildings.items()],
        )
        await _copy(
            uow,
            "entrance",
            ("compound_id", "region_path", "created_at", "id", "no", "building_id"),
            [(*at, one, no, buildings[building]) for (building, no), one in entrances.items()],
        )
        await _copy(
            uow,
            "person",
            (
                "compound_id", "region_path", "created_at", "id", "name_sealed", "name_index", "surname_index", "index_key",
            ),
            [(*at, one, *_sealed(uow.vault, one, compound_id, name)) for name, one in people.items()],
        )  # fmt: skip
        await _copy(
            uow,
            "voting_owner",
            ("compound_id", "region_path", "created_at", "id", "kind", "set_key"),
            [(*at, one, "persons", persons_key([people[name]])) for name, one in owners.items()],
        )
        await _copy(
            uow,
            "owner_member",
            ("voting_owner_id", "person_id"),
            [(owners[name], people[name]) for name in names],
        )
        for key, (name, _) in doors.items():
            roll.doors[key] = Door(new_id(), people[name], owners[name], entrances[key[0], key[1]])
        await _copy(
            uow,
            "property",
            (
                "compound_id", "region_path", "created_at", "id", "building_id", "entrance_id", "door_no", "kind",
                "area_by_register", "voting_owner_id",
            ),
            [
                (
                    *at, roll.doors[key].property_id, buildings[key[0]], entrances[key[0], key[1]], key[2], kind,
                    None if area is None else Decimal(area), owners[name],
                )
                for key, (name, area) in doors.items()
            ],
        )  # fmt: skip
    return roll


async def bind(database: Database, resident_id: UUID, door: Door, kind: str = "owner") -> None:
    """The resident stands for a door, as its owner or as its tenant."""
    async with database.begin(SYSTEM) as uow:
        if kind == "tenant":
            await uow.driver.execute(TENANT, new_id(), door.person_id, door.property_id)
        await uow.driver.execute(BIND, new_id(), resident_id, door.property_id, door.person_id, kind)


def _sealed(vault: Vault, person_id: UUID, compound_id: UUID, name: str) -> tuple[object, ...]:
    index = vault.index
    return (
        vault.cipher.seal(name.encode(), table="person", column="name", row=person_id),
        index.of("name", name, within=compound_id),
        index.of("surname", name[:1], within=compound_id),
        index.key_id,
    )


async def _copy(uow: UnitOfWork, table: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    await uow.driver.copy_records_to_table(table, records=rows, columns=list(columns))
