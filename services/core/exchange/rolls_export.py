"""The rows of a roll that goes out, page by page: the form that imports take, filled in; people masked, or revealed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.exchange.forms import AREA_SOURCES, OWNER_KINDS, PROPERTY_KINDS, YES_NO
from services.core.kit.scope import Scope
from services.core.kit.vault import Vault
from services.core.ownership import queries, sealing
from services.core.ownership.sealing import Masked, Particulars

if TYPE_CHECKING:
    import asyncpg

    from services.core.exchange.pages import Reading, Value

PAGE = 1000
PROPERTIES = """
SELECT p.compound_id, p.id, c.no, b.no AS building, e.no AS entrance, p.door_no, p.kind, p.exclusive_area,
       p.exclusive_area_source, p.registered_area, p.voting_owner_id, o.kind AS owner_kind, o.title
FROM property p JOIN compound c ON c.id = p.compound_id JOIN voting_owner o ON o.id = p.voting_owner_id
LEFT JOIN building b ON b.id = p.building_id LEFT JOIN entrance e ON e.id = p.entrance_id
WHERE p.region_path >= $1 AND p.region_path < $2 AND (p.compound_id, p.id) > ($3, $4) AND p.closed_at IS NULL
ORDER BY p.compound_id, p.id LIMIT $5
"""


@dataclass(frozen=True, slots=True)
class People:
    """How people are shown: opened with the vault, masked unless `revealed`."""

    vault: Vault
    revealed: bool = False

    def shown(self, row: "asyncpg.Record") -> Particulars | Masked:
        """A row of `person`."""
        return (sealing.opened if self.revealed else sealing.masked)(self.vault, row)


async def pages(reading: "Reading", region_path: str, people: People) -> "AsyncIterator[list[list[Value]]]":
    """A line for each open property; of its areas the one that decides."""
    within = Scope((region_path,))
    after = (UUID(int=0), UUID(int=0))
    while True:
        async with reading() as connection:
            rows = await connection.fetch(PROPERTIES, within.lows[0], within.highs[0], *after, PAGE)
            members = await connection.fetch(queries.MEMBERS, [row["voting_owner_id"] for row in rows])
        of: dict[UUID, list[asyncpg.Record]] = {}
        for member in members:
            of.setdefault(member["voting_owner_id"], []).append(member)
        if rows:
            yield [_line(row, of.get(row["voting_owner_id"], []), people) for row in rows]
        if len(rows) < PAGE:
            return
        after = (rows[-1]["compound_id"], rows[-1]["id"])


def _line(row: "asyncpg.Record", members: "list[asyncpg.Record]", people: People) -> "list[Value]":
    told = [people.shown(member) for member in members]
    source = row["exclusive_area_source"]
    return [
        row["no"], row["building"], row["entrance"], row["door_no"], PROPERTY_KINDS[row["kind"]][0],
        row["exclusive_area"], None if source is None else AREA_SOURCES[source][0], row["registered_area"],
        OWNER_KINDS[row["owner_kind"]][0], row["title"] or "、".join(one.name for one in told) or None,
        _listed([one.phone for one in told]), _listed([one.identity_number for one in told]), None, None,
        YES_NO[0] if members and all(member["synthetic"] for member in members) else None,
    ]  # fmt: skip


def _listed(entries: list[str | None]) -> str | None:
    return "、".join(entry or "-" for entry in entries) if any(entries) else None
