"""The route of the nearest change: what would have altered a project's outcome in a run."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from services.api.security import Access, requires
from services.api.turns import Turns
from services.core.identity.access import Permission
from services.core.kit.uow import Database
from services.core.selection import altering
from services.core.selection.candidates import Outcome
from services.core.selection.nearest import Kind

router = APIRouter(prefix="/v1", tags=["selection"])

TURNS = Turns("nearest_turns", at_once=1, most_waiting=16)


class StepOut(BaseModel):
    """One figure: `name` is the indicator, gate, fact or cap. `before` null: not recorded; `after` null: an exception."""

    name: str
    fact: str | None
    before: str | None
    after: str | None


class AlterationOut(BaseModel):
    """A single change and what the rules then find. All steps of one change belong together."""

    kind: Kind
    steps: list[StepOut]
    gained: str
    rank: int | None
    outcome: Outcome
    sentence_zh: str
    sentence_en: str


class MarginOut(BaseModel):
    """A lead in points over the project that would come in instead."""

    lead: str
    over: str


class NearestOut(BaseModel):
    """What would alter the outcome, the nearest change first; for a project that is in, what keeps it there."""

    rank: int | None
    outcome: Outcome
    sentence_zh: str
    sentence_en: str
    kept_by: Literal["points", "place", "precedence"] | None
    margin: MarginOut | None
    adjudicate: list[str]
    changes: list[AlterationOut]


@router.get("/runs/{run_id}/projects/{project_id}/nearest", response_model=NearestOut)
async def get_nearest_change(
    access: Annotated[Access, requires(Permission.ROUND_READ)], request: Request, run_id: UUID, project_id: UUID
) -> Response:
    """The nearest change that would alter what the run found for the project. Few are computed at once."""
    database: Database = request.app.state.database
    async with TURNS.turn():
        async with database.read() as reader:
            asked = await altering.question(reader, scope=access.scope, run_id=run_id, project_id=project_id)
        found: dict[str, Any] = await asyncio.to_thread(altering.answer, asked)
    return Response(to_json(found), media_type="application/json")
