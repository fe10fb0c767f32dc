"""Merging and splitting compounds, as far as consultations have a say in it."""

from collections.abc import Sequence
from uuid import UUID

from services.core.consultations.errors import CompoundConsulted
from services.core.kit.uow import UnitOfWork

# Whoever begins a consultation, or asks for a lift, holds the compound's key; the caller holds its row.
UNDER_WAY = """
SELECT EXISTS (SELECT 1 FROM consultation WHERE compound_id = ANY ($1::uuid[]) AND status = 'open')
    OR EXISTS (SELECT 1 FROM lift_request WHERE compound_id = ANY ($1::uuid[]) AND consultation_id IS NULL)
"""


async def refuse_under_way(uow: UnitOfWork, *, compound_ids: Sequence[UUID]) -> None:
    """CompoundConsulted while residents of one of these compounds are asked, or wait for a lift's consultation to begin.

    Their doors would leave the consultation in its midst. To be called where the compounds' rows are held.
    """
    if await uow.driver.fetchval(UNDER_WAY, list(compound_ids)):
        raise CompoundConsulted
