"""Who reads the files of complaints and of the lines of their history: staff of the region, and who made the complaint.

A public one is so for him alone: signed in he reads it here, with the complaint's code at `/public/complaints/{code}/files`.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from services.api.files.readers import reads
from services.core.hotline import queries, sealing
from services.core.identity.access import Permission, Principal

if TYPE_CHECKING:
    import asyncpg


@reads(sealing.COMPLAINT)
async def of_complaint(
    connection: "asyncpg.Connection", principal: Principal, subject_id: UUID, *, public: bool
) -> bool:
    """What came with the complaint."""
    del public
    return _may(principal, await connection.fetchrow(queries.READ_BY, subject_id))


@reads(sealing.ENTRY)
async def of_entry(connection: "asyncpg.Connection", principal: Principal, subject_id: UUID, *, public: bool) -> bool:
    """What came with a note, a reply or an addition: its reporter sees what he may read."""
    del public
    return _may(principal, await connection.fetchrow(queries.ENTRY_READ_BY, subject_id))


def _may(principal: Principal, row: "asyncpg.Record | None") -> bool:
    if row is None:
        return False
    if principal.kind == "resident":
        return bool(row["resident_id"] == principal.id and row["public"])
    return principal.scope(Permission.COMPLAINT_READ).covers(row["region_path"])
