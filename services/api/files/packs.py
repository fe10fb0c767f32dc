"""What routes of other domains need to hand out a subject's evidence: `GET /v1/inspections/{id}/evidence-pack` and its like.

Whether the caller may have it is the route's matter; it asks before. The giving is audited before the first byte leaves.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import StreamingResponse

from services.core.files import queries
from services.core.files.events import EvidencePacked
from services.core.files.packing import pack
from services.core.files.whereabouts import Fence
from services.core.identity.access import Principal
from services.core.kit.uow import Actor, Database

ZIP = {200: {"content": {"application/zip": {}}, "description": "Originals and manifest.json"}}
"""For the route's `responses`."""


async def evidence_pack(
    request: Request,
    principal: Principal,
    *,
    subject_type: str,
    subject_id: UUID,
    region_path: str,
    fence: Fence | None = None,
    about: Mapping[str, Any] | None = None,
) -> StreamingResponse:
    """The originals of a subject as a streamed ZIP with a manifest. `about`: what its head says besides; no personal data.

    The route takes neither Reader nor Uow beside it: nothing holds a connection while bytes travel.
    """
    database: Database = request.app.state.database
    async with database.begin(Actor(principal.kind, principal.id, request.scope["request_id"])) as uow:
        files = await uow.driver.fetchval(queries.COUNT_OF_SUBJECT, subject_type, subject_id)
        uow.record(EvidencePacked(files=files), subject=subject_type, subject_id=subject_id, region_path=region_path)
        now, storage = uow.now, uow.storage
    chunks = pack(
        database,
        storage,
        subject_type=subject_type,
        subject_id=subject_id,
        fence=fence,
        now=now,
        about=about or {},
    )
    headers = {
        "Content-Disposition": f'attachment; filename="evidence-{subject_id}.zip"',
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return StreamingResponse(chunks, headers=headers, media_type="application/zip")
