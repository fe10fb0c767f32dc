"""Who reads the files of complaints and of the lines of their history: staff of the region, and who made the complaint."""

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
    return _may(principal, await connection.fetchrow(queries.READ_BY, subject_id), public=public)


@reads(sealing.ENTRY)
async def of_entry(connection: "asyncpg.Connection", principal: Principal, subject_id: UUID, *, public: bool) -> bool:
    """What came with a note, a reply or an addition: its reporter sees what he may read."""
    return _may(principal, await connection.fetchrow(queries.ENTRY_READ_BY, subject_id), public=public)


def _may(principal: Principal, row: "asyncpg.Record | None", *, public: bool) -> bool:
    if row is None:
        return False
    if principal.kind == "resident":
        return public or (row["resident_id"] == principal.id and row["public"])
    return principal.scope(Permission.COMPLAINT_READ).covers(row["region_path"])
