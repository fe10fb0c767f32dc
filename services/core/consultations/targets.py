"""Whom a round asks, as a list for those who go from door to door: names masked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.consultations import queries
from services.core.kit.errors import NotFound
from services.core.kit.vault import Vault
from services.core.ownership.rules import masked_name

if TYPE_CHECKING:
    import asyncpg

UNKNOWN = "—"
BEFORE_ALL = ("", "", "", UUID(int=0))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which doors of a round: those that do not agree now, of one building, of one entrance, one door; otherwise all."""

    waiting: bool = False
    building_id: UUID | None = None
    entrance_id: UUID | None = None
    property_id: UUID | None = None


async def page(
    driver: "asyncpg.Connection",
    *,
    consultation_id: UUID,
    number: int,
    wanted: Wanted,
    after: tuple[str, str, str, UUID],
    limit: int,
) -> "list[asyncpg.Record]":
    """Up to `limit` doors after a key (building, entrance, door, property). NotFound for a round that has not begun."""
    rows: list[asyncpg.Record] = await driver.fetch(
        queries.TARGETS,
        consultation_id,
        number,
        *after,
        wanted.waiting,
        wanted.building_id,
        wanted.entrance_id,
        wanted.property_id,
        limit,
    )
    if not rows and await queries.ROUND.first(driver, consultation_id=consultation_id, number=number) is None:
        raise NotFound
    return rows


def owners(vault: Vault, row: Mapping[str, Any]) -> list[str]:
    """Whose door it is: 王* for people, the title for an organisation, a dash for nobody knows whom."""
    if row["owner_kind"] == "unknown":
        return [UNKNOWN]
    if row["owner_title"] is not None:
        return [row["owner_title"]]
    people = zip(row["person_ids"], row["names_sealed"], strict=True)
    return [masked_name(_opened(vault, sealed, person_id)) for person_id, sealed in people]


def _opened(vault: Vault, sealed: bytes, person_id: UUID) -> str:
    return vault.cipher.open(sealed, table="person", column="name", row=person_id).decode()
