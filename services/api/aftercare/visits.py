"""Routes of household visits after the works: translate only."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.aftercare.visit_schemas import (
    AssignedOut,
    AssignIn,
    AttemptedOut,
    AttemptPage,
    AttemptQuery,
    AttemptsIn,
    CampaignIn,
    CampaignItem,
    CampaignOut,
    CampaignPage,
    CampaignQuery,
    CloseIn,
    CountsOut,
    FindingIn,
    HouseholdPage,
    HouseholdQuery,
    VisitProgressPage,
    VisitResultsOut,
)
from services.api.deps import IfMatch, Page, Reader, Uow, reply
from services.api.hotline.router import call_answer
from services.api.hotline.shown import CallTakenOut
from services.api.security import Access, requires
from services.api.surveys.results import question_result
from services.core.aftercare import findings, results, visit_queries, visits
from services.core.identity.access import Permission
from services.core.kit.exact import decimal_text
from services.core.territory.queries import bounds

router = APIRouter(prefix="/v1/visit-campaigns", tags=["aftercare"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.VISIT_READ)]
Writing = Annotated[Access, requires(Permission.VISIT_WRITE)]
Entering = Annotated[Access, requires(Permission.VISIT_ENTER)]


@router.get("", response_model=CampaignPage)
async def list_campaigns(
    access: Reading, reader: Reader, page: Page, query: Annotated[CampaignQuery, Query()]
) -> Response:
    """Campaigns of the caller's regions."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await visit_queries.LIST.all(
        reader,
        compound_id=query.compound_id,
        project_id=query.project_id,
        status=query.status,
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **bounds(access.scope),
        **access.scope.parameters,
    )
    paths = {str(row["id"]): row["region_path"] for row in rows}
    items = [CampaignItem.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (paths[row["id"]], row["id"]))


@router.post("", status_code=201, response_model=CampaignOut)
async def open_campaign(access: Writing, uow: Uow, body: CampaignIn) -> Response:
    """Begins visits to every household of a compound whose renovation was handed over."""
    campaign_id = await visits.open_campaign(
        uow,
        scope=access.scope,
        compound_id=body.compound_id,
        project_id=body.project_id,
        title=body.title,
        bodies=body.visitors(),
        questions=[one.question() for one in body.questions],
    )
    return await _answer(access, uow, campaign_id, 201)


@router.get("/{campaign_id}", response_model=CampaignOut)
async def get_campaign(access: Reading, reader: Reader, campaign_id: UUID) -> Response:
    """One campaign."""
    row = await visit_queries.campaign_of(reader, scope=access.scope, campaign_id=campaign_id)
    content = _shown(row).model_dump_json()
    return Response(content, headers={"ETag": f'"{row["version"]}"'}, media_type="application/json")


@router.post("/{campaign_id}/close", response_model=CampaignOut)
async def close_campaign(access: Writing, uow: Uow, campaign_id: UUID, version: IfMatch, body: CloseIn) -> Response:
    """Ends it with what it came to; while households wait, with a reason."""
    await visits.close(uow, scope=access.scope, campaign_id=campaign_id, version=version, reason=body.reason)
    return await _answer(access, uow, campaign_id, 200)


@router.post("/{campaign_id}/assign", response_model=AssignedOut)
async def assign_households(access: Writing, uow: Uow, campaign_id: UUID, body: AssignIn) -> Response:
    """Gives households to a body, and to somebody of the staff; the last word holds."""
    await visits.assign(
        uow,
        scope=access.scope,
        campaign_id=campaign_id,
        body_id=body.body_id,
        visitor_id=body.visitor_id,
        property_ids=body.property_ids,
    )
    return reply(uow, 200, AssignedOut(assigned=len(body.property_ids)))


@router.get("/{campaign_id}/progress", response_model=VisitProgressPage)
async def get_visit_progress(access: Reading, reader: Reader, page: Page, campaign_id: UUID) -> Response:
    """How far it is: all households, and by building and entrance."""
    building, entrance, after = page.after((str, str, UUID)) or ("", "", NONE)
    await visit_queries.campaign_of(reader, scope=access.scope, campaign_id=campaign_id)
    totals = await reader.fetchrow(visit_queries.TOTALS, campaign_id)
    rows = await reader.fetch(visit_queries.PROGRESS, campaign_id, building, entrance, after, page.limit + 1)
    share = Fraction(totals["met"], totals["households"]) if totals["households"] else Fraction(0)
    return page.answer(
        [dict(one) for one in rows],
        lambda one: (one["building_no"], one["entrance_no"], one["entrance_id"] or one["building_id"] or NONE),
        totals=dict(totals),
        visited_share=decimal_text(share),
    )


