"""The roll of a vote: made from the register, stored, and told apart by its digest."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.exact import digest, exact_sum
from services.core.votes import queries
from services.core.votes.errors import RollEmpty, RollIncomplete, RollTampered

if TYPE_CHECKING:
    import asyncpg

# Who was told of a vote before its roll was made anew has to be told again.
FORGET = (
    "DELETE FROM vote_service WHERE vote_id = $1",
    "DELETE FROM roll_property WHERE vote_id = $1",
    "DELETE FROM roll_owner WHERE vote_id = $1",
)


@dataclass(frozen=True, slots=True)
class RollLine:
    """One property of the roll: whose head it counts to, its door, its exclusive area."""

    property_id: UUID
    owner_id: UUID
    kind: str
    door: str
    area: Decimal


@dataclass(frozen=True, slots=True)
class Roll:
    """All properties of a roll, by id."""

    properties: Sequence[RollLine]

    @property
    def owners(self) -> list[tuple[UUID, str, Decimal]]:
        """Every head: its id, its kind, the area of all its properties."""
        by_owner = sorted(self.properties, key=lambda line: line.owner_id)
        return [
            (owner_id, kind, exact_sum(line.area for line in lines))
            for (owner_id, kind), lines in groupby(by_owner, key=lambda line: (line.owner_id, line.kind))
        ]

    @property
    def area(self) -> Decimal:
        """The area of all."""
        return exact_sum(line.area for line in self.properties)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all lines, in the order of their ids."""
        lines = sorted(self.properties, key=lambda line: line.property_id)
        return digest(
            [
                {
                    "property": str(line.property_id),
                    "owner": str(line.owner_id),
                    "kind": line.kind,
                    "door": line.door,
                    "area": line.area,
                }
                for line in lines
            ]
        )


async def from_register(driver: "asyncpg.Connection", vote: "asyncpg.Record") -> Roll:
    """The roll of a vote's part of its compound as the register has it now; RollEmpty, RollIncomplete."""
    rows = await driver.fetch(queries.REGISTER, vote["compound_id"], vote["building_id"], vote["entrance_id"])
    if not rows:
        raise RollEmpty
    if without := sum(row["area"] is None for row in rows):
        raise RollIncomplete(without_area=without)
    return _roll(rows)


async def stored(driver: "asyncpg.Connection", vote_id: UUID) -> Roll:
    """The roll of a vote as it is stored."""
    return _roll(await driver.fetch(queries.ROLL_ROWS, vote_id))


def _roll(rows: "Sequence[asyncpg.Record]") -> Roll:
    return Roll([RollLine(row["property_id"], row["owner_id"], row["kind"], row["door"], row["area"]) for row in rows])


async def store(driver: "asyncpg.Connection", vote_id: UUID, roll: Roll) -> None:
    """The roll takes the place of the one before; both by COPY."""
    for forget in FORGET:
        await driver.execute(forget, vote_id)
    await driver.copy_records_to_table(
        "roll_owner",
        columns=["vote_id", "owner_id", "kind", "area"],
        records=[(vote_id, *owner) for owner in roll.owners],
    )
    await driver.copy_records_to_table(
        "roll_property",
        columns=["vote_id", "property_id", "owner_id", "door", "area"],
        records=[(vote_id, line.property_id, line.owner_id, line.door, line.area) for line in roll.properties],
    )


async def refuse_tampered(driver: "asyncpg.Connection", vote: "asyncpg.Record") -> None:
    """RollTampered when the stored roll is not the one that was published: whoever changed it went past this program."""
    if (await stored(driver, vote["id"])).digest != vote["roll_digest"]:
        raise RollTampered
