"""Which properties a resident stands for now: what binds him holds while the register says the same of his person."""

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    import asyncpg

# A binding of one's own (owner, tenant), or that of whoever invited one into the family.
BOUND = """
SELECT b.property_id, p.compound_id, array_agg(DISTINCT b.kind::text) AS kinds
FROM binding b
JOIN binding host ON host.id = coalesce(b.invited_by, b.id) AND host.ended_at IS NULL AND host.property_id = b.property_id
JOIN property p ON p.id = b.property_id AND p.closed_at IS NULL
WHERE b.resident_id = $1 AND b.ended_at IS NULL
  AND CASE host.kind
        WHEN 'owner' THEN EXISTS (SELECT 1 FROM owner_member m
                                  WHERE m.voting_owner_id = p.voting_owner_id AND m.person_id = host.person_id)
        WHEN 'tenant' THEN EXISTS (SELECT 1 FROM tenancy t WHERE t.property_id = p.id AND t.person_id = host.person_id
                                     AND (t.until IS NULL OR t.until >= (now() AT TIME ZONE 'Asia/Shanghai')::date))
        ELSE false END
GROUP BY b.property_id, p.compound_id
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

    def lies_in(self, property_id: UUID, compound_id: UUID) -> bool:
        """Whether it is one of his, in this compound."""
        return self._compounds.get(property_id) == compound_id


async def bound(driver: "asyncpg.Connection", *, resident_id: UUID) -> Bound:
    """What a resident stands for now."""
    return Bound(await driver.fetch(BOUND, resident_id))
