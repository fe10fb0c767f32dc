"""Routes of meetings: translate only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.consultations.meeting_schemas import (
    DoneIn,
    MeetingIn,
    MeetingOut,
    MeetingPage,
    MeetingQuery,
    MeetingSummary,
    MeetingSummaryPage,
    PublicMeeting,
    RecordIn,
)
from services.api.deps import IfMatch, Page, PageQuery, Reader, Uow, reply
from services.api.security import Access, requires
from services.core.consultations import meeting_queries, meetings
from services.core.consultations.bound import bound
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.territory.queries import bounds

router = APIRouter(tags=["meetings"])
NONE, NEWEST = UUID(int=0), UUID(int=2**128 - 1)
MOST = 20
"""Meetings on a page of everybody's, or a resident's, so that it fits the mini-program's 32 KB."""

Reading = Annotated[Access, requires(Permission.CONSULTATION_READ)]
Writing = Annotated[Access, requires(Permission.CONSULTATION_WRITE)]


@router.get("/v1/meetings", response_model=MeetingPage)
async def list_meetings(
    access: Reading, reader: Reader, page: Page, query: Annotated[MeetingQuery, Query()]
) -> Response:
    """Meetings of the caller's regions."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await meeting_queries.LIST.all(
        reader,
        compound_id=query.compound_id,
        project_id=query.project_id,
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **bounds(access.scope),
        **access.scope.parameters,
    )
    paths = {str(row["id"]): row["region_path"] for row in rows}
    items = [_shown(row).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (paths[row["id"]], row["id"]))


@router.post("/v1/meetings", status_code=201, response_model=MeetingOut)
async def record_meeting(access: Writing, uow: Uow, body: MeetingIn) -> Response:
    """Writes down a meeting."""
    meeting_id = await meetings.record(
        uow,
        scope=access.scope,
        compound_id=body.compound_id,
        project_id=body.project_id,
        plan_number=body.plan_number,
        written=body.record(),
    )
    return await _answer(access, uow, meeting_id, 201)


@router.get("/v1/meetings/{meeting_id}", response_model=MeetingOut)
async def get_meeting(access: Reading, reader: Reader, meeting_id: UUID) -> Response:
    """One meeting."""
    row = await meeting_queries.meeting_of(reader, scope=access.scope, meeting_id=meeting_id)
    content = _shown(row).model_dump_json()
    return Response(content, headers={"ETag": f'"{row["version"]}"'}, media_type="application/json")


@router.put("/v1/meetings/{meeting_id}", response_model=MeetingOut)
async def change_meeting(access: Writing, uow: Uow, meeting_id: UUID, version: IfMatch, body: RecordIn) -> Response:
    """Writes the record anew, until it is published."""
    await meetings.change(
        uow,
        scope=access.scope,
        meeting_id=meeting_id,
        version=version,
        project_id=body.project_id,
        plan_number=body.plan_number,
        written=body.record(),
    )
    return await _answer(access, uow, meeting_id, 200)


@router.post("/v1/meetings/{meeting_id}/publish", response_model=MeetingOut)
async def publish_meeting(access: Writing, uow: Uow, meeting_id: UUID, version: IfMatch) -> Response:
    """Everybody may read the record from now on."""
    await meetings.publish(uow, scope=access.scope, meeting_id=meeting_id, version=version)
    return await _answer(access, uow, meeting_id, 200)


@router.post("/v1/meetings/{meeting_id}/follow-ups/{follow_up_id}/done", response_model=MeetingOut)
async def mark_follow_up_done(
    access: Writing, uow: Uow, meeting_id: UUID, follow_up_id: UUID, body: DoneIn
) -> Response:
    """What the meeting left to do is done."""
    await meetings.follow_up_done(
        uow,
        scope=access.scope,
        meeting_id=meeting_id,
        follow_up_id=follow_up_id,
        done_on=body.done_on,
        result=body.result,
    )
    return await _answer(access, uow, meeting_id, 200)


@router.get("/v1/me/meetings", response_model=MeetingSummaryPage)
async def list_own_meetings(
    access: Annotated[Access, requires(Permission.RESIDENT_ACT)], reader: Reader, page: Page
) -> Response:
    """Meetings of the compounds that the caller is bound to, also those whose record is not published yet; at most 20 a page."""
    page = replace(page, limit=min(page.limit, MOST))
    (before,) = page.after((UUID,)) or (NEWEST,)
    own = await bound(reader, resident_id=access.principal.id)
    rows = await meeting_queries.OF_COMPOUNDS.all(
        reader, compound_ids=own.compounds, before=before, limit=page.limit + 1
    )
    return _summaries(page, rows)


@router.get("/v1/me/meetings/{meeting_id}", response_model=PublicMeeting)
async def get_own_meeting(
    access: Annotated[Access, requires(Permission.RESIDENT_ACT)], reader: Reader, meeting_id: UUID
) -> Response:
    """One meeting of a compound that the caller is bound to, its whole record."""
    own = await bound(reader, resident_id=access.principal.id)
    row = await meeting_queries.ONE_OF_COMPOUNDS.first(reader, meeting_id=meeting_id, compound_ids=own.compounds)
    if row is None:
        raise NotFound
    return Response(to_json(_public(row)), media_type="application/json")


@router.get("/public/meetings", response_model=MeetingSummaryPage, tags=["public"])
async def list_published_meetings(reader: Reader, page: Page, compound: Annotated[UUID, Query()]) -> Response:
    """Meetings of a compound whose records are published, the latest first; at most 20 a page."""
    page = replace(page, limit=min(page.limit, MOST))
    (before,) = page.after((UUID,)) or (NEWEST,)
    rows = await meeting_queries.PUBLIC.all(reader, compound_id=compound, before=before, limit=page.limit + 1)
    return _summaries(page, rows)


@router.get("/public/meetings/{meeting_id}", response_model=PublicMeeting, tags=["public"])
async def get_published_meeting(reader: Reader, meeting_id: UUID) -> Response:
    """One published record."""
    row = await meeting_queries.PUBLIC_ONE.first(reader, meeting_id=meeting_id)
    if row is None:
        raise NotFound
    shown = PublicMeeting.model_validate({**row, "follow_ups": row["follow_ups"] or []})
    return Response(shown.model_dump_json(), media_type="application/json")


def _summaries(page: PageQuery, rows: Sequence[Mapping[str, Any]]) -> Response:
    items = [MeetingSummary.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["id"],))


async def _answer(access: Access, uow: Uow, meeting_id: UUID, status: int) -> Response:
    row = await meeting_queries.meeting_of(uow.driver, scope=access.scope, meeting_id=meeting_id)
    location = f"/v1/meetings/{meeting_id}" if status == 201 else None
    return reply(uow, status, _shown(row), version=row["version"], location=location)


def _shown(row: Mapping[str, Any]) -> MeetingOut:
    return MeetingOut.model_validate({**row, "follow_ups": row["follow_ups"] or []})


def _public(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = PublicMeeting.model_validate({**row, "follow_ups": row["follow_ups"] or []})
    return shown.model_dump(mode="json")
