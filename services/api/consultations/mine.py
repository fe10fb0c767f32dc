"""Routes of a resident: what is asked of his properties, his answers, a lift for his entrance, an objection to one."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.api.consultations import lifts as lift_routes
from services.api.consultations.lift_schemas import (
    LiftIn,
    LiftObjectionIn,
    LiftObjectionOut,
    LiftOut,
    NeighbourLift,
    NeighbourLiftPage,
)
from services.api.consultations.schemas import Opinion
from services.api.deps import Page, Reader, Uow, reply
from services.api.security import Access, requires
from services.api.wire import In
from services.core.consultations import answering, lift_queries, lifts, queries
from services.core.consultations.bound import bound
from services.core.consultations.rules import Answer, Matter, Status
from services.core.identity.access import Permission
from services.core.kit.errors import NotFound

router = APIRouter(prefix="/v1/me", tags=["residents"])
NEWEST = UUID(int=2**128 - 1)
MOST = 20
"""Rows on a page, so that it fits the mini-program's 32 KB."""

Resident = Annotated[Access, requires(Permission.RESIDENT_ACT)]


class OwnAnswerIn(In):
    """What the household says about a property that the caller is bound to; the last answer counts."""

    property_id: UUID
    answer: Answer
    opinion: Opinion | None = None


class OwnDoor(BaseModel):
    """One of the caller's properties that is asked, and what it says now."""

    property_id: UUID
    building_no: str
    entrance_no: str
    door_no: str
    answer: Answer | None


class OwnConsultation(BaseModel):
    """A consultation that asks the caller's properties."""

    id: UUID
    compound_id: UUID
    compound_name: str
    matter: Matter
    project_id: UUID | None
    plan_number: int | None
    status: Status
    round: int
    doors: list[OwnDoor]


class OwnConsultationPage(BaseModel):
    """A page of consultations, the latest first."""

    items: list[OwnConsultation]
    next_cursor: str | None
    has_more: bool


@router.get("/consultations", response_model=OwnConsultationPage)
async def list_own_consultations(access: Resident, reader: Reader, page: Page) -> Response:
    """What the caller's properties are asked, and what they say now; nothing of anybody else. At most 20 a page."""
    page = replace(page, limit=min(page.limit, MOST))
    (before,) = page.after((UUID,)) or (NEWEST,)
    own = await bound(reader, resident_id=access.principal.id)
    rows = await reader.fetch(queries.OF_PROPERTIES, own.properties, before, page.limit + 1)
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.post("/consultations/{consultation_id}/answers", status_code=201, response_model=OwnConsultation)
async def answer_for_own(access: Resident, uow: Uow, consultation_id: UUID, body: OwnAnswerIn) -> Response:
    """Answers for a property that the caller is bound to."""
    await answering.answer_as_resident(
        uow,
        resident_id=access.principal.id,
        consultation_id=consultation_id,
        property_id=body.property_id,
        answer=body.answer,
        opinion=body.opinion,
    )
    own = await bound(uow.driver, resident_id=access.principal.id)
    rows: list[Any] = await uow.driver.fetch(queries.ONE_OF_PROPERTIES, own.properties, consultation_id)
    return reply(uow, 201, OwnConsultation.model_validate(dict(rows[0])), location="/v1/me/consultations")


@router.get("/lift-requests", response_model=NeighbourLiftPage)
async def list_neighbour_lifts(access: Resident, reader: Reader, page: Page) -> Response:
    """Lifts asked for in the caller's compounds: whether the community has begun, in time or late. At most 20 a page."""
    page = replace(page, limit=min(page.limit, MOST))
    (before,) = page.after((UUID,)) or (NEWEST,)
    own = await bound(reader, resident_id=access.principal.id)
    rows = await lift_queries.OF_COMPOUNDS.all(reader, compound_ids=own.compounds, before=before, limit=page.limit + 1)
    items = [NeighbourLift.model_validate(dict(row)).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["id"],))


@router.post("/lift-requests", status_code=201, response_model=LiftOut)
async def request_own_lift(access: Resident, uow: Uow, body: LiftIn) -> Response:
    """Asks for a lift in the entrance of a property that the caller is bound to."""
    lift_id = await lifts.request_as_resident(uow, resident_id=access.principal.id, property_id=body.property_id)
    row = await lift_queries.BY_ID.first(uow.driver, lift_request_id=lift_id)
    if row is None:
        raise NotFound
    return reply(uow, 201, lift_routes.shown(row))


@router.post("/lift-requests/{lift_request_id}/objections", status_code=201, response_model=LiftObjectionOut)
async def object_to_lift(access: Resident, uow: Uow, lift_request_id: UUID, body: LiftObjectionIn) -> Response:
    """Objects to a lift of the compound, for a property that the caller is bound to."""
    objection_id = await lifts.object_as_resident(
        uow,
        resident_id=access.principal.id,
        lift_request_id=lift_request_id,
        property_id=body.property_id,
        reason=body.reason,
    )
    return reply(uow, 201, await lift_routes.objection(uow, objection_id))
