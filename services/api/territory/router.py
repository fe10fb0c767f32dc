"""Routes of regions and compounds."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.facts.schemas import EffectiveOut
from services.api.security import Access, requires
from services.api.territory.schemas import (
    AbolishIn,
    CodeSpanOut,
    CompoundIn,
    CompoundItem,
    CompoundOut,
    CompoundPage,
    CompoundQuery,
    RecodeIn,
    RegionChangeOut,
    RegionHistory,
    RegionIn,
    RegionName,
    RegionOut,
    RegionPage,
    RegionQuery,
    RelativeOut,
)
from services.core.facts.queries import effective
from services.core.identity.access import Permission
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.territory import queries, regions, service
from services.core.territory.rules import code_spans

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/v1", tags=["territory"])


@router.get("/regions", response_model=RegionPage)
async def list_regions(
    access: Annotated[Access, requires(Permission.REGION_READ)],
    reader: Reader,
    page: Page,
    wanted: Annotated[RegionQuery, Query()],
) -> Response:
    """Regions that exist now (with `abolished=true` also those that did): the children of one, or those of a name, code or level;
    without a filter where one's scope begins.
    """
    if wanted.parent is not None:
        await queries.region_in(reader, region_id=wanted.parent, scope=access.scope)
    after = page.after([str, str]) or ["", ""]
    rows = await queries.REGIONS.all(
        reader,
        parent_id=wanted.parent,
        level=wanted.level,
        q=wanted.q,
        abolished=wanted.abolished,
        tops=wanted.parent is None and wanted.q is None and wanted.level is None,
        top_paths=access.scope.lows,
        after_code=after[0],
        after_path=after[1],
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    places = [(row["code_key"], row["path"]) for row in rows]
    return page.answer([_region(row) for row in rows], lambda _last: places[page.limit - 1])


@router.get("/regions/{region_id}", response_model=RegionOut)
async def get_region(
    access: Annotated[Access, requires(Permission.REGION_READ)], reader: Reader, region_id: UUID
) -> Response:
    """One region, with the names of those above it."""
    region = await queries.region_in(reader, region_id=region_id, scope=access.scope)
    out = await _region_out(reader, region)
    return Response(to_json(out), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.post("/regions", status_code=201, response_model=RegionOut)
async def add_region(
    access: Annotated[Access, requires(Permission.REGION_WRITE)], uow: Uow, body: RegionIn
) -> Response:
    """Adds a zone, street or community."""
    region_id = await service.add_region(
        uow,
        scope=access.scope,
        parent_id=body.parent_id,
        name=body.name,
        level=body.level,
        code=body.code,
        source=body.source,
    )
    region = await queries.region_in(uow.driver, region_id=region_id, scope=access.scope)
    out = await _region_out(uow.driver, region)
    return reply(uow, 201, out, version=out.version, location=f"/v1/regions/{region_id}")


@router.get("/regions/{region_id}/history", response_model=RegionHistory)
async def get_region_history(
    access: Annotated[Access, requires(Permission.REGION_READ)], reader: Reader, region_id: UUID
) -> Response:
    """The codes that a region has had, each with its dates, and every change with its document."""
    region = await queries.region_in(reader, region_id=region_id, scope=access.scope)
    out = await _history(reader, region)
    return Response(to_json(out), media_type="application/json")


@router.post("/regions/{region_id}/recode", response_model=RegionOut)
async def recode_region(
    access: Annotated[Access, requires(Permission.REGION_CHANGE)],
    uow: Uow,
    region_id: UUID,
    body: RecodeIn,
    version: IfMatch,
) -> Response:
    """Gives a region another code, and another name where it changes. What is recorded there stays: its path never changes."""
    await regions.recode(
        uow,
        scope=access.scope,
        region_id=region_id,
        version=version,
        code=body.code,
        name=body.name,
        effective_on=body.effective_on,
        document=body.document,
    )
    return await _changed_region(uow, region_id, access.scope)


@router.post("/regions/{region_id}/abolish", response_model=RegionOut)
async def abolish_region(
    access: Annotated[Access, requires(Permission.REGION_CHANGE)],
    uow: Uow,
    region_id: UUID,
    body: AbolishIn,
    version: IfMatch,
) -> Response:
    """Ends a region in which nothing stands any more. It stays readable."""
    await regions.abolish(
        uow,
        scope=access.scope,
        region_id=region_id,
        version=version,
        successor_id=body.successor_id,
        effective_on=body.effective_on,
        document=body.document,
    )
    return await _changed_region(uow, region_id, access.scope)


@router.get("/compounds", response_model=CompoundPage)
async def list_compounds(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)],
    reader: Reader,
    page: Page,
    wanted: Annotated[CompoundQuery, Query()],
) -> Response:
    """Compounds of a region's subtree, by region and number; those merged or split only with `closed=true`."""
    scope = await queries.narrowed(reader, region_id=wanted.region, scope=access.scope)
    after = page.after([str, str]) or ["", ""]
    rows = await queries.COMPOUNDS.all(
        reader,
        q=wanted.q,
        closed=wanted.closed,
        after_path=after[0],
        after_no=after[1],
        limit=page.limit + 1,
        **queries.bounds(scope),
        **scope.parameters,
    )
    places = [(row["region_path"], row["no"]) for row in rows]
    return page.answer([_compound(row) for row in rows], lambda _last: places[page.limit - 1])