@router.get("/{campaign_id}/households", response_model=HouseholdPage)
async def list_households(
    access: Reading, reader: Reader, page: Page, campaign_id: UUID, query: Annotated[HouseholdQuery, Query()]
) -> Response:
    """The households, with where each stands and what was tried."""
    after = page.after((str, str, str, UUID)) or ("", "", "", NONE)
    await visit_queries.campaign_of(reader, scope=access.scope, campaign_id=campaign_id)
    rows = await reader.fetch(
        visit_queries.PAGE,
        campaign_id,
        *after,
        query.state,
        query.building_id,
        query.body_id,
        access.principal.id if query.mine else None,
        page.limit + 1,
    )
    return page.answer(
        [dict(row) for row in rows],
        lambda one: (one["building_no"], one["entrance_no"], one["door_no"], one["property_id"]),
    )


@router.get("/{campaign_id}/attempts", response_model=AttemptPage)
async def list_attempts(
    access: Reading, reader: Reader, page: Page, campaign_id: UUID, query: Annotated[AttemptQuery, Query()]
) -> Response:
    """Every attempt at a household."""
    (after,) = page.after((UUID,)) or (NONE,)
    await visit_queries.campaign_of(reader, scope=access.scope, campaign_id=campaign_id)
    rows = await visit_queries.ATTEMPTS.all(
        reader, campaign_id=campaign_id, property_id=query.property_id, after=after, limit=page.limit + 1
    )
    found = await reader.fetch(visit_queries.COMPLAINTS, [row["id"] for row in rows])
    complaints = {row["visit_attempt_id"]: row["found"] for row in found}
    items = [{**row, "complaints": complaints.get(row["id"], [])} for row in rows]
    return page.answer(items, lambda row: (row["id"],))


@router.post(
    "/{campaign_id}/attempts/{attempt_id}/complaints",
    status_code=201,
    response_model=CallTakenOut,
    responses={200: {"model": CallTakenOut}},
)
async def take_finding(access: Entering, uow: Uow, campaign_id: UUID, attempt_id: UUID, body: FindingIn) -> Response:
    """Takes in what was found at a household as its complaint; the code is told there. The same finding again is the one that
    stands (200).
    """
    taken = await findings.take_in(
        uow,
        scope=access.scope,
        campaign_id=campaign_id,
        attempt_id=attempt_id,
        number=body.finding,
        category=body.category,
        description=body.description,
        phone=body.phone,
    )
    return call_answer(uow, taken)


@router.post("/{campaign_id}/attempts", status_code=201, response_model=AttemptedOut)
async def record_attempts(access: Entering, uow: Uow, campaign_id: UUID, body: AttemptsIn) -> Response:
    """Records attempts, all or none; what a household said stands with the attempt that met it."""
    ids = await visits.record_attempts(
        uow, scope=access.scope, campaign_id=campaign_id, attempts=[one.attempt() for one in body.attempts]
    )
    totals = await uow.driver.fetchrow(visit_queries.TOTALS, campaign_id)
    made = AttemptedOut(attempt_ids=ids, totals=CountsOut.model_validate(dict(totals)))
    return reply(uow, 201, made, location=f"/v1/visit-campaigns/{campaign_id}/progress")


@router.get("/{campaign_id}/results", response_model=VisitResultsOut)
async def get_visit_results(access: Reading, reader: Reader, campaign_id: UUID) -> Response:
    """What the households said that were met."""
    row = await visit_queries.campaign_of(reader, scope=access.scope, campaign_id=campaign_id)
    totals = await reader.fetchrow(visit_queries.TOTALS, campaign_id)
    found = await results.counted(reader, campaign=row)
    out = VisitResultsOut(
        totals=CountsOut.model_validate(dict(totals)), questions=[question_result(one) for one in found]
    )
    return Response(out.model_dump_json(), media_type="application/json")


async def _answer(access: Access, uow: Uow, campaign_id: UUID, status: int) -> Response:
    row = await visit_queries.campaign_of(uow.driver, scope=access.scope, campaign_id=campaign_id)
    location = f"/v1/visit-campaigns/{campaign_id}" if status == 201 else None
    return reply(uow, status, _shown(row), version=row["version"], location=location)


def _shown(row: Mapping[str, Any]) -> CampaignOut:
    return CampaignOut.model_validate(dict(row))
