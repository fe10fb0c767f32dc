"""Which properties a resident stands for now, and as what."""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.residents.queries import LIVE

if TYPE_CHECKING:
    import asyncpg

# Family of a tenant stand on the tenants' side.
BOUND = f"""
SELECT l.property_id, l.compound_id,
       array_agg(DISTINCT CASE WHEN head.kind = 'tenant' THEN 'tenant' ELSE l.kind::text END) AS kinds
FROM ({LIVE}) AS l LEFT JOIN binding head ON head.id = l.invited_by
WHERE l.resident_id = $1 GROUP BY l.property_id, l.compound_id
"""


class Bound:
    """The properties that one resident stands for, each as what; and the compounds that they lie in."""

    def __init__(self, rows: "list[asyncpg.Record]") -> None:
        self._kinds = {row["property_id"]: frozenset(row["kinds"]) for row in rows}
        self._compounds = {row["property_id"]: row["compound_id"] for row in rows}

    def __contains__(self, property_id: UUID) -> bool:
        return property_id in self._kinds

    @property
    def properties(self) -> list[UUID]:
        """Every one of them."""
        return list(self._kinds)

    @property
    def compounds(self) -> list[UUID]:
        """The compounds that they lie in."""
        return sorted(set(self._compounds.values()))

    def owns(self, property_id: UUID) -> bool:
        """Whether he stands for it as its owner."""
        return "owner" in self._kinds.get(property_id, ())

    @property
    def owned(self) -> list[UUID]:
        """Those for which he stands as their owner."""
        return [property_id for property_id in self._kinds if self.owns(property_id)]

    def only_rents(self, property_id: UUID) -> bool:
        """Whether he stands for it on the tenants' side alone."""
        return self._kinds.get(property_id) == frozenset({"tenant"})

    def lies_in(self, property_id: UUID, compound_id: UUID) -> bool:
        """Whether it is one of his, in this compound."""
        return self._compounds.get(property_id) == compound_id


async def bound(driver: "asyncpg.Connection", *, resident_id: UUID) -> Bound:
    """What a resident stands for now."""
    return Bound(await driver.fetch(BOUND, resident_id))
