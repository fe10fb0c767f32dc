"""Routes of expert judgement: panels for who runs the round, a desk for each expert, names for the auditor alone."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.api.deps import Page, Reader, Uow, reply
from services.api.judgement.schemas import (
    CancelIn,
    ConflictIn,
    DeskItem,
    DeskPage,
    DeskQuery,
    ExpertOut,
    ExpertsOut,
    JudgedPage,
    PanelIn,
    PanelOut,
    PanelPage,
    ScoreIn,
)
from services.api.security import Access, requires
from services.core.facts.catalogue import CATALOGUE
from services.core.identity.access import Permission
from services.core.judgement import judging, queries, rules, service
from services.core.judgement.rules import PanelStatus, Score
from services.core.kit.errors import NotFound
from services.core.kit.exact import decimal_text
from services.core.selection import queries as rounds

router = APIRouter(prefix="/v1", tags=["judgement"])
NONE = UUID(int=0)

Chair = Annotated[Access, requires(Permission.PANEL_WRITE)]
Expert = Annotated[Access, requires(Permission.JUDGEMENT_GIVE)]


def _titles(key: str) -> dict[str, str]:
    return {"title_zh": CATALOGUE[key].title_zh, "title_en": CATALOGUE[key].title_en}


def _panel(row: Mapping[str, Any]) -> PanelOut:
    return PanelOut.model_validate({**row, **_titles(row["fact_key"]), "drop_extremes": row["drops_extremes"]})


@router.get("/rounds/{round_id}/panels", response_model=PanelPage)
async def list_panels(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, page: Page, round_id: UUID
) -> Response:
    """The panels of a round, in the order in which they were opened."""
    (after,) = page.after((UUID,)) or (NONE,)
    await rounds.round_of(reader, scope=access.scope, round_id=round_id)
    rows = await queries.OF_ROUND.all(
        reader, round_id=round_id, after=after, limit=page.limit + 1, **access.scope.parameters
    )
    return page.answer([_panel(row).model_dump(mode="json") for row in rows], lambda row: (row["id"],))


@router.post("/rounds/{round_id}/panels", status_code=201, response_model=PanelOut)
async def open_panel(access: Chair, uow: Uow, round_id: UUID, body: PanelIn) -> Response:
    """Opens a panel of experts for one judged fact of the round's projects."""
    panel_id = await service.open_panel(uow, scope=access.scope, round_id=round_id, terms=body.terms())
    made = _panel(await queries.panel_of(uow.driver, scope=access.scope, panel_id=panel_id))
    return reply(uow, 201, made, location=f"/v1/panels/{panel_id}")


@router.get("/panels/{panel_id}", response_model=PanelOut)
async def get_panel(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, panel_id: UUID
) -> Response:
    """One panel and how far it is."""
    found = _panel(await queries.panel_of(reader, scope=access.scope, panel_id=panel_id))
    return Response(found.model_dump_json(), media_type="application/json")


@router.post("/panels/{panel_id}/close", response_model=PanelOut)
async def close_panel(access: Chair, uow: Uow, panel_id: UUID) -> Response:
    """Makes the means facts; or, once, asks those whose scores lie far from the mean to look again (`status: reviewing`)."""
    await service.close(uow, scope=access.scope, panel_id=panel_id)
    closed = _panel(await queries.panel_of(uow.driver, scope=access.scope, panel_id=panel_id))
    return reply(uow, 200, closed)


@router.post("/panels/{panel_id}/cancel", response_model=PanelOut)
async def cancel_panel(access: Chair, uow: Uow, panel_id: UUID, body: CancelIn) -> Response:
    """Ends a panel that was opened wrongly: nothing that was given is told, and another may be opened in its place."""
    await service.cancel(uow, scope=access.scope, panel_id=panel_id, reason=body.reason)
    cancelled = _panel(await queries.panel_of(uow.driver, scope=access.scope, panel_id=panel_id))
    return reply(uow, 200, cancelled)


@router.get("/panels/{panel_id}/projects", response_model=JudgedPage)
async def list_judged(
    access: Annotated[Access, requires(Permission.ROUND_READ)], reader: Reader, page: Page, panel_id: UUID
) -> Response:
    """The projects of a panel by number: how far each is and, once the panel has closed, every score by the expert's letter."""
    (after,) = page.after((str,)) or ("",)
    panel = await queries.panel_of(reader, scope=access.scope, panel_id=panel_id)
    is_closed = panel["status"] == PanelStatus.CLOSED
    statement = queries.JUDGED if is_closed else queries.PROGRESS
    rows = await statement.all(reader, panel_id=panel_id, after=after, limit=page.limit + 1)
    shown = [_judged(panel, row) if is_closed else _under_way(row) for row in rows]
    return page.answer(shown, lambda row: (row["no"],))


