"""Routes of imports and exports."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.api.deps import Page, Reader, Uow, reply
from services.api.exchange import downloads
from services.api.exchange.schemas import ExportKind, FileFormat, FindingPage, ImportOut, ImportPage, ImportQuery
from services.api.exchange.uploads import BODY, Upload, get_upload
from services.api.ownership.shown import Opening
from services.api.problems import language_of
from services.api.security import Access, requires
from services.core.exchange import queries, regions, service
from services.core.exchange.findings import column_letter, told
from services.core.exchange.forms import FORMS, PERSONAL, ImportKind
from services.core.exchange.rolls_export import People
from services.core.identity.access import Permission
from services.core.kit.errors import NotAllowed
from services.core.kit.scope import Scope
from services.core.kit.uow import Actor, Database
from services.core.ownership.people import Purpose
from services.core.territory import queries as territory

if TYPE_CHECKING:
    import asyncpg

router = APIRouter(prefix="/v1", tags=["exchange"])

GREATEST_ID = UUID(int=2**128 - 1)


@router.post("/imports", status_code=202, response_model=ImportOut, openapi_extra=BODY)
async def request_import(
    access: Annotated[Access, requires(Permission.IMPORT_WRITE)],
    upload: Annotated[Upload, Depends(get_upload)],
    uow: Uow,
) -> Response:
    """Takes a file in and imports it in the background. Its rows land in the region or below, else they are wrong."""
    fields = upload.fields
    principal = access.principal
    import_id = await service.request(
        uow,
        scope=access.scope,
        needed={permission: principal.scope(permission) for permission in sorted(FORMS[fields.kind].needs)},
        deciding=principal.scope(Permission.DISCREPANCY_ADJUDICATE),
        region_id=fields.region,
        sent=service.Sent(fields.kind, fields.mode, fields.dry_run, fields.source, upload.file_name, upload.content),
    )
    return reply(uow, 202, await _out(uow.driver, import_id, access.scope), location=f"/v1/imports/{import_id}")


@router.get("/imports", response_model=ImportPage)
async def list_imports(
    access: Annotated[Access, requires(Permission.IMPORT_READ)],
    reader: Reader,
    page: Page,
    wanted: Annotated[ImportQuery, Query()],
) -> Response:
    """Imports into a region's subtree, the newest first."""
    scope = await territory.narrowed(reader, region_id=wanted.region, scope=access.scope)
    (before,) = page.after([UUID]) or [GREATEST_ID]
    rows = await queries.page(
        reader, scope=scope, kind=wanted.kind, state=wanted.state, before=before, limit=page.limit + 1
    )
    return page.answer([_shown(row) for row in rows], lambda last: (last["id"],))


@router.get("/imports/templates/{kind}", response_class=Response)
async def get_template(
    _access: Annotated[Access, requires(Permission.IMPORT_READ)],
    kind: ImportKind,
    format: FileFormat = FileFormat.XLSX,  # noqa: A002 - the name of the parameter
) -> Response:
    """An empty form: titles in both languages, how to fill it in, lists to choose from."""
    return downloads.template(FORMS[kind], format)


@router.get("/imports/{import_id}", response_model=ImportOut)
async def get_import(
    access: Annotated[Access, requires(Permission.IMPORT_READ)], reader: Reader, import_id: UUID
) -> ImportOut:
    """One import: its state, and how far it has come."""
    return await _out(reader, import_id, access.scope)


@router.post("/imports/{import_id}/cancel", status_code=202, response_model=ImportOut)
async def cancel_import(
    access: Annotated[Access, requires(Permission.IMPORT_WRITE)], uow: Uow, import_id: UUID
) -> Response:
    """Asks an import to stop; it writes nothing then. Needs no If-Match: nothing of what was read is changed."""
    await service.cancel(uow, scope=access.scope, import_id=import_id)
    return reply(uow, 202, await _out(uow.driver, import_id, access.scope))


