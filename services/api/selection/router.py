"""Routes of selection rounds and runs: translate only."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from services.api.deps import IfMatch, Page, Reader, Uow, etag, reply
from services.api.security import Access, requires
from services.api.selection.schemas import (
    ExcludedPage,
    ExcludedQuery,
    FreezeOut,
    FreezesOut,
    PublicationOut,
    PublicationsOut,
    RankingPage,
    RankingQuery,
    ResultOut,
    RoundIn,
    RoundOut,
    RoundPage,
    RoundQuery,
    RunOut,
    RunsOut,
    TermsIn,
)
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound
from services.core.kit.exact import decimal_text
from services.core.kit.paging import whole
from services.core.selection import explaining, filtering, freezing, publishing, queries, run_queries, service

router = APIRouter(prefix="/v1", tags=["selection"])
NONE = UUID(int=0)
NDJSON = "application/x-ndjson"


def _small(text: str) -> int:
    """A position as the column holds it."""
    return min(whole(text), 2**31 - 1)


def _round(row: Mapping[str, Any], now: datetime) -> RoundOut:
    stands = filtering.calendar_of(
        row["status"], apply_until=row["apply_until"], notice_until=row["notice_until"], now=now
    )
    return RoundOut.model_validate({**row, "calendar": stands})


@router.get("/rounds", response_model=RoundPage)
async def list_rounds(
    access: Annotated[Access, requires(Permission.ROUND_READ)],
    reader: Reader,
    page: Page,
    query: Annotated[RoundQuery, Query()],
) -> Response:
    """Rounds in the order in which they were opened."""
    (after,) = page.after((UUID,)) or (NONE,)
    rows = await queries.ROUNDS.all(
        reader,
        after=after,
        year=query.year,
        region_id=query.region,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    now = datetime.now(UTC)
    return page.answer([_round(row, now).model_dump(mode="json") for row in rows], lambda row: (row["id"],))


@router.post("/rounds", status_code=201, response_model=RoundOut)
async def open_round(access: Annotated[Access, requires(Permission.ROUND_WRITE)], uow: Uow, body: RoundIn) -> Response:
    """Opens a round for a region and a year."""
    round_id = await service.open_round(
        uow,
        scope=access.scope,
        assigning=access.principal.scope(Permission.POLICY_ASSIGN),
        region_id=body.region_id,
        terms=body.terms(),
    )
    made = _round(await queries.round_of(uow.driver, scope=access.scope, round_id=round_id), uow.now)
    return reply(uow, 201, made, version=made.version, location=f"/v1/rounds/{round_id}")


@router.get("/rounds/{round_id}", response_model=RoundOut)
async def get_round(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, round_id: UUID
) -> Response:
    """One round."""
    found = _round(await queries.round_of(reader, scope=access.scope, round_id=round_id), datetime.now(UTC))
    return Response(found.model_dump_json(), headers={"ETag": etag(found.version)}, media_type="application/json")


@router.put("/rounds/{round_id}", response_model=RoundOut)
async def change_round(
    access: Annotated[Access, requires(Permission.ROUND_WRITE)],
    uow: Uow,
    round_id: UUID,
    version: IfMatch,
    body: TermsIn,
) -> Response:
    """Replaces the terms of a draft round."""
    await service.change_round(
        uow,
        scope=access.scope,
        assigning=access.principal.scope(Permission.POLICY_ASSIGN),
        round_id=round_id,
        version=version,
        terms=body.terms(),
    )
    changed = _round(await queries.round_of(uow.driver, scope=access.scope, round_id=round_id), uow.now)
    return reply(uow, 200, changed, version=changed.version)


@router.post("/rounds/{round_id}/freeze", status_code=201, response_model=FreezeOut)
async def freeze_round(
    access: Annotated[Access, requires(Permission.ROUND_FREEZE)], uow: Uow, round_id: UUID, version: IfMatch
) -> Response:
    """Copies the facts of every candidate as they stand now."""
    taken = await freezing.freeze(uow, scope=access.scope, round_id=round_id, version=version)
    out = FreezeOut(
        id=taken.id,
        round_id=round_id,
        number=taken.number,
        digest=taken.digest,
        candidates=taken.candidates,
        excluded=taken.excluded,
        taken_at=taken.taken_at,
        taken_by=taken.taken_by,
        version=version + 1,
    )
    return reply(uow, 201, out, version=version + 1, location=f"/v1/rounds/{round_id}/freezes")


@router.get("/rounds/{round_id}/freezes", response_model=FreezesOut)
async def list_freezes(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, round_id: UUID
) -> Response:
    """Every freeze of a round."""
    await queries.round_of(reader, scope=access.scope, round_id=round_id)
    rows = await run_queries.FREEZES.all(reader, round_id=round_id)
    items = [FreezeOut.model_validate({**row, "round_id": round_id}) for row in rows]
    return Response(FreezesOut(items=items).model_dump_json(), media_type="application/json")


@router.get("/rounds/{round_id}/excluded", response_model=ExcludedPage)
async def list_excluded(
    access: Annotated[Access, requires(Permission.ROUND_READ)],
    reader: Reader,
    page: Page,
    round_id: UUID,
    query: Annotated[ExcludedQuery, Query()],
) -> Response:
    """Who was in the round's stage and did not compete, or is held back by a conflict, and why."""
    (after,) = page.after((str,)) or ("",)
    await queries.round_of(reader, scope=access.scope, round_id=round_id)
    freeze = await run_queries.freeze_of(reader, round_id=round_id, number=query.freeze)
    rows = await run_queries.EXCLUDED.all(
        reader, freeze_id=freeze["id"], why=query.why, after=after, limit=page.limit + 1
    )
    items = [{**row, "reasons": [_reason(one) for one in row["reasons"]]} for row in rows]
    return page.answer(items, lambda row: (row["no"],))


