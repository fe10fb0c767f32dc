"""What is printed of a consultation, as plain data: the doors of a round, whole, and what they are asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.consultations import queries, targets
from services.core.consultations.errors import TooManyDoors
from services.core.consultations.rules import Matter
from services.core.consultations.targets import Wanted
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.kit.vault import Vault
from services.core.policy import queries as policies
from services.core.policy.schema import Policy

if TYPE_CHECKING:
    import asyncpg

MOST_FORMS = 200
"""Most forms of one file: a building or two."""

MOST_ROWS = 5_000
"""Most doors of a sheet; of a larger compound one building at a time."""

PROJECT_TITLE = "SELECT title FROM project WHERE id = $1"


@dataclass(frozen=True, slots=True)
class Printed:
    """A consultation, one round of it, doors with their owners masked, and the duties where it is about those."""

    consultation: Mapping[str, Any]
    asking: Mapping[str, Any]
    doors: list[dict[str, Any]]
    duties: list[str]


async def doors_of(
    driver: "asyncpg.Connection",
    vault: Vault,
    *,
    scope: Scope,
    consultation_id: UUID,
    number: int,
    wanted: Wanted,
    most: int,
) -> Printed:
    """The doors of a round. NotFound outside the scope and for a round that has not begun; TooManyDoors past `most`."""
    asked = await about(driver, scope=scope, consultation_id=consultation_id, number=number)
    rows = await targets.page(
        driver,
        consultation_id=consultation_id,
        number=number,
        wanted=wanted,
        after=targets.BEFORE_ALL,
        limit=most + 1,
    )
    if len(rows) > most:
        raise TooManyDoors.at("?building_id", zh=f"至多 {most} 户", en=f"at most {most} doors")
    doors = [{**row, "owners": targets.owners(vault, row)} for row in rows]
    return Printed(asked.consultation, asked.asking, doors, asked.duties)


async def about(
    driver: "asyncpg.Connection", *, scope: Scope, consultation_id: UUID, number: int | None = None
) -> Printed:
    """The same without any door; of the current round where no number is given."""
    row = await queries.consultation_of(driver, scope=scope, consultation_id=consultation_id)
    asking = await queries.ROUND.first(driver, consultation_id=consultation_id, number=number or row["round"])
    if asking is None:
        raise NotFound
    title = None if row["project_id"] is None else await driver.fetchval(PROJECT_TITLE, row["project_id"])
    duties: list[str] = []
    if row["matter"] == Matter.DUTIES:
        stored = await policies.by_id(driver, version_id=row["policy_version_id"])
        agreed = Policy.model_validate(stored.body).duties
        duties = [] if agreed is None else [duty.title for duty in agreed.items]
    return Printed({**row, "project_title": title}, asking, [], duties)