@router.get("/imports/{import_id}/errors", response_model=FindingPage)
async def list_findings(
    access: Annotated[Access, requires(Permission.IMPORT_READ)],
    reader: Reader,
    request: Request,
    page: Page,
    import_id: UUID,
) -> Response:
    """What was wrong, by row and column, in the caller's language."""
    found = await queries.import_in(reader, import_id=import_id, scope=access.scope)
    (after,) = page.after([int]) or [-1]
    rows = await queries.FINDINGS.all(reader, import_id=import_id, after=after, limit=page.limit + 1)
    chinese = language_of(request.headers.get("accept-language")) == "zh"
    header = found["header"] or {}
    items = [
        {
            "row": row["row"] or None,
            "column": column_letter(row["column"]),
            "header": header.get(str(row["column"])),
            "code": row["code"],
            "detail": told(row["code"], row["params"], chinese=chinese),
        }
        for row in rows
    ]
    places = [row["position"] for row in rows]
    return page.answer(items, lambda _last: (places[page.limit - 1],))


@router.get("/imports/{import_id}/errors.xlsx", response_class=Response)
async def get_bad_rows(
    access: Annotated[Access, requires(Permission.IMPORT_READ)], uow: Uow, request: Request, import_id: UUID
) -> Response:
    """The rows that were not taken, as they were sent, each with what is wrong: to be mended and sent again.

    Rows that tell of people need `person:reveal` there, and the reading is audited.
    """
    found = await queries.import_in(uow.driver, import_id=import_id, scope=access.scope)
    if found["kind"] in PERSONAL:
        _must_hold(access, Permission.PERSON_REVEAL, found["region_path"])
        service.audit_revealed(
            uow, target="import", target_id=import_id, region_path=found["region_path"], purpose=Purpose.VERIFY
        )
    chinese = language_of(request.headers.get("accept-language")) == "zh"
    return await downloads.bad_rows(uow.driver, found, cipher=uow.vault.cipher, chinese=chinese)


@router.get("/exports/{kind}", response_class=StreamingResponse)
async def get_export(
    access: Annotated[Access, requires(Permission.IMPORT_READ)],
    request: Request,
    vault: Opening,
    kind: ExportKind,
    region: UUID,
    format: FileFormat = FileFormat.XLSX,  # noqa: A002 - the name of the parameter
    purpose: Purpose | None = None,
) -> Response:
    """What a region and those below it hold, in the form that imports take; discrepancies for working through.

    A roll (`properties`) needs `owner:read` there. Its people are masked; for a `purpose`, which is audited, whoever may reveal
    gets them in the clear. `ballots` needs `vote:enter`: the heads of every open vote, to key paper ballots in; no choice is told.
    """
    database: Database = request.app.state.database
    async with database.read() as connection:
        place = await territory.region_in(connection, region_id=region, scope=access.scope)
        places = await regions.load(connection, region_id=region, scope=access.scope)
    path, revealed = place["path"], kind is ExportKind.PROPERTIES and purpose is not None
    if kind is ExportKind.PROPERTIES:
        _must_hold(access, Permission.OWNER_READ, path)
    if kind is ExportKind.BALLOTS:
        _must_hold(access, Permission.VOTE_ENTER, path)
    if revealed and purpose is not None:
        _must_hold(access, Permission.PERSON_REVEAL, path)
        principal = access.principal
        async with database.begin(Actor(principal.kind, principal.id, request.scope["request_id"])) as uow:
            service.audit_revealed(uow, target="region", target_id=region, region_path=path, purpose=purpose)
    people = People(vault, revealed)
    return await downloads.export(kind, format, reading=database.read, region_path=path, places=places, people=people)


def _must_hold(access: Access, permission: Permission, region_path: str) -> None:
    """NotAllowed unless the caller may do that, too, in a whole region."""
    if not access.principal.scope(permission).covers(region_path):
        raise NotAllowed(permission=permission)


def _shown(row: "asyncpg.Record") -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ("region_path", "header")}


async def _out(driver: "asyncpg.Connection", import_id: UUID, scope: Scope) -> ImportOut:
    return ImportOut(**_shown(await queries.import_in(driver, import_id=import_id, scope=scope)))
