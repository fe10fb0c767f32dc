"""Routes of consultations in rounds: translate only."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic_core import to_json

from services.api.consultations.schemas import (
    AnswerPage,
    AnswersIn,
    CloseIn,
    ConsultationIn,
    ConsultationOut,
    ConsultationPage,
    ConsultationQuery,
    CountsOut,
    LedgerQuery,
    ProgressPage,
    RecordedOut,
    RoundsOut,
    TargetPage,
    TargetQuery,
    VisitPage,
    VisitsIn,
)
from services.api.deps import IfMatch, Page, Reader, Uow, reply
from services.api.ownership.shown import Opening
from services.api.security import Access, requires
from services.core.consultations import answering, queries, rules, service, targets
from services.core.consultations.rules import Matter
from services.core.identity.access import Permission
from services.core.kit.exact import decimal_text
from services.core.policy import queries as policies
from services.core.policy.schema import Policy
from services.core.territory.queries import bounds

router = APIRouter(prefix="/v1/consultations", tags=["consultations"])
NONE = UUID(int=0)

Reading = Annotated[Access, requires(Permission.CONSULTATION_READ)]
Writing = Annotated[Access, requires(Permission.CONSULTATION_WRITE)]
Entering = Annotated[Access, requires(Permission.CONSULTATION_ENTER)]
Number = Annotated[int, Path(ge=1, le=100)]


@router.get("", response_model=ConsultationPage)
async def list_consultations(
    access: Reading, reader: Reader, page: Page, query: Annotated[ConsultationQuery, Query()]
) -> Response:
    """Consultations of the caller's regions."""
    path, after = page.after((str, UUID)) or ("", NONE)
    rows = await queries.LIST.all(
        reader,
        compound_id=query.compound_id,
        project_id=query.project_id,
        matter=query.matter,
        status=query.status,
        after_path=path,
        after_id=after,
        limit=page.limit + 1,
        **bounds(access.scope),
        **access.scope.parameters,
    )
    items = [_shown(row).model_dump(mode="json") for row in rows]
    paths = {str(row["id"]): row["region_path"] for row in rows}
    return page.answer(items, lambda row: (paths[row["id"]], row["id"]))


@router.post("", status_code=201, response_model=ConsultationOut)
async def open_consultation(access: Writing, uow: Uow, body: ConsultationIn) -> Response:
    """Begins a consultation: the first round asks every dwelling of the compound."""
    consultation_id = await service.open_consultation(
        uow, scope=access.scope, compound_id=body.compound_id, matter=body.matter, project_id=body.project_id
    )
    return await _answer(access, uow, consultation_id, 201)


@router.get("/{consultation_id}", response_model=ConsultationOut)
async def get_consultation(access: Reading, reader: Reader, consultation_id: UUID) -> Response:
    """One consultation."""
    row = await queries.consultation_of(reader, scope=access.scope, consultation_id=consultation_id)
    content = _shown(row).model_dump_json()
    return Response(content, headers={"ETag": f'"{row["version"]}"'}, media_type="application/json")


@router.post("/{consultation_id}/close", response_model=ConsultationOut)
async def close_consultation(
    access: Writing, uow: Uow, consultation_id: UUID, version: IfMatch, body: CloseIn
) -> Response:
    """Ends it with what it came to; before it is through, with a reason."""
    await service.close(uow, scope=access.scope, consultation_id=consultation_id, version=version, reason=body.reason)
    return await _answer(access, uow, consultation_id, 200)


@router.get("/{consultation_id}/rounds", response_model=RoundsOut)
async def list_rounds(access: Reading, reader: Reader, consultation_id: UUID) -> Response:
    """Every round so far: whom it asked, whom it reached, what was said in it."""
    row = await queries.consultation_of(reader, scope=access.scope, consultation_id=consultation_id)
    items = [dict(one) for one in await reader.fetch(queries.ROUNDS, consultation_id)]
    remaining = len(rules.rounds_of(await _policy(reader, row), Matter(row["matter"]))) - len(items)
    return Response(to_json({"items": items, "remaining": remaining}), media_type="application/json")


@router.post("/{consultation_id}/rounds", status_code=201, response_model=ConsultationOut)
async def open_round(access: Writing, uow: Uow, consultation_id: UUID, version: IfMatch) -> Response:
    """Begins the next round: it asks every door that has not agreed."""
    await service.open_round(uow, scope=access.scope, consultation_id=consultation_id, version=version)
    return await _answer(access, uow, consultation_id, 201)


@router.get("/{consultation_id}/progress", response_model=ProgressPage)
async def get_progress(access: Reading, reader: Reader, page: Page, consultation_id: UUID) -> Response:
    """How far it is: all doors, and by building and entrance."""
    building, entrance, after = page.after((str, str, UUID)) or ("", "", NONE)
    row = await queries.consultation_of(reader, scope=access.scope, consultation_id=consultation_id)
    totals = await reader.fetchrow(queries.TOTALS, consultation_id)
    rows = await reader.fetch(queries.PROGRESS, consultation_id, building, entrance, after, page.limit + 1)
    wanted = rules.share_wanted(await _policy(reader, row), Matter(row["matter"]))
    return page.answer(
        [dict(one) for one in rows],
        lambda one: (one["building_no"], one["entrance_no"], one["entrance_id"] or one["building_id"] or NONE),
        totals=dict(totals),
        agree_at_least=None if wanted is None else decimal_text(wanted),
        through=None if wanted is None else rules.is_through(totals["agreed"], totals["doors"], wanted),
    )


