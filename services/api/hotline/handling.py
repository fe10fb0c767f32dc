"""Routes of handling: notes, replies with their preview, closing, not taking up; the templates of replies. Translate only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.hotline.router import Handling, Reading, changed, reach_of
from services.api.hotline.schemas import ChangeTemplateIn, NoteIn, RejectIn, ReplyIn, TemplateIn
from services.api.hotline.shown import ComplaintOut, PreviewOut, TemplateOut, TemplatePage, TemplateQuery
from services.api.ownership.shown import FIRST
from services.api.security import Access, requires
from services.core.hotline import handling, templates
from services.core.identity.access import Permission

router = APIRouter(prefix="/v1", tags=["complaints"])
Wording = Annotated[Access, requires(Permission.COMPLAINT_ASSIGN)]


@router.post("/complaints/{complaint_id}/note", response_model=ComplaintOut)
async def note_complaint(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID, body: NoteIn) -> Response:
    """Writes down how it goes on, for staff or for its reporter too."""
    await handling.note(
        uow,
        reach=reach_of(access),
        complaint_id=complaint_id,
        version=match,
        text=body.text,
        public=body.public,
        file_ids=body.files,
        files_public=body.files_public,
    )
    return await changed(access, uow, complaint_id)


@router.post("/complaints/{complaint_id}/reply", response_model=ComplaintOut | PreviewOut)
async def reply_to_complaint(
    access: Handling,
    uow: Uow,
    match: IfMatch,
    complaint_id: UUID,
    body: ReplyIn,
    preview: Annotated[bool, Query(description="only show what would be sent")] = False,
) -> Response:
    """Answers its reporter, in own words or by a template; with `preview` nothing is sent, and open gaps are named."""
    if preview:
        composed = await handling.preview(uow, scope=access.scope, complaint_id=complaint_id, words=body.words())
        return reply(uow, 200, PreviewOut(text=composed.text, missing=composed.missing))
    await handling.reply(
        uow,
        reach=reach_of(access),
        complaint_id=complaint_id,
        version=match,
        words=body.words(),
        file_ids=body.files,
        files_public=body.files_public,
    )
    return await changed(access, uow, complaint_id)


@router.post("/complaints/{complaint_id}/close", response_model=ComplaintOut)
async def close_complaint(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID) -> Response:
    """Closes what was answered."""
    await handling.close(uow, reach=reach_of(access), complaint_id=complaint_id, version=match)
    return await changed(access, uow, complaint_id)


@router.post("/complaints/{complaint_id}/reject", response_model=ComplaintOut)
async def reject_complaint(access: Handling, uow: Uow, match: IfMatch, complaint_id: UUID, body: RejectIn) -> Response:
    """Does not take it up; its reporter is told why."""
    await handling.reject(uow, scope=access.scope, complaint_id=complaint_id, version=match, text=body.text)
    return await changed(access, uow, complaint_id)


@router.get("/reply-templates", response_model=TemplatePage)
async def list_templates(
    access: Reading, reader: Reader, page: Page, wanted: Annotated[TemplateQuery, Query()]
) -> Response:
    """Templates that may be used here: of the caller's regions, those below and those above them."""
    (after,) = page.after((UUID,)) or (FIRST,)
    scope = access.scope
    rows = await reader.fetch(templates.USABLE, after, scope.lows, scope.highs, wanted.category, page.limit + 1)
    items = [TemplateOut.model_validate(dict(row)).model_dump() for row in rows]
    return page.answer(items, lambda row: (row["id"],))


@router.post("/reply-templates", status_code=201, response_model=TemplateOut)
async def add_template(access: Wording, uow: Uow, body: TemplateIn) -> Response:
    """Words for everybody below a region; `{no}`, `{kind}`, `{received_on}` and `{today}` fill themselves, other gaps by hand."""
    template_id = await templates.add(uow, scope=access.scope, **dict(body))
    row = await templates.template_in(uow.driver, scope=access.scope, template_id=template_id)
    out = TemplateOut.model_validate(dict(row))
    return reply(uow, 201, out, version=1, location=f"/v1/reply-templates/{template_id}")


@router.get("/reply-templates/{template_id}", response_model=TemplateOut)
async def get_template(access: Wording, reader: Reader, template_id: UUID) -> Response:
    """One template of the caller's regions, to be reworded."""
    row = await templates.template_in(reader, scope=access.scope, template_id=template_id)
    out = TemplateOut.model_validate(dict(row))
    return Response(out.model_dump_json(), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.put("/reply-templates/{template_id}", response_model=TemplateOut)
async def change_template(
    access: Wording, uow: Uow, match: IfMatch, template_id: UUID, body: ChangeTemplateIn
) -> Response:
    """Rewords or retires a template; what was sent stays as it was sent."""
    await templates.change(uow, scope=access.scope, template_id=template_id, version=match, **dict(body))
    row = await templates.template_in(uow.driver, scope=access.scope, template_id=template_id)
    return reply(uow, 200, TemplateOut.model_validate(dict(row)), version=match + 1)