def _reason(stored: Mapping[str, str]) -> dict[str, str]:
    zh, en = filtering.words(stored)
    return {**stored, "zh": zh, "en": en}


@router.post("/rounds/{round_id}/runs", status_code=202, response_model=RunOut)
async def request_run(access: Annotated[Access, requires(Permission.ROUND_RUN)], uow: Uow, round_id: UUID) -> Response:
    """Asks for a run over the newest freeze; `Location` tells how far it is."""
    run = await service.request_run(uow, scope=access.scope, round_id=round_id)
    out = RunOut(**{name: getattr(run, name) for name in RunOut.model_fields})
    return reply(uow, 202, out, location=f"/v1/runs/{run.id}")


@router.get("/rounds/{round_id}/runs", response_model=RunsOut)
async def list_runs(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, round_id: UUID
) -> Response:
    """Every run of a round."""
    await queries.round_of(reader, scope=access.scope, round_id=round_id)
    rows = await run_queries.RUNS.all(reader, round_id=round_id)
    items = [RunOut.model_validate(dict(row)) for row in rows]
    return Response(RunsOut(items=items).model_dump_json(), media_type="application/json")


@router.get("/rounds/{round_id}/publications", response_model=PublicationsOut)
async def list_publications(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, round_id: UUID
) -> Response:
    """What the public was shown of a round, also what was superseded since."""
    await queries.round_of(reader, scope=access.scope, round_id=round_id)
    rows = await queries.PUBLICATIONS.all(reader, round_id=round_id)
    return Response(to_json({"items": [dict(row) for row in rows]}), media_type="application/json")


@router.get("/runs/{run_id}", response_model=RunOut)
async def get_run(access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, run_id: UUID) -> Response:
    """One run and how far it is."""
    run = RunOut.model_validate(dict(await run_queries.run_of(reader, scope=access.scope, run_id=run_id)))
    return Response(run.model_dump_json(), media_type="application/json")


@router.get("/runs/{run_id}/ranking", response_model=RankingPage)
async def get_ranking(
    access: Annotated[Access, requires(Permission.ROUND_READ)],
    reader: Reader,
    page: Page,
    run_id: UUID,
    query: Annotated[RankingQuery, Query()],
) -> Response:
    """What a run found, by partition and rank; empty until the run is done."""
    (after,) = page.after((_small,)) or (0,)
    rows = await run_queries.RANKING.all(
        reader,
        run_id=run_id,
        after=after,
        partition=query.partition,
        outcome=query.outcome,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    if not rows:
        await run_queries.run_of(reader, scope=access.scope, run_id=run_id)
    return page.answer([_ranked(row) for row in rows], lambda row: (row["position"],))


def _ranked(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "position": row["position"],
        "project_id": row["project_id"],
        "no": row["no"],
        "title": row["title"],
        "partition": row["partition"],
        "rank": row["rank"],
        "total": decimal_text(row["total"]),
        "outcome": row["outcome"],
        "dimensions": row["dimensions"],
        "reason": row["reason"],
        "sentence_zh": row["sentence_zh"],
        "sentence_en": row["sentence_en"],
    }


@router.get("/runs/{run_id}/projects/{project_id}", response_model=ResultOut)
async def get_result(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, run_id: UUID, project_id: UUID
) -> Response:
    """One project in a run: every point with its fact, sources and time, and the sentence why."""
    row = await run_queries.RESULT.first(reader, run_id=run_id, project_id=project_id, **access.scope.parameters)
    if row is None:
        raise NotFound
    return Response(to_json({**_ranked(row), **await explaining.result(reader, row)}), media_type="application/json")


@router.get(
    "/runs/{run_id}/bundle",
    response_class=StreamingResponse,
    responses={200: {"content": {NDJSON: {"schema": {"type": "string"}}}}},
)
async def get_bundle(
    request: Request, access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, run_id: UUID
) -> Response:
    """Policy, round, frozen facts and results of a finished run, a line each, for `jiugai verify`."""
    told = await explaining.bundle(reader, scope=access.scope, run_id=run_id)
    return StreamingResponse(
        told.lines(request.app.state.database),
        headers={"Content-Disposition": f'attachment; filename="run-{run_id}.ndjson"'},
        media_type=NDJSON,
    )


@router.post("/runs/{run_id}/publish", status_code=201, response_model=PublicationOut)
async def publish_run(
    access: Annotated[Access, requires(Permission.ROUND_PUBLISH)], uow: Uow, run_id: UUID
) -> Response:
    """Shows the run to the public and begins its notice."""
    made = await publishing.publish(uow, scope=access.scope, run_id=run_id)
    out = PublicationOut(**{name: getattr(made, name) for name in PublicationOut.model_fields})
    return reply(uow, 201, out, location=f"/public/rounds/{made.round_id}/ranking")
