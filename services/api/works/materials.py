"""Routes of materials: the register, samples and certificates, batches. Translate only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.security import Access, requires
from services.api.works.material_schemas import (
    BatchIn,
    BatchOut,
    BatchPage,
    BatchQuery,
    CheckIn,
    MaterialIn,
    MaterialOut,
    MaterialPage,
    MaterialQuery,
    MaterialRecordIn,
    MaterialRecordOut,
    MaterialRecordPage,
    MaterialRecordQuery,
    ReasonIn,
)
from services.api.works.router import by_id, listed
from services.core.identity.access import Permission
from services.core.works import materials, queries
from services.core.works.rules import BatchState

router = APIRouter(prefix="/v1/projects/{project_id}/materials", tags=["works"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.SITE_READ)]
Writing = Annotated[Access, requires(Permission.WORKS_WRITE)]


@router.get("", response_model=MaterialPage)
async def list_materials(
    access: Reading, reader: Reader, page: Page, project_id: UUID, query: Annotated[MaterialQuery, Query()]
) -> Response:
    """The register of a site."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    rows = await reader.fetch(
        materials.PAGE, project_id, after, page.limit + 1, query.site_organisation_id, query.lacks
    )
    return page.answer(listed(MaterialOut, rows), by_id)


@router.post("", status_code=201, response_model=MaterialOut)
async def register_material(access: Writing, uow: Uow, project_id: UUID, body: MaterialIn) -> Response:
    """A material of the site."""
    made = await materials.register(uow, scope=access.scope, project_id=project_id, material=body.described())
    return await _material(uow, project_id, made, 201)


@router.get("/{material_id}", response_model=MaterialOut)
async def get_material(access: Reading, reader: Reader, project_id: UUID, material_id: UUID) -> Response:
    """One material."""
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    row = await materials.material_of(reader, project_id=project_id, material_id=material_id)
    content = MaterialOut.model_validate(dict(row)).model_dump_json()
    return Response(content, headers={"ETag": etag(row["version"])}, media_type="application/json")


@router.put("/{material_id}", response_model=MaterialOut)
async def change_material(
    access: Writing, uow: Uow, project_id: UUID, material_id: UUID, version: IfMatch, body: MaterialIn
) -> Response:
    """Puts a description right."""
    await materials.change(
        uow,
        scope=access.scope,
        project_id=project_id,
        material_id=material_id,
        version=version,
        material=body.described(),
    )
    return await _material(uow, project_id, material_id, 200)


@router.get("/{material_id}/records", response_model=MaterialRecordPage)
async def list_records(
    access: Reading,
    reader: Reader,
    page: Page,
    project_id: UUID,
    material_id: UUID,
    query: Annotated[MaterialRecordQuery, Query()],
) -> Response:
    """Samples, certificates and reports of a material, withdrawn ones among them."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    await materials.material_of(reader, project_id=project_id, material_id=material_id)
    rows = await reader.fetch(materials.RECORDS, material_id, after, page.limit + 1, query.kind)
    return page.answer(listed(MaterialRecordOut, rows), by_id)


@router.post("/{material_id}/records", status_code=201, response_model=MaterialRecordOut)
async def show_material(
    access: Writing, uow: Uow, project_id: UUID, material_id: UUID, body: MaterialRecordIn
) -> Response:
    """A sample, certificate or report with its pictures."""
    made = await materials.show(
        uow, scope=access.scope, project_id=project_id, material_id=material_id, **body.model_dump()
    )
    return await _record(uow, material_id, made, 201)


@router.post("/{material_id}/records/{material_record_id}/withdraw", response_model=MaterialRecordOut)
async def withdraw_record(
    access: Writing, uow: Uow, project_id: UUID, material_id: UUID, material_record_id: UUID, body: ReasonIn
) -> Response:
    """What was recorded wrongly counts no more."""
    await materials.withdraw(
        uow,
        scope=access.scope,
        project_id=project_id,
        material_id=material_id,
        record_id=material_record_id,
        reason=body.reason,
    )
    return await _record(uow, material_id, material_record_id, 200)


@router.get("/{material_id}/batches", response_model=BatchPage)
async def list_batches(
    access: Reading,
    reader: Reader,
    page: Page,
    project_id: UUID,
    material_id: UUID,
    query: Annotated[BatchQuery, Query()],
) -> Response:
    """What arrived of a material."""
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.site_of(reader, scope=access.scope, project_id=project_id)
    await materials.material_of(reader, project_id=project_id, material_id=material_id)
    rows = await reader.fetch(materials.BATCHES, material_id, after, page.limit + 1, query.state, query.purchase_id)
    return page.answer(listed(BatchOut, rows), by_id)


@router.post("/{material_id}/batches", status_code=201, response_model=BatchOut)
async def batch_arrived(access: Writing, uow: Uow, project_id: UUID, material_id: UUID, body: BatchIn) -> Response:
    """A batch arrived."""
    made = await materials.arrive(
        uow,
        scope=access.scope,
        project_id=project_id,
        material_id=material_id,
        arrival=body.arrival(),
        file_ids=body.file_ids,
    )
    return await _batch(uow, material_id, made, 201)


@router.post("/{material_id}/batches/{material_batch_id}/check", response_model=BatchOut)
async def check_batch(
    access: Writing, uow: Uow, project_id: UUID, material_id: UUID, material_batch_id: UUID, body: CheckIn
) -> Response:
    """Another person than who recorded it accepts a batch, or rejects it with a reason."""
    state = BatchState.ACCEPTED if body.accepted else BatchState.REJECTED
    return await _decide(access, uow, project_id, material_id, material_batch_id, state, body.reason)


@router.post("/{material_id}/batches/{material_batch_id}/withdraw", response_model=BatchOut)
async def withdraw_batch(
    access: Writing, uow: Uow, project_id: UUID, material_id: UUID, material_batch_id: UUID, body: ReasonIn
) -> Response:
    """One that was recorded wrongly, before it was checked."""
    return await _decide(access, uow, project_id, material_id, material_batch_id, BatchState.WITHDRAWN, body.reason)


async def _decide(
    access: Access,
    uow: Uow,
    project_id: UUID,
    material_id: UUID,
    batch_id: UUID,
    state: BatchState,
    reason: str | None,
) -> Response:
    await materials.decide(
        uow,
        scope=access.scope,
        project_id=project_id,
        material_id=material_id,
        batch_id=batch_id,
        state=state,
        reason=reason,
    )
    return await _batch(uow, material_id, batch_id, 200)


async def _material(uow: Uow, project_id: UUID, material_id: UUID, status: int) -> Response:
    row = await materials.material_of(uow.driver, project_id=project_id, material_id=material_id)
    location = f"/v1/projects/{project_id}/materials/{material_id}" if status == 201 else None
    return reply(uow, status, MaterialOut.model_validate(dict(row)), version=row["version"], location=location)


async def _record(uow: Uow, material_id: UUID, record_id: UUID, status: int) -> Response:
    row = await materials.record_of(uow.driver, material_id=material_id, record_id=record_id)
    return reply(uow, status, MaterialRecordOut.model_validate(dict(row)))


async def _batch(uow: Uow, material_id: UUID, batch_id: UUID, status: int) -> Response:
    row = await materials.batch_of(uow.driver, material_id=material_id, batch_id=batch_id)
    return reply(uow, status, BatchOut.model_validate(dict(row)))
