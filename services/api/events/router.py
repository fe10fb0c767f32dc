"""The feed of events to pull."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import Reader
from services.api.events.schemas import EventPage
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit import feed, paging

router = APIRouter(prefix="/v1", tags=["events"])

Kinds = Annotated[list[Annotated[str, Query(max_length=100)]] | None, Query(max_length=50)]


@router.get("/events", response_model=EventPage)
async def list_events(
    access: Annotated[Access, requires(Permission.EVENT_READ)],
    reader: Reader,
    kind: Kinds = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Events of the caller's regions in the order of their numbers, from the first one or from where a cursor points.

    Nothing is ever skipped: an event gets its number after its commit. A page may be empty and still have more behind it,
    because one call looks at a bounded stretch of numbers. Repeat `kind` to ask for several kinds.
    """
    after = 0 if cursor is None else paging.decode(cursor, [paging.whole])[0]
    page = await feed.read(reader, scope=access.scope, after=after, kinds=kind, limit=limit)
    body = {
        "items": [_told(row) for row in page.rows],
        "next_cursor": paging.encode([page.reached]),
        "has_more": page.has_more,
    }
    return Response(to_json(body), media_type="application/json")


def _told(row: Any) -> dict[str, Any]:
    return {
        "seq": row["seq"],
        "id": row["id"],
        "kind": row["kind"],
        "schema_version": row["schema_version"],
        "subject": {"type": row["subject_type"], "id": row["subject_id"]},
        "region_path": row["region_path"],
        "data": row["data"],
        "actor": {"kind": row["actor_kind"], "id": row["actor_id"]},
        "request_id": row["request_id"],
        "occurred_at": row["occurred_at"],
    }
