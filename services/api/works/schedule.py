"""Routes of areas, conflicts and times without works: translate only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.api.works.router import by_id, listed
from services.api.works.schedule_schemas import (
    AreaIn,
    AreaOut,
    AreaPage,
    BlackoutChangeIn,
    BlackoutIn,
    BlackoutOut,
    BlackoutPage,
    BlackoutQuery,
    ConflictOut,
    ConflictPage,
    ConflictQuery,
    HoldingOut,
)
from services.core.identity.access import Permission
from services.core.works import blackouts, queries, schedule

router = APIRouter(prefix="/v1", tags=["works"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SITE_READ)]
Writing = Annotated[Access, requires(Permission.WORKS_WRITE)]
Setting = Annotated[Access, requires(Permission.BLACKOUT_WRITE)]


@router.get("/projects/{project_id}/site/areas", response_model=AreaPage)
async def list_areas(
    access: Reading, reader: Reader, page: Page, project_id: UUID, _query: Annotated[PageOnly, Query()]
) -> Response:
    """The parts of a site by their names."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(schedule.AREAS, project_id, after, page.limit + 1)
    return page.answer(listed(AreaOut, rows), by_id)


@router.post("/projects/{project_id}/site/areas", status_code=201, response_model=AreaOut)
async def add_area(access: Writing, uow: Uow, project_id: UUID, body: AreaIn) -> Response:
    """A part of the site that plans can name."""
    made = await schedule.add_area(uow, scope=access.scope, project_id=project_id, title=body.title)
    row = await uow.driver.fetchrow(schedule.AREA, project_id, made)
    return reply(uow, 201, AreaOut.model_validate(dict(row)))


@router.get("/projects/{project_id}/site/conflicts", response_model=ConflictPage)
async def list_conflicts(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[ConflictQuery, Query()]
) -> Response:
    """Works that meet in place and time, and ground that is opened twice."""
    area, one, other = page.after((UUID, UUID, UUID)) or (NONE, NONE, NONE)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(schedule.CONFLICTS, project_id, area, one, other, page.limit + 1, query.subject_id)
    return page.answer(listed(ConflictOut, rows), lambda row: (row["area_id"], row["one_id"], row["other_id"]))


@router.get("/projects/{project_id}/site/blackouts", response_model=HoldingOut)
async def list_holding(access: Reading, reader: Reader, project_id: UUID) -> Response:
    """The days on which this site rests between its planned beginning and end."""
    site = await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await blackouts.holding(
        reader,
        region_path=site["region_path"],
        starts_on=site["planned_start"],
        ends_on=site["planned_end"],
        machines=True,
    )
    out = HoldingOut(items=[BlackoutOut.model_validate(dict(row)) for row in rows])
    return Response(out.model_dump_json(), media_type="application/json")


@router.get("/blackouts", response_model=BlackoutPage)
async def list_blackouts(
    access: Reading, reader: Reader, page: Page, query: Annotated[BlackoutQuery, Query()]
) -> Response:
    """Days of rest of the caller's regions and of those around them."""
    (after,) = page.after((UUID,)) or (NONE,)
    scope = access.scope
    rows = await reader.fetch(
        blackouts.PAGE, after, scope.lows, scope.highs, True, query.kind, query.lifted, query.from_day, page.limit + 1
    )
    return page.answer(listed(BlackoutOut, rows), by_id)


@router.post("/blackouts", status_code=201, response_model=BlackoutOut)
async def set_blackout(access: Setting, uow: Uow, body: BlackoutIn) -> Response:
    """All sites of a region rest then, wholly or with their machines."""
    made = await blackouts.set_rest(uow, scope=access.scope, region_id=body.region_id, rest=body.rest())
    return await _answer(access, uow, made, 201)


@router.get("/blackouts/{blackout_id}", response_model=BlackoutOut)
async def get_blackout(access: Reading, reader: Reader, blackout_id: UUID) -> Response:
    """One of them."""
    row = await blackouts.one_of(reader, scope=access.scope, blackout_id=blackout_id)
    content = BlackoutOut.model_validate(dict(row)).model_dump_json()
    return Response(content, headers={"ETag": etag(row["version"])}, media_type="application/json")


@router.put("/blackouts/{blackout_id}", response_model=BlackoutOut)
async def change_blackout(
    access: Setting, uow: Uow, blackout_id: UUID, version: IfMatch, body: BlackoutChangeIn
) -> Response:
    """Puts it right. Plans that were made before stay as they are."""
    await blackouts.change(uow, scope=access.scope, blackout_id=blackout_id, version=version, rest=body.rest())
    return await _answer(access, uow, blackout_id, 200)


@router.post("/blackouts/{blackout_id}/lift", response_model=BlackoutOut)
async def lift_blackout(access: Setting, uow: Uow, blackout_id: UUID, version: IfMatch) -> Response:
    """It holds no more."""
    await blackouts.lift(uow, scope=access.scope, blackout_id=blackout_id, version=version)
    return await _answer(access, uow, blackout_id, 200)


async def _answer(access: Access, uow: Uow, blackout_id: UUID, status: int) -> Response:
    row = await blackouts.one_of(uow.driver, scope=access.scope, blackout_id=blackout_id)
    location = f"/v1/blackouts/{blackout_id}" if status == 201 else None
    return reply(uow, status, BlackoutOut.model_validate(dict(row)), version=row["version"], location=location)
