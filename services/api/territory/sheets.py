"""Routes of a compound's other sheets: drawings, governance, eligibility, renovating compared with rebuilding."""

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic_core import to_json

from services.api.deps import Page, Reader, Uow, reply
from services.api.facts.schemas import EffectiveOut, RecordedFigureOut
from services.api.security import Access, requires
from services.api.territory.register_schemas import (
    ComparisonIn,
    ComparisonOut,
    ComparisonPage,
    CriterionOut,
    DrawingHistoryPage,
    DrawingIn,
    DrawingOut,
    DrawingsOut,
    EligibilityOut,
    GovernanceOut,
    MatterOut,
)
from services.api.wire import PageOnly
from services.core.identity.access import Permission
from services.core.kit.exact import decimal_text, parse_fraction
from services.core.kit.scope import Scope
from services.core.projects.comparisons import Assessment, compare
from services.core.projects.eligibility import eligibility
from services.core.territory import queries
from services.core.territory.drawings import record_drawing
from services.core.territory.governance import governance, modes
from services.core.territory.rules import missing_drawings

if TYPE_CHECKING:
    import asyncpg

FIRST = UUID(int=0)
router = APIRouter(prefix="/v1", tags=["territory", "register"])


@router.get("/compounds/{compound_id}/drawings", response_model=DrawingsOut)
async def get_drawings(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)], reader: Reader, compound_id: UUID
) -> Response:
    """What is known of each kind of drawings, and what is missing of the list."""
    return Response(to_json(await _drawings(reader, compound_id, access.scope)), media_type="application/json")


@router.post("/compounds/{compound_id}/drawings", status_code=201, response_model=DrawingsOut)
async def add_drawing(
    access: Annotated[Access, requires(Permission.COMPOUND_WRITE)], uow: Uow, compound_id: UUID, body: DrawingIn
) -> Response:
    """Records what is known of one kind of drawings; what was known before becomes history."""
    await record_drawing(
        uow,
        scope=access.scope,
        compound_id=compound_id,
        kind=body.kind,
        state=body.state,
        archive_place=body.archive_place,
        source=body.source,
        document=body.document,
    )
    return reply(uow, 201, await _drawings(uow.driver, compound_id, access.scope))


@router.get("/compounds/{compound_id}/drawings/history", response_model=DrawingHistoryPage)
async def list_drawing_history(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)],
    reader: Reader,
    page: Page,
    compound_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """Everything that was ever recorded about a compound's drawings, in the order of recording."""
    await queries.compound_in(reader, compound_id=compound_id, scope=access.scope)
    after = page.after([UUID])
    rows = await queries.DRAWINGS_EVER.all(
        reader, compound_id=compound_id, after=after[0] if after else FIRST, limit=page.limit + 1
    )
    return page.answer([dict(row) for row in rows], lambda row: (row["id"],))


@router.get("/compounds/{compound_id}/governance", response_model=GovernanceOut)
async def get_governance(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)], reader: Reader, compound_id: UUID
) -> Response:
    """Party organisation, committee, self-management and management mode: what holds, since when, by which document."""
    matters = await governance(reader, scope=access.scope, compound_id=compound_id)
    out = GovernanceOut(
        compound_id=compound_id,
        management_modes=modes(matters),
        items=[
            MatterOut(
                key=matter.entry.key,
                title_zh=matter.entry.title_zh,
                title_en=matter.entry.title_en,
                holds=None if matter.holds is None else EffectiveOut.model_validate(matter.holds),
                since=matter.since,
                history=[RecordedFigureOut(fact_id=row["id"], **row) for row in matter.history],
            )
            for matter in matters
        ],
    )
    return Response(to_json(out), media_type="application/json")


@router.get("/compounds/{compound_id}/eligibility", response_model=EligibilityOut)
async def get_eligibility(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)], reader: Reader, compound_id: UUID
) -> Response:
    """Whether the compound may be renovated under the policy in force: each criterion with figure, limit and source."""
    found = await eligibility(reader, scope=access.scope, compound_id=compound_id)
    out = EligibilityOut(
        compound_id=compound_id,
        policy_id=found.policy.policy_id,
        policy_number=found.policy.number,
        policy_digest=found.policy.digest,
        eligible=found.eligible,
        criteria=[
            CriterionOut(
                id=one.id,
                key=one.key,
                limit=decimal_text(one.limit),
                source=one.source,
                met=one.met,
                fact=None if one.fact is None else EffectiveOut.model_validate(one.fact),
            )
            for one in found.criteria
        ],
    )
    return Response(to_json(out), media_type="application/json")


@router.get("/compounds/{compound_id}/comparisons", response_model=ComparisonPage)
async def list_comparisons(
    access: Annotated[Access, requires(Permission.COMPOUND_READ)],
    reader: Reader,
    page: Page,
    compound_id: UUID,
    _wanted: Annotated[PageOnly, Query()],
) -> Response:
    """Every comparison of renovating with rebuilding, in the order of recording; the last one is the present one."""
    await queries.compound_in(reader, compound_id=compound_id, scope=access.scope)
    after = page.after([UUID])
    rows = await queries.COMPARISONS.all(
        reader, compound_id=compound_id, after=after[0] if after else FIRST, limit=page.limit + 1
    )
    return page.answer([_comparison(row).model_dump() for row in rows], lambda row: (row["id"],))


@router.post("/compounds/{compound_id}/comparisons", status_code=201, response_model=ComparisonOut)
async def add_comparison(
    access: Annotated[Access, requires(Permission.COMPOUND_WRITE)], uow: Uow, compound_id: UUID, body: ComparisonIn
) -> Response:
    """Records a comparison of renovating with rebuilding."""
    recorded = await compare(uow, scope=access.scope, compound_id=compound_id, assessment=Assessment(**dict(body)))
    return reply(uow, 201, _comparison(vars(recorded)))


async def _drawings(driver: "asyncpg.Connection", compound_id: UUID, scope: Scope) -> DrawingsOut:
    await queries.compound_in(driver, compound_id=compound_id, scope=scope)
    rows = await queries.DRAWINGS.all(driver, compound_id=compound_id)
    return DrawingsOut(
        compound_id=compound_id,
        items=[DrawingOut(**row) for row in rows],
        missing=missing_drawings({row["kind"]: row["state"] for row in rows}),
    )


def _comparison(row: Mapping[str, Any]) -> ComparisonOut:
    renovate, rebuild = Fraction(row["renovate_cost"]), Fraction(row["rebuild_cost"])
    area = None if row["floor_area"] is None else parse_fraction(row["floor_area"])
    close = None if row["close_share"] is None else parse_fraction(row["close_share"])
    return ComparisonOut(
        **{name: row[name] for name in ComparisonOut.model_fields if name in row},
        renovate_cost_per_m2=None if area is None else decimal_text(renovate / area),
        rebuild_cost_per_m2=None if area is None else decimal_text(rebuild / area),
        ratio=decimal_text(renovate / rebuild),
        comes_close=None if close is None else renovate / rebuild >= close,
    )