@router.get("/{consultation_id}/rounds/{round_number}/targets", response_model=TargetPage)
async def list_targets(
    access: Reading,
    vault: Opening,
    reader: Reader,
    page: Page,
    consultation_id: UUID,
    round_number: Number,
    query: Annotated[TargetQuery, Query()],
) -> Response:
    """The doors that a round asks, names masked, with what was tried and what they say now."""
    after = page.after((str, str, str, UUID)) or targets.BEFORE_ALL
    await queries.consultation_of(reader, scope=access.scope, consultation_id=consultation_id)
    rows = await targets.page(
        reader,
        consultation_id=consultation_id,
        number=round_number,
        wanted=targets.Wanted(query.waiting, query.building_id, query.entrance_id),
        after=(after[0], after[1], after[2], after[3]),
        limit=page.limit + 1,
    )
    return page.answer(
        [_target(row, targets.owners(vault, row)) for row in rows],
        lambda one: (one["building_no"], one["entrance_no"], one["door_no"], one["property_id"]),
    )


@router.get("/{consultation_id}/visits", response_model=VisitPage)
async def list_visits(
    access: Reading, reader: Reader, page: Page, consultation_id: UUID, query: Annotated[LedgerQuery, Query()]
) -> Response:
    """Every attempt at a door."""
    return await _ledger(queries.VISITS, access, reader, page, consultation_id, query)


@router.post("/{consultation_id}/visits", status_code=201, response_model=RecordedOut)
async def record_visits(access: Entering, uow: Uow, consultation_id: UUID, body: VisitsIn) -> Response:
    """Records attempts of the current round; what was said at a door is its answer."""
    visits = [one.visit() for one in body.visits]
    await answering.record_visits(uow, scope=access.scope, consultation_id=consultation_id, visits=visits)
    return await _recorded(access, uow, consultation_id, len(visits))


@router.get("/{consultation_id}/answers", response_model=AnswerPage)
async def list_answers(
    access: Reading, reader: Reader, page: Page, consultation_id: UUID, query: Annotated[LedgerQuery, Query()]
) -> Response:
    """Every answer ever given, also those that were taken back."""
    return await _ledger(queries.ANSWERS, access, reader, page, consultation_id, query)


@router.post("/{consultation_id}/answers", status_code=201, response_model=RecordedOut)
async def record_answers(access: Entering, uow: Uow, consultation_id: UUID, body: AnswersIn) -> Response:
    """Records answers from a meeting, the telephone, a chat group or paper; the last one of a door counts."""
    answers = [one.said() for one in body.answers]
    await answering.record_answers(uow, scope=access.scope, consultation_id=consultation_id, answers=answers)
    return await _recorded(access, uow, consultation_id, len(answers))


async def _ledger(
    statement: Any, access: Access, reader: Any, page: Any, consultation_id: UUID, query: LedgerQuery
) -> Response:
    (after,) = page.after((UUID,)) or (NONE,)
    await queries.consultation_of(reader, scope=access.scope, consultation_id=consultation_id)
    rows = await statement.all(
        reader,
        consultation_id=consultation_id,
        property_id=query.property_id,
        after=after,
        limit=page.limit + 1,
    )
    answer: Response = page.answer([dict(row) for row in rows], lambda row: (row["id"],))
    return answer


async def _policy(reader: Any, row: Mapping[str, Any]) -> Policy:
    stored = await policies.by_id(reader, version_id=row["policy_version_id"])
    return Policy.model_validate(stored.body)


async def _recorded(access: Access, uow: Uow, consultation_id: UUID, recorded: int) -> Response:
    row = await queries.consultation_of(uow.driver, scope=access.scope, consultation_id=consultation_id)
    totals = await uow.driver.fetchrow(queries.TOTALS, consultation_id)
    made = RecordedOut(round=row["round"], recorded=recorded, totals=CountsOut.model_validate(dict(totals)))
    return reply(uow, 201, made, location=f"/v1/consultations/{consultation_id}/progress")


async def _answer(access: Access, uow: Uow, consultation_id: UUID, status: int) -> Response:
    row = await queries.consultation_of(uow.driver, scope=access.scope, consultation_id=consultation_id)
    location = f"/v1/consultations/{consultation_id}" if status == 201 else None
    return reply(uow, status, _shown(row), version=row["version"], location=location)


def _shown(row: Mapping[str, Any]) -> ConsultationOut:
    return ConsultationOut.model_validate(dict(row))


def _target(row: Mapping[str, Any], owners: list[str]) -> dict[str, Any]:
    hidden = ("owner_kind", "owner_title", "person_ids", "names_sealed")
    return {**{name: value for name, value in row.items() if name not in hidden}, "owners": owners}
