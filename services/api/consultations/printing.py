"""Routes of what is printed of a consultation: forms for doors, the list of a round as a sheet; and what its QR code leads to."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from services.api.consultations.router import Number, Reading
from services.api.deps import Reader
from services.api.ownership.shown import Opening
from services.api.printed import HTML, XLSX, page_response, sheet_response
from services.api.problems import language_of
from services.api.turns import Turns
from services.core.consultations import printing, queries
from services.core.consultations.rules import Matter, Status
from services.core.consultations.targets import Wanted
from services.core.kit.errors import NotFound
from services.core.kit.uow import Database
from services.core.policy.consulting import Asker
from services.web import consultations as printed

router = APIRouter(tags=["consultations"])

TURNS = Turns("consultation_printing_turns", at_once=1, most_waiting=16)


class PublicConsultation(BaseModel):
    """That a consultation goes on, and who asks; no figure, no door."""

    id: UUID
    compound_id: UUID
    compound_name: str
    matter: Matter
    plan_number: int | None
    status: Status
    round: int
    round_title: str
    actors: list[Asker]
    opened_at: datetime
    closed_at: datetime | None


@router.get("/public/consultations/{consultation_id}", response_model=PublicConsultation, tags=["public"])
async def get_public_consultation(reader: Reader, consultation_id: UUID) -> Response:
    """Where the QR code of a form leads."""
    row = await reader.fetchrow(queries.PUBLIC, consultation_id)
    if row is None:
        raise NotFound
    shown = PublicConsultation.model_validate(dict(row))
    return Response(shown.model_dump_json(), media_type="application/json")


@router.get("/v1/consultations/{consultation_id}/form", response_class=Response, responses=HTML)
async def get_form(
    access: Reading,
    request: Request,
    vault: Opening,
    consultation_id: UUID,
    property_id: Annotated[UUID | None, Query()] = None,
    entrance_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Forms for doors that do not agree yet: of one entrance, or one door; a blank one where neither is named."""
    database: Database = request.app.state.database
    async with TURNS.turn():
        async with database.read() as reader:
            found = await printing.about(reader, scope=access.scope, consultation_id=consultation_id)
            if property_id is not None or entrance_id is not None:
                found = await printing.doors_of(
                    reader,
                    vault,
                    scope=access.scope,
                    consultation_id=consultation_id,
                    number=found.asking["number"],
                    wanted=Wanted(waiting=True, entrance_id=entrance_id, property_id=property_id),
                    most=printing.MOST_FORMS,
                )
                if not found.doors:
                    raise NotFound
        doors: list[dict[str, Any] | None] = [*found.doors]
        content = await asyncio.to_thread(
            printed.form,
            language_of(request.headers.get("accept-language")),
            consultation=found.consultation,
            asking=found.asking,
            doors=doors or [None],
            duties=found.duties,
            address=_address(request, consultation_id),
        )
    response = page_response(request, content)
    response.headers["Cache-Control"] = "no-store"  # doors and names, masked though they are
    return response


@router.get(
    "/v1/consultations/{consultation_id}/rounds/{round_number}/targets.xlsx", response_class=Response, responses=XLSX
)
async def get_target_sheet(
    access: Reading,
    request: Request,
    vault: Opening,
    consultation_id: UUID,
    round_number: Number,
    waiting: Annotated[bool, Query()] = True,
    building_id: Annotated[UUID | None, Query()] = None,
) -> Response:
    """The doors of a round for those who go from door to door, names masked, with columns to write in."""
    database: Database = request.app.state.database
    async with TURNS.turn():
        async with database.read() as reader:
            found = await printing.doors_of(
                reader,
                vault,
                scope=access.scope,
                consultation_id=consultation_id,
                number=round_number,
                wanted=Wanted(waiting=waiting, building_id=building_id),
                most=printing.MOST_ROWS,
            )
        content = await asyncio.to_thread(
            printed.sheet_of, found.consultation, found.asking, found.doors, found.asking["opened_at"]
        )
    return sheet_response(content, f"round-{round_number}-{consultation_id}")


def _address(request: Request, consultation_id: UUID) -> str:
    """Where a QR code leads: the public page, which the mini-program opens as its own (a rule of the platform's console)."""
    return f"{request.app.state.settings.jiugai_public_url.rstrip('/')}/public/consultations/{consultation_id}"
