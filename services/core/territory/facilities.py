"""The condition of a compound's facilities: the whole list is written at once, what changed becomes history, and the share of
defective items of each category is counted (domain.md S1).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.core.facts import service as facts
from services.core.facts.rules import Kind
from services.core.kit.calendar import day_of
from services.core.kit.errors import InputInvalid
from services.core.kit.exact import decimal_text
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.territory import queries, rules
from services.core.territory.events import FacilitiesRecorded
from services.core.territory.rules import Category, Facility, is_defective

if TYPE_CHECKING:
    import asyncpg

SOURCE = "compound.facilities"
MAX_ITEMS = 200

NAMES = tuple(field.name for field in fields(Facility))
SUPERSEDE = "UPDATE facility SET superseded_at = $2 WHERE id = ANY ($1::uuid[])"
VERSION_UP = "UPDATE compound SET version = version + 1 WHERE id = $1"


def fact_key(category: Category) -> str:
    """The fact that says what share of a category's items is defective."""
    return f"facilities.{category}.defect_share"


async def record_facilities(
    uow: UnitOfWork, *, scope: Scope, compound_id: UUID, version: int, facilities: Sequence[Facility]
) -> None:
    """Replaces the list of a compound's facilities. The same list again changes nothing.

    InputInvalid names every wrong place; NotFound outside the scope; VersionStale when the compound has changed since. In the same
    transaction `facilities.<category>.defect_share` is pushed as counted, in place of what anybody attested: defective items over
    items on record. A category without items is not counted, and what was attested about it holds again.
    """
    errors = rules.facility_errors(facilities, today=day_of(uow.now))
    if errors:
        raise InputInvalid(errors=errors)
    compound = await queries.locked(uow.driver, scope=scope, compound_id=compound_id, version=version)
    held = {_facility(row): row["id"] for row in await queries.FACILITIES.all(uow.driver, compound_id=compound_id)}
    kept = set(facilities)
    gone = [facility_id for facility, facility_id in held.items() if facility not in kept]
    new = [facility for facility in facilities if facility not in held]
    if not gone and not new:
        return
    added = [(new_id(), facility) for facility in new]
    await uow.driver.execute(SUPERSEDE, gone, uow.now)
    await uow.driver.copy_records_to_table(
        "facility",
        records=[
            (facility_id, compound_id, *astuple(facility), uow.now, uow.actor.id) for facility_id, facility in added
        ],
        columns=("id", "compound_id", *NAMES, "recorded_at", "recorded_by"),
    )
    await uow.driver.execute(VERSION_UP, compound_id)
    await _count(uow, compound, await queries.FACILITIES.all(uow.driver, compound_id=compound_id))
    uow.record(
        FacilitiesRecorded(
            version=version + 1,
            items=len(facilities),
            defective=sum(is_defective(facility.condition, facility.severity) for facility in facilities),
        ),
        subject="compound",
        subject_id=compound_id,
        region_path=compound["region_path"],
    )


async def _count(uow: UnitOfWork, compound: "asyncpg.Record", rows: "list[asyncpg.Record]") -> None:
    """Pushes the shares of the categories that have items, and withdraws those of the others."""
    of_category: dict[Category, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        of_category[Category(row["category"])].append(row)
    await facts.push(
        uow,
        [
            facts.NewFact(
                subject_type="compound",
                subject_id=compound["id"],
                region_path=compound["region_path"],
                key=fact_key(category),
                value=decimal_text(defect_share(items)),
                kind=Kind.COUNTED,
                source=SOURCE,
                source_rows=[
                    {"facility_id": str(item["id"]), "defective": is_defective(item["condition"], item["severity"])}
                    for item in items
                ],
                observed_on=min(item["observed_on"] for item in items),  # as old as the oldest observation in it
            )
            for category, items in of_category.items()
        ],
    )
    uncounted = [fact_key(category) for category in Category if category not in of_category]
    await facts.withdraw(uow, subject_ids=[compound["id"]], source=SOURCE, keys=uncounted)


def defect_share(items: Sequence[Mapping[str, Any]]) -> Fraction:
    """Defective items over items, exactly."""
    return Fraction(sum(is_defective(item["condition"], item["severity"]) for item in items), len(items))


def _facility(row: "asyncpg.Record") -> Facility:
    return Facility(**{name: row[name] for name in NAMES})
