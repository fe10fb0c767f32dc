"""Routes of the community's desk: who stands for which property, requests to decide, codes to print, texts to publish."""

import asyncio
import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import TOLD_ONCE, IfMatch, Page, Reader, Uow, etag, reply
from services.api.identity.proofs import NO_STORE, Forgetting
from services.api.ownership.shown import FIRST, Opening
from services.api.residents.schemas import (
    ApprovedOut,
    ApproveIn,
    BindingPage,
    CandidateOut,
    ConsentTextIn,
    ConsentTextMadeOut,
    ConsentTextOut,
    ConsentTextsOut,
    EndIn,
    IssueIn,
    RefuseIn,
    RequestDetailOut,
    RequestOut,
    RequestPage,
    RequestQuery,
)
from services.api.security import Access, requires
from services.api.wire import PageOnly
from services.core.identity.access import Permission
from services.core.kit.calendar import day_of
from services.core.ownership import sealing
from services.core.ownership.rules import masked_name
from services.core.residents import asking, codes, consents, queries, service
from services.core.residents.rules import printed
from services.core.territory import queries as territory
from services.web import sheets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import asyncpg

    from services.core.kit.vault import Vault

router = APIRouter(tags=["residents"])
COLUMNS = (
    sheets.Column("楼栋", "Building", 10),
    sheets.Column("单元", "Entrance", 10),
    sheets.Column("房号", "Door", 12),
    sheets.Column("身份", "As", 10),
    sheets.Column("姓名（隐去）", "Name, masked", 14),
    sheets.Column("绑定码", "Code", 26),
    sheets.Column("有效期至", "Valid until", 16),
)
AS = {"owner": "业主 owner", "tenant": "承租人 tenant"}