def _under_way(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "mean": None, "share": None, "missing": False, "judgements": []}


def _judged(panel: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    given = row["judgements"]
    scores = {
        one["expert"]: Score(Fraction(one["score"]), one["flagged"], one["reviewed"])
        for one in given
        if one["score"] is not None
    }
    found = rules.verdict(service.terms_of(panel), scores)
    return {
        "project_id": row["project_id"],
        "no": row["no"],
        "title": row["title"],
        "assigned": len(given),
        "given": len(scores),
        "withdrawn": sum(one["withdrawn"] for one in given),
        "mean": None if found.mean is None else decimal_text(found.mean),
        "share": None if found.share is None else decimal_text(found.share),
        "missing": found.share is None,
        "judgements": [
            {
                **one,
                "score": _text(one["score"]),
                "first_score": _text(one["first_score"]),
                "deviation": decimal_text(found.deviations[one["expert"]]) if one["expert"] in scores else None,
                "counted": one["expert"] in found.counted,
            }
            for one in given
        ],
    }


def _text(score: str | None) -> str | None:
    """A score as it travels: without the zeros that its column adds."""
    return None if score is None else decimal_text(Decimal(score))


@router.get("/panels/{panel_id}/experts", response_model=ExpertsOut)
async def identify_experts(
    access: Annotated[Access, requires(Permission.PANEL_IDENTIFY)], uow: Uow, panel_id: UUID
) -> Response:
    """Who stands behind the letters of a closed panel, and the conflicts of interest declared. Reading this is audited."""
    experts, conflicts = await service.identify(uow, scope=access.scope, panel_id=panel_id)
    declared = defaultdict(list)
    for row in conflicts:
        declared[row["staff_id"]].append({"project_id": str(row["project_id"]), "reason": row["conflict_reason"]})
    items = [
        ExpertOut(letter=row["letter"], staff_id=row["staff_id"], conflicts=declared[row["staff_id"]])
        for row in experts
    ]
    return reply(uow, 200, ExpertsOut(items=items))


@router.get("/me/judgements", response_model=DeskPage)
async def list_own(access: Expert, reader: Reader, page: Page, query: Annotated[DeskQuery, Query()]) -> Response:
    """What the caller is to judge, and what the caller said so far; nothing of anybody else."""
    after_panel, after_project = page.after((UUID, UUID)) or (NONE, NONE)
    rows = await queries.DESK.all(
        reader,
        staff_id=access.principal.id,
        waiting=query.waiting,
        after_panel=after_panel,
        after_project=after_project,
        limit=page.limit + 1,
        **access.scope.parameters,
    )
    items = [_own(row).model_dump(mode="json") for row in rows]
    return page.answer(items, lambda row: (row["panel_id"], row["project_id"]))


def _own(row: Mapping[str, Any]) -> DeskItem:
    return DeskItem.model_validate({**row, **_titles(row["fact_key"]), "reviewed": row["reviewed_at"] is not None})


async def _shown(access: Access, uow: Uow, panel_id: UUID, project_id: UUID) -> DeskItem:
    row = await queries.OWN.first(
        uow.driver,
        panel_id=panel_id,
        project_id=project_id,
        staff_id=access.principal.id,
        **access.scope.parameters,
    )
    if row is None:
        raise NotFound
    return _own(row)


@router.put("/panels/{panel_id}/projects/{project_id}/score", response_model=DeskItem)
async def give_score(access: Expert, uow: Uow, panel_id: UUID, project_id: UUID, body: ScoreIn) -> Response:
    """The caller's own score of a project; may be given again until the panel's day has ended."""
    await judging.give(
        uow, scope=access.scope, panel_id=panel_id, project_id=project_id, score=body.score, comment=body.comment
    )
    return reply(uow, 200, await _shown(access, uow, panel_id, project_id))


@router.post("/panels/{panel_id}/projects/{project_id}/conflict-of-interest", response_model=DeskItem)
async def declare_conflict(access: Expert, uow: Uow, panel_id: UUID, project_id: UUID, body: ConflictIn) -> Response:
    """The caller does not judge this project: what the caller gave for it is removed, for good."""
    await judging.withdraw(uow, scope=access.scope, panel_id=panel_id, project_id=project_id, reason=body.reason)
    return reply(uow, 200, await _shown(access, uow, panel_id, project_id))
