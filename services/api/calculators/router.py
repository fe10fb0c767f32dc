"""Stateless public calculators: the same code that decides, with the figures that it used.

Routes are plain functions, so that FastAPI runs them in a thread, as their bodies are read: a large roll keeps nobody waiting.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from services.api.calculators import schemas
from services.api.calculators.body import body_of, documented
from services.api.calculators.turns import turn
from services.core.facts.catalogue import CATALOGUE, ValueInvalid, text_of, value_of
from services.core.funding import rules as funding
from services.core.kit.calendar import Deadline, Pause, WorkCalendar, deadline
from services.core.kit.errors import InputInvalid
from services.core.kit.exact import decimal_text, exact_sum
from services.core.kit.invalid import InvalidAt, pointer_to
from services.core.policy.law import Threshold, Thresholds
from services.core.selection import rules as selection
from services.core.selection.scoring import Scored
from services.core.votes import rules as consultation

router = APIRouter(prefix="/public/calculators", tags=["calculators"], dependencies=[Depends(turn, scope="function")])


@contextmanager
def _refusals() -> Iterator[None]:
    """A rule that refuses its input answers 422 with the place; pointers of the rules are those of the request."""
    try:
        yield
    except InvalidAt as wrong:
        raise InputInvalid.at(wrong.pointer, zh=wrong.zh, en=wrong.en) from wrong


def _answer(body: BaseModel) -> Response:
    return Response(body.model_dump_json(by_alias=True), media_type="application/json")


@router.post("/vote", response_model=schemas.VoteOut, openapi_extra=documented(schemas.VoteIn))
def vote(given: Annotated[schemas.VoteIn, Depends(body_of(schemas.VoteIn))]) -> Response:
    """Counts a vote of owners by heads and by area, and says what is still missing."""
    quorum, approval = given.thresholds.quorum, given.thresholds.approval
    thresholds = Thresholds(
        Threshold(quorum.heads, quorum.area), Threshold(approval.heads, approval.area, strict=approval.strict)
    )
    roll = [
        consultation.VotingOwner(
            owner.owner, tuple(consultation.VotingProperty(piece.id, piece.area) for piece in owner.properties)
        )
        for owner in given.roll
    ]
    ballots = [consultation.Ballot(ballot.owner, ballot.choice) for ballot in given.ballots]
    with _refusals():
        tally = consultation.tally(thresholds, roll, ballots)
    return _answer(_vote_out(given.thresholds, tally))


def _vote_out(thresholds: schemas.VoteThresholds, tally: consultation.Tally) -> schemas.VoteOut:
    return schemas.VoteOut(
        thresholds=thresholds,
        heads=schemas.HeadCounts(
            total=tally.total.heads, taking_part=tally.taking_part.heads, in_favour=tally.in_favour.heads
        ),
        area=schemas.AreaCounts(
            total=tally.total.area, taking_part=tally.taking_part.area, in_favour=tally.in_favour.area
        ),
        quorum=_verdict_out(tally.quorum),
        approval=_verdict_out(tally.approval),
        missing=schemas.VoteMissing(
            quorum=schemas.MissingOut(heads=tally.quorum_missing.heads, area=tally.quorum_missing.area),
            approval=schemas.MissingOut(heads=tally.approval_missing.heads, area=tally.approval_missing.area),
        ),
        passed=tally.passed,
    )


def _verdict_out(verdict: consultation.Verdict) -> schemas.VerdictOut:
    return schemas.VerdictOut(heads=verdict.heads, area=verdict.area, met=verdict.met)


@router.post("/deadline", response_model=schemas.DeadlineOut, openapi_extra=documented(schemas.DeadlineIn))
def legal_deadline(given: Annotated[schemas.DeadlineIn, Depends(body_of(schemas.DeadlineIn))]) -> Response:
    """The day on which a term ends, by the announced working days."""
    calendar = WorkCalendar.default()
    with _refusals():
        found = deadline(
            calendar,
            start=given.start,
            days=given.days,
            unit=given.unit,
            roll=given.roll,
            pauses=[Pause(pause.start, pause.end) for pause in given.pauses],
        )
    return _answer(_deadline_out(given, found, calendar))


def _deadline_out(given: schemas.DeadlineIn, found: Deadline, calendar: WorkCalendar) -> schemas.DeadlineOut:
    return schemas.DeadlineOut(
        start=given.start,
        days=given.days,
        unit=given.unit,
        roll=given.roll,
        pauses=given.pauses,
        due=found.due,
        provisional=found.provisional,
        skipped=list(found.skipped),
        calendar=schemas.CalendarOut(confirmed_from=calendar.confirmed_from, confirmed_until=calendar.confirmed_until),
    )


@router.post("/score", response_model=schemas.ScoreOut, openapi_extra=documented(schemas.ScoreIn))
def score(given: Annotated[schemas.ScoreIn, Depends(body_of(schemas.ScoreIn))]) -> Response:
    """Ranks projects by a rubric alone: no gates, no caps, one list."""
    with _refusals():
        _refuse_repeated("projects", "no", [project.no for project in given.projects])
        candidates = [
            selection.Candidate(project.no, project.no, project.no, "", _facts(index, project.facts))
            for index, project in enumerate(given.projects)
        ]
    return _answer(
        schemas.ScoreOut(
            scale=decimal_text(given.rubric.scale),
            rules_version=selection.RULES_VERSION,
            ranking=[
                _ranked_out(rank, scored)
                for rank, scored in enumerate(selection.score(given.rubric, candidates), start=1)
            ],
        )
    )


def _facts(index: int, given: Mapping[str, str | int | bool | None]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for key, value in given.items():
        place = pointer_to("projects", index, "facts", key)
        if key not in CATALOGUE:
            raise InvalidAt(place, "事实目录中没有这一项", "is not a fact of the catalogue")
        try:
            facts |= {} if value is None else {key: text_of(value_of(CATALOGUE[key], value))}
        except ValueInvalid as wrong:
            raise InvalidAt(place, *wrong.args) from wrong
    return facts


def _ranked_out(rank: int, scored: Scored) -> schemas.RankedProject:
    return schemas.RankedProject(
        no=scored.candidate.no,
        rank=rank,
        total=scored.total,
        points={one.indicator: one.points for one in scored.points},
        dimensions=dict(scored.dimensions),
        figures={one.indicator: one.value for one in scored.points},
        missing=sorted({one.fact for one in scored.points if one.value is None}),
    )


@router.post("/allocation", response_model=schemas.AllocationOut, openapi_extra=documented(schemas.AllocationIn))
def allocation(given: Annotated[schemas.AllocationIn, Depends(body_of(schemas.AllocationIn))]) -> Response:
    """Divides money over regions by weighted factors, to the fen."""
    formula = _formula(given.formula)
    weights = given.weights if formula is None else formula.weights
    regions = [
        funding.RegionFactors(region.name, region.coefficient, region.factors, region.performance)
        for region in given.regions
    ]
    with _refusals():
        amounts = funding.allocate(given.total, weights or {}, regions)
    return _answer(
        schemas.AllocationOut(
            total=given.total,
            weights=dict(weights or {}),
            formula=None if formula is None else _formula_out(formula),
            shares=[
                schemas.RegionShare(name=region.name, amount=amount)
                for region, amount in zip(regions, amounts, strict=True)
            ],
        )
    )


def _formula_out(formula: funding.Formula) -> schemas.FormulaOut:
    return schemas.FormulaOut(
        id=formula.id,
        title_zh=formula.title_zh,
        title_en=formula.title_en,
        source=formula.source,
        since=formula.since,
    )


def _formula(named: str | None) -> funding.Formula | None:
    if named is None:
        return None
    formula = funding.FORMULAS.get(named)
    if formula is None:
        known = ", ".join(funding.FORMULAS)
        raise InputInvalid.at("/formula", zh=f"只能是：{known}", en=f"must be one of: {known}")
    return formula


@router.post("/apportion", response_model=schemas.ApportionOut, openapi_extra=documented(schemas.ApportionIn))
def apportion(given: Annotated[schemas.ApportionIn, Depends(body_of(schemas.ApportionIn))]) -> Response:
    """Divides money over properties by area, to the fen."""
    areas = [piece.area for piece in given.properties]
    with _refusals():
        _refuse_repeated("properties", "id", [piece.id for piece in given.properties])
        amounts = funding.apportion(given.amount, areas)
    return _answer(
        schemas.ApportionOut(
            amount=given.amount,
            area=exact_sum(areas),
            shares=[
                schemas.PropertyShare(id=piece.id, area=piece.area, amount=amount)
                for piece, amount in zip(given.properties, amounts, strict=True)
            ],
        )
    )


def _refuse_repeated(items: str, key: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise InvalidAt(pointer_to(items, index, key), "重复", "is listed twice")
        seen.add(name)