@router.get("/v1/compounds/{compound_id}/bindings", response_model=BindingPage)
async def list_bindings(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    page: Page,
    compound_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """Who stands for which property by the register of today. Accounts are not told."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await reader.fetch(queries.OF_COMPOUND, compound_id, after, page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.post("/v1/bindings/{binding_id}/end", status_code=204)
async def end_binding(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, binding_id: UUID, body: EndIn
) -> Response:
    """Ends a binding that is wrong, with the family that it invited."""
    await service.end_by_community(uow, scope=access.scope, binding_id=binding_id, ground=body.ground)
    return reply(uow, 204)


@router.post("/v1/bindings/{binding_id}/disable-account", status_code=204, dependencies=[Forgetting])
async def disable_account(
    access: Annotated[Access, requires(Permission.RESIDENT_DISABLE)], uow: Uow, binding_id: UUID, body: EndIn
) -> Response:
    """Shuts the account behind a binding; the answer does not tell whose it is."""
    await service.disable(uow, scope=access.scope, binding_id=binding_id, ground=body.ground)
    return reply(uow, 204)


@router.post("/v1/bindings/{binding_id}/enable-account", status_code=204, dependencies=[Forgetting])
async def enable_account(
    access: Annotated[Access, requires(Permission.RESIDENT_DISABLE)], uow: Uow, binding_id: UUID
) -> Response:
    """Opens it again."""
    await service.enable(uow, scope=access.scope, binding_id=binding_id)
    return reply(uow, 204)


@router.get("/v1/compounds/{compound_id}/binding-requests", response_model=RequestPage)
async def list_requests(
    access: Annotated[Access, requires(Permission.OWNER_READ)],
    reader: Reader,
    vault: Opening,
    page: Page,
    compound_id: UUID,
    wanted: Annotated[RequestQuery, Query()],
) -> Response:
    """What residents ask, the oldest first."""
    await territory.compound_in(reader, compound_id=compound_id, scope=access.scope)
    (after,) = page.after([UUID]) or [FIRST]
    rows = await reader.fetch(queries.REQUESTS, compound_id, wanted.state, after, page.limit + 1)
    return page.answer([_request(vault, row) for row in rows], lambda row: (row["id"],))


@router.get("/v1/binding-requests/{request_id}", response_model=RequestDetailOut)
async def get_request(
    access: Annotated[Access, requires(Permission.OWNER_READ)], reader: Reader, vault: Opening, request_id: UUID
) -> Response:
    """One request, with whom the register knows behind that door."""
    row = await queries.request_in(reader, scope=access.scope, request_id=request_id)
    found = await asking.candidates(reader, vault, row)
    out = {
        **_request(vault, row),
        "candidates": [CandidateOut.model_validate(one, from_attributes=True) for one in found],
    }
    return Response(to_json(out), headers={"ETag": etag(row["version"])}, media_type="application/json")


def _request(vault: "Vault", row: "asyncpg.Record") -> dict[str, Any]:
    name = asking.name_of(vault, row)
    told = {field: row[field] for field in RequestOut.model_fields if field != "name"}
    return {**told, "name": None if name is None else masked_name(name)}


@router.post("/v1/binding-requests/{request_id}/approve", response_model=ApprovedOut)
async def approve_request(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    request_id: UUID,
    body: ApproveIn,
    version: IfMatch,
) -> Response:
    """The resident was seen, and is this person of the register."""
    binding_id = await asking.approve(
        uow,
        scope=access.scope,
        request_id=request_id,
        version=version,
        property_id=body.property_id,
        person_id=body.person_id,
    )
    return reply(uow, 200, ApprovedOut(id=request_id, binding_id=binding_id), version=version + 1)


@router.post("/v1/binding-requests/{request_id}/refuse", status_code=204)
async def refuse_request(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)],
    uow: Uow,
    request_id: UUID,
    body: RefuseIn,
    version: IfMatch,
) -> Response:
    """The resident is told why not."""
    await asking.refuse(uow, scope=access.scope, request_id=request_id, version=version, reason=body.reason)
    return reply(uow, 204, version=version + 1)


@router.post("/v1/compounds/{compound_id}/binding-codes")
async def issue_codes(
    access: Annotated[Access, requires(Permission.OWNER_WRITE)], uow: Uow, compound_id: UUID, body: IssueIn
) -> Response:
    """A file of codes to hand out, one for each owner and tenant on record; told in it once. Codes printed before are void."""
    holds = timedelta(days=body.days)
    issued = await codes.issue(
        uow, scope=access.scope, compound_id=compound_id, building_id=body.building_id, holds=holds
    )
    until = day_of(uow.now + holds).isoformat()
    rows = [_line(uow.vault, row, code, until) for row, code in issued]
    if body.format == "csv":
        content, kind = await asyncio.to_thread(_csv, rows), "text/csv; charset=utf-8"
    else:
        content, kind = await asyncio.to_thread(_xlsx, rows, made_at=uow.now), sheets.MEDIA_TYPE
    if uow.answer is not None:
        uow.answer.status, uow.answer.headers = 409, {TOLD_ONCE: str(compound_id)}
    name = f'attachment; filename="binding-codes.{body.format}"'
    return Response(content, headers={**NO_STORE, "Content-Disposition": name}, media_type=kind)


def _line(vault: "Vault", row: Mapping[str, Any], code: str, until: str) -> list[str]:
    name = masked_name(sealing.opened(vault, row).name)
    return [
        row["building_no"] or "",
        row["entrance_no"] or "",
        row["door_no"],
        AS[row["kind"]],
        name,
        printed(code),
        until,
    ]


def _csv(rows: "Sequence[Sequence[str]]") -> bytes:
    """With a byte order mark, without which Excel takes Chinese for noise; what would be a formula is made text."""
    file = io.StringIO(newline="")
    write = csv.writer(file)
    write.writerow([f"{column.zh} {column.en}" for column in COLUMNS])
    write.writerows([f"'{cell}" if cell[:1] in {"=", "+", "-", "@"} else cell for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _xlsx(rows: "Sequence[Sequence[str]]", *, made_at: "datetime") -> bytes:
    foot = (
        "一码一人，仅可使用一次，请当面交给本人。 Each code is for one person and works once; hand it over in person.",
    )
    return sheets.sheet(
        title="小程序绑定码 Codes for the mini-program",
        under="",
        columns=COLUMNS,
        rows=rows,
        foot=foot,
        made_at=made_at,
    )


@router.post("/v1/consent-texts", status_code=201, response_model=ConsentTextMadeOut)
async def publish_text(
    _access: Annotated[Access, requires(Permission.CONSENT_WRITE)], uow: Uow, body: ConsentTextIn
) -> Response:
    """A new version of what residents are asked to agree to; everybody is asked anew."""
    text_id, number = await consents.publish(uow, **dict(body))
    return reply(uow, 201, ConsentTextMadeOut(id=text_id, number=number))


@router.get("/public/consent-texts", response_model=ConsentTextsOut)
async def list_texts(reader: Reader) -> Response:
    """Each text as it reads now, to be read before anybody signs in."""
    rows = await reader.fetch(consents.NEWEST)
    out = ConsentTextsOut(items=[ConsentTextOut.model_validate(dict(row)) for row in rows])
    return Response(to_json(out), media_type="application/json")
