"""The route of what-if: a round computed with other weights, caps or facts, told as a difference; nothing is stored."""

import asyncio
from fractions import Fraction
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints
from pydantic_core import to_json

from services.api.security import Access, requires
from services.api.selection.schemas import CapIn
from services.api.turns import Turns
from services.api.wire import In
from services.core.identity.access import Permission
from services.core.kit.uow import Database
from services.core.policy.form import Points
from services.core.selection import what_if
from services.core.selection.candidates import Outcome
from services.core.selection.service import CapRow

router = APIRouter(prefix="/v1", tags=["selection"])

TURNS = Turns("what_if_turns", at_once=1, most_waiting=16)
Key = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class WhatIfIn(In):
    """What is supposed; what is absent stays as the round has it. Without `freeze` it is asked of the newest one.

    `weights`: points by indicator; all still add up to the scale, and each curve gives in proportion. `caps`: in place of all
    of the round's. `facts`: by project and key, null for what nobody would have recorded.
    """

    freeze: int | None = Field(default=None, ge=1, le=1_000_000)
    partition: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    weights: dict[Key, Points] = Field(default_factory=dict, max_length=500)
    caps: list[CapIn] | None = Field(default=None, max_length=5000)
    reserve: int | None = Field(default=None, ge=0, le=1_000_000)
    over_cap: Literal["skip", "stop"] | None = None
    facts: dict[UUID, Annotated[dict[Key, str | int | bool | None], Field(max_length=200)]] = Field(
        default_factory=dict, max_length=what_if.MOST_CANDIDATES
    )

    def supposition(self) -> what_if.Supposition:
        """The same for the use case."""
        return what_if.Supposition(
            weights={name: Fraction(points) for name, points in self.weights.items()},
            caps=None if self.caps is None else [CapRow(**dict(row)) for row in self.caps],
            reserve=self.reserve,
            over_cap=self.over_cap,
            facts=self.facts,
        )


class PlaceOut(BaseModel):
    """Where a project stands in a ranking."""

    rank: int | None
    total: str
    outcome: Outcome


class ChangeOut(BaseModel):
    """A project whose rank, total or outcome differs; `moved`: its outcome does. The sentences say why it would stand so."""

    project_id: UUID
    no: str
    title: str
    partition: str
    moved: bool
    before: PlaceOut
    after: PlaceOut
    sentence_zh: str
    sentence_en: str


class TakenOut(BaseModel):
    """A cap's limit, null where there is none, and what those in take of it."""

    limit: str | None
    used: str


class CapChangeOut(BaseModel):
    """One cap of one partition."""

    partition: str
    cap: Literal["count", "budget", "floor_area"]
    before: TakenOut
    after: TakenOut


class WhatIfOut(BaseModel):
    """The difference. `run_id`: the finished run that found what is told as `before`, null when there is none."""

    freeze: int
    run_id: UUID | None
    candidates: int
    entered: list[UUID]
    left: list[UUID]
    changes: list[ChangeOut]
    caps: list[CapChangeOut]


@router.post("/rounds/{round_id}/what-if", response_model=WhatIfOut)
async def what_if_round(
    access: Annotated[Access, requires(Permission.ROUND_READ)], request: Request, round_id: UUID, body: WhatIfIn
) -> Response:
    """What the round would come to. Nothing is stored; few are computed at once."""
    database: Database = request.app.state.database
    async with TURNS.turn():
        async with database.read() as reader:
            asked = await what_if.question(
                reader,
                scope=access.scope,
                round_id=round_id,
                freeze=body.freeze,
                partition=body.partition,
                supposed=body.supposition(),
            )
        found: dict[str, Any] = await asyncio.to_thread(what_if.answer, asked)
    return Response(to_json(found), media_type="application/json")