@router.post("/compounds", status_code=201, response_model=CompoundItem)
async def register_compound(
    access: Annotated[Access, requires(Permission.COMPOUND_WRITE)], uow: Uow, body: CompoundIn
) -> Response:
    """Enters a compound into the register."""
    made = await service.register_compound(
        uow, scope=access.scope, region_id=body.region_id, name=body.name, no=body.no, address=body.address
    )
    out = CompoundItem(
        id=made.id,
        no=made.no,
        name=body.name,
        address=body.address,
        region_id=body.region_id,
        region_name=made.region_name,
        version=1,
        created_at=uow.now,
        closed_at=None,
    )
    return reply(uow, 201, out, version=1, location=f"/v1/compounds/{made.id}")


@router.get("/compounds/{compound_id}", response_model=CompoundOut)
async def get_compound(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)], reader: Reader, compound_id: UUID
) -> Response:
    """One compound, with what holds about it, what it came from and what became of it."""
    compound = await queries.compound_in(reader, compound_id=compound_id, scope=access.scope)
    facts = (await effective(reader, [compound_id]))[compound_id]
    relatives = [
        (row["is_predecessor"], RelativeOut(**row)) for row in await reader.fetch(queries.DESCENT, compound_id)
    ]
    out = CompoundOut(
        **_compound(compound),
        facts=[EffectiveOut.model_validate(facts[key]) for key in sorted(facts)],
        predecessors=[one for is_predecessor, one in relatives if is_predecessor],
        successors=[one for is_predecessor, one in relatives if not is_predecessor],
    )
    return Response(to_json(out), headers={"ETag": etag(out.version)}, media_type="application/json")


@router.put("/compounds/{compound_id}", response_model=CompoundItem)
async def change_compound(
    access: Annotated[Access, requires(Permission.COMPOUND_WRITE)],
    uow: Uow,
    compound_id: UUID,
    body: CompoundIn,
    version: IfMatch,
) -> Response:
    """Replaces name, address, number and region of a compound. Its figures are facts: state them under `facts`."""
    await service.change_compound(
        uow,
        scope=access.scope,
        compound_id=compound_id,
        version=version,
        region_id=body.region_id,
        name=body.name,
        no=body.no,
        address=body.address,
    )
    out = await _compound_item(uow.driver, compound_id, access.scope)
    return reply(uow, 200, out, version=out.version)


def _region(row: "asyncpg.Record") -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("path", "code_key")}


async def _region_out(driver: "asyncpg.Connection", region: "asyncpg.Record") -> RegionOut:
    above = [RegionName(**row) for row in await driver.fetch(queries.UPWARDS, region["id"])]
    return RegionOut(**_region(region), ancestors=above[:-1])


async def _changed_region(uow: UnitOfWork, region_id: UUID, scope: Scope) -> Response:
    region = await queries.region_in(uow.driver, region_id=region_id, scope=scope)
    out = await _region_out(uow.driver, region)
    return reply(uow, 200, out, version=out.version)


async def _history(driver: "asyncpg.Connection", region: "asyncpg.Record") -> RegionHistory:
    changes = await queries.CHANGES.all(driver, region_id=region["id"])
    former = [(row["effective_on"], row["old_code"]) for row in changes if row["old_code"] != row["new_code"]]
    spans = code_spans(region["code"], since=region["valid_from"], until=region["valid_to"], changes=former)
    return RegionHistory(
        region_id=region["id"],
        codes=[CodeSpanOut.model_validate(span) for span in spans],
        changes=[RegionChangeOut(**row) for row in changes],
    )


def _compound(row: "asyncpg.Record") -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "region_path"}


async def _compound_item(driver: "asyncpg.Connection", compound_id: UUID, scope: Scope) -> CompoundItem:
    return CompoundItem(**_compound(await queries.compound_in(driver, compound_id=compound_id, scope=scope)))
