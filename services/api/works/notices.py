"""Routes of notices at a site and of objections to its works: translate only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.api.works.notice_schemas import (
    SiteAnswerIn,
    SiteNoticeIn,
    SiteNoticeOut,
    SiteNoticePage,
    SiteNoticeQuery,
    SiteObjectionIn,
    SiteObjectionOut,
    SiteObjectionPage,
    SiteObjectionQuery,
    TakeBackIn,
)
from services.api.works.router import by_id, listed
from services.core.identity.access import Permission
from services.core.works import notices, queries

router = APIRouter(prefix="/v1/projects/{project_id}", tags=["works"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SITE_READ)]
Writing = Annotated[Access, requires(Permission.WORKS_WRITE)]
Answering = Annotated[Access, requires(Permission.SITE_WRITE)]


@router.get("/notices", response_model=SiteNoticePage)
async def list_notices(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[SiteNoticeQuery, Query()]
) -> Response:
    """Notices at a site."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(notices.NOTICES, project_id, after, page.limit + 1, query.withdrawn)
    return page.answer(listed(SiteNoticeOut, rows), by_id)


@router.post("/notices", status_code=201, response_model=SiteNoticeOut)
async def post_notice(access: Writing, uow: Uow, project_id: UUID, body: SiteNoticeIn) -> Response:
    """A notice hangs at the site, open to objections for as many working days as the policy says, or not at all."""
    made = await notices.post(
        uow, scope=access.scope, project_id=project_id, notice=body.notice(), file_ids=body.file_ids
    )
    return await _notice(uow, project_id, made, 201)


@router.post("/notices/{site_notice_id}/withdraw", response_model=SiteNoticeOut)
async def withdraw_notice(
    access: Writing, uow: Uow, project_id: UUID, site_notice_id: UUID, body: TakeBackIn
) -> Response:
    """One that was wrong hangs no more; a right one is posted anew."""
    await notices.withdraw(uow, scope=access.scope, project_id=project_id, notice_id=site_notice_id, reason=body.reason)
    return await _notice(uow, project_id, site_notice_id, 200)


@router.get("/objections", response_model=SiteObjectionPage)
async def list_objections(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[SiteObjectionQuery, Query()]
) -> Response:
    """Objections to the works of a site."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(notices.OBJECTIONS, project_id, after, page.limit + 1, query.state, query.notice_id)
    return page.answer(listed(SiteObjectionOut, rows), by_id)


@router.post("/objections", status_code=201, response_model=SiteObjectionOut)
async def receive_objection(access: Writing, uow: Uow, project_id: UUID, body: SiteObjectionIn) -> Response:
    """An objection came in; its answer is due by the policy."""
    made = await notices.receive(uow, scope=access.scope, project_id=project_id, **body.model_dump())
    return await _objection(uow, project_id, made, 201)


@router.post("/objections/{site_objection_id}/answer", response_model=SiteObjectionOut)
async def answer_objection(
    access: Answering, uow: Uow, project_id: UUID, site_objection_id: UUID, body: SiteAnswerIn
) -> Response:
    """It is upheld or rejected, or was withdrawn; with words, for good."""
    await notices.answer(
        uow,
        scope=access.scope,
        project_id=project_id,
        objection_id=site_objection_id,
        state=body.state,
        text=body.answer,
        document=body.document,
    )
    return await _objection(uow, project_id, site_objection_id, 200)


async def _notice(uow: Uow, project_id: UUID, notice_id: UUID, status: int) -> Response:
    row = await notices.notice_of(uow.driver, project_id=project_id, notice_id=notice_id)
    return reply(uow, status, SiteNoticeOut.model_validate(dict(row)))


async def _objection(uow: Uow, project_id: UUID, objection_id: UUID, status: int) -> Response:
    row = await notices.objection_of(uow.driver, project_id=project_id, objection_id=objection_id)
    return reply(uow, status, SiteObjectionOut.model_validate(dict(row)))
