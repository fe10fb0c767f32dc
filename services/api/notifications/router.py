"""The inbox of staff and residents: everybody's own messages, nobody else's."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.api.deps import Page, Reader, Uow, reply
from services.api.notifications.schemas import MessageOut, MessagePage, ReadAllIn, ReadAllOut, UnreadCount
from services.api.security import Access, requires
from services.core.identity.access import Permission
from services.core.kit import paging
from services.core.notifications import queries, service

router = APIRouter(prefix="/v1/messages", tags=["messages"])

Own = Annotated[Access, requires(Permission.ME)]


@router.get("", response_model=MessagePage)
async def list_messages(access: Own, reader: Reader, page: Page, unread: bool = False) -> Response:
    """The caller's messages, the newest first; `unread=true` for those not read yet."""
    after = page.after([paging.whole])
    statement = queries.UNREAD if unread else queries.INBOX
    rows = await statement.all(
        reader,
        recipient_id=access.principal.id,
        recipient_kind=access.principal.kind,
        before=after[0] if after else paging.GREATEST,
        limit=page.limit + 1,
    )
    items = [{name: row[name] for name in MessageOut.model_fields} for row in rows]
    numbers = {row["id"]: row["event_seq"] for row in rows}
    return page.answer(items, lambda item: [numbers[item["id"]]])


@router.get("/unread-count")
async def count_unread(access: Own, reader: Reader) -> UnreadCount:
    """How many of the caller's messages wait to be read."""
    row = await queries.UNREAD_COUNT.first(
        reader, recipient_id=access.principal.id, recipient_kind=access.principal.kind
    )
    return UnreadCount(unread=0 if row is None else row[0])


@router.post("/read-all", response_model=ReadAllOut)
async def read_all(access: Own, uow: Uow, body: ReadAllIn) -> Response:
    """Marks a message and every older one as read."""
    marked = await service.mark_all_read(
        uow, recipient_kind=access.principal.kind, recipient_id=access.principal.id, up_to=body.up_to
    )
    return reply(uow, 200, ReadAllOut(marked=marked))


@router.post("/{message_id}/read", response_model=MessageOut)
async def read_message(access: Own, uow: Uow, message_id: UUID) -> Response:
    """Marks one message as read. Reading it again changes nothing."""
    row = await service.mark_read(
        uow, recipient_kind=access.principal.kind, recipient_id=access.principal.id, message_id=message_id
    )
    return reply(uow, 200, MessageOut.model_validate(dict(row)))
