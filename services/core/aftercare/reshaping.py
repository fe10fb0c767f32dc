"""Merging and splitting compounds, as far as household visits have a say in it."""

from collections.abc import Sequence
from uuid import UUID

from services.core.aftercare.errors import CompoundVisited
from services.core.kit.uow import UnitOfWork

# Whoever begins a campaign holds the compound's key; the caller holds its row.
UNDER_WAY = "SELECT EXISTS (SELECT 1 FROM visit_campaign WHERE compound_id = ANY ($1::uuid[]) AND status = 'open')"


async def refuse_visited(uow: UnitOfWork, *, compound_ids: Sequence[UUID]) -> None:
    """CompoundVisited while households of one of these compounds are visited: they would leave the campaign in its midst.

    To be called where the compounds' rows are held.
    """
    if await uow.driver.fetchval(UNDER_WAY, list(compound_ids)):
        raise CompoundVisited
