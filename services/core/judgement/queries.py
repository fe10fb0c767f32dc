"""Reads of panels and judgements. What others gave is in no answer before the panel has closed."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ARRAY, String, Uuid, bindparam, cast, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.core.identity.access import Role
from services.core.identity.models import RoleGrant
from services.core.judgement.models import Judgement, Panel, PanelExpert
from services.core.judgement.rules import PanelStatus
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.projects.models import Project
from services.core.selection.models import Publication, SelectionRound

if TYPE_CHECKING:
    import asyncpg

PANEL_COLUMNS = (
    Panel.id,
    Panel.round_id,
    Panel.region_path,
    Panel.fact_key,
    Panel.scale,
    Panel.least,
    Panel.deadline,
    Panel.drops_extremes,
    Panel.deviation_limit,
    Panel.review_days,
    Panel.review_until,
    Panel.status,
    Panel.opened_at,
    Panel.closed_at,
    Panel.cancel_reason,
)


def _counted(*conditions: Any) -> Any:
    """How many judgements of a panel meet some conditions."""
    return (
        select(func.count())
        .select_from(Judgement)
        .where(Judgement.panel_id == Panel.id, *conditions)
        .correlate(Panel)
        .scalar_subquery()
    )


PANELS = (
    select(
        *PANEL_COLUMNS,
        select(func.count())
        .select_from(PanelExpert)
        .where(PanelExpert.panel_id == Panel.id)
        .correlate(Panel)
        .scalar_subquery()
        .label("experts"),
        _counted().label("assigned"),
        _counted(Judgement.score.is_not(None)).label("given"),
        _counted(Judgement.conflict_reason.is_not(None)).label("withdrawn"),
        _counted(Judgement.flagged, Judgement.reviewed_at.is_(None), Judgement.conflict_reason.is_(None)).label("to_review"),
    )
)  # fmt: skip

OF_ROUND = Statement(
    PANELS.where(
        Panel.round_id == bindparam("round_id", type_=Uuid()),
        Panel.id > bindparam("after", type_=Uuid()),
        in_scope(Panel.region_path),
    )
    .order_by(Panel.id)
    .limit(bindparam("limit"))
)

# The panel that holds for a fact of a round: one under way, or one that has closed since the last publication. What a publication
# rested on is judged anew when the round is reopened.
OF_FACT = Statement(
    select(Panel.id).where(
        Panel.round_id == bindparam("round_id", type_=Uuid()),
        Panel.fact_key == bindparam("fact_key"),
        Panel.status != PanelStatus.CANCELLED,
        ~(
            select(1)
            .where(Publication.round_id == Panel.round_id, Publication.published_at > Panel.closed_at)
            .correlate(Panel)
            .exists()
        ),
    )
)

ONE = Statement(PANELS.where(Panel.id == bindparam("panel_id", type_=Uuid()), in_scope(Panel.region_path)))

_HELD = select(*PANEL_COLUMNS).where(Panel.id == bindparam("panel_id", type_=Uuid()), in_scope(Panel.region_path))
# Experts score side by side; closing waits for those who are at it, and they for the closing.
HELD = Statement(_HELD.with_for_update(read=True))
LOCKED = Statement(_HELD.with_for_update(key_share=True))

EXPERTS = Statement(
    select(PanelExpert.staff_id, PanelExpert.letter)
    .where(PanelExpert.panel_id == bindparam("panel_id", type_=Uuid()))
    .order_by(PanelExpert.letter, PanelExpert.staff_id)
)

# Of these people, those who are experts now at the region or above it.
QUALIFIED = Statement(
    select(RoleGrant.principal_id)
    .distinct()
    .where(
        RoleGrant.principal_id == func.any(bindparam("staff_ids", type_=ARRAY(Uuid()))),
        RoleGrant.principal_kind == "staff",
        RoleGrant.role == Role.EXPERT,
        RoleGrant.ended_at.is_(None),
        RoleGrant.region_path == func.any(bindparam("lineage", type_=ARRAY(String))),
    )
)

OWN_LOCKED = Statement(
    select(
        Judgement.score,
        Judgement.first_score,
        Judgement.conflict_reason,
        Judgement.flagged,
        Judgement.reviewed_at,
    )
    .where(
        Judgement.panel_id == bindparam("panel_id", type_=Uuid()),
        Judgement.project_id == bindparam("project_id", type_=Uuid()),
        Judgement.staff_id == bindparam("staff_id", type_=Uuid()),
    )
    .with_for_update()
)

# Every judgement of one project, locked in one order, so that two who withdraw from it take turns.
PROJECT_LOCKED = Statement(
    select(Judgement.staff_id, Judgement.score, Judgement.conflict_reason, Judgement.flagged, Judgement.reviewed_at)
    .where(
        Judgement.panel_id == bindparam("panel_id", type_=Uuid()),
        Judgement.project_id == bindparam("project_id", type_=Uuid()),
    )
    .order_by(Judgement.staff_id)
    .with_for_update()
)

_WAITING = (
    ((Panel.status == PanelStatus.OPEN) & Judgement.score.is_(None))
    | ((Panel.status == PanelStatus.REVIEWING) & Judgement.flagged & Judgement.reviewed_at.is_(None))
) & Judgement.conflict_reason.is_(None)

DESK_COLUMNS = (
    Judgement.panel_id,
    Judgement.project_id,
    SelectionRound.title.label("round_title"),
    SelectionRound.year,
    Project.no,
    Project.title,
    Panel.fact_key,
    Panel.scale,
    Panel.deadline,
    Panel.review_until,
    Panel.status,
    Judgement.score,
    Judgement.comment,
    Judgement.conflict_reason,
    Judgement.flagged,
    Judgement.reviewed_at,
    _WAITING.label("waits"),
)
_DESK = (
    select(*DESK_COLUMNS)
    .join(Panel, Panel.id == Judgement.panel_id)
    .join(SelectionRound, SelectionRound.id == Panel.round_id)
    .join(Project, Project.id == Judgement.project_id)
    .where(
        Judgement.staff_id == bindparam("staff_id", type_=Uuid()),
        Panel.status != PanelStatus.CANCELLED,
        in_scope(Panel.region_path),
    )
)
# One expert's judgements by panel and project; those that wait for a score, or all.
DESK = Statement(
    _DESK.where(
        func.row(Judgement.panel_id, Judgement.project_id)
        > func.row(bindparam("after_panel", type_=Uuid()), bindparam("after_project", type_=Uuid())),
        or_(bindparam("waiting") == False, _WAITING),  # noqa: E712 - in SQL
    )
    .order_by(Judgement.panel_id, Judgement.project_id)
    .limit(bindparam("limit"))
)

OWN = Statement(
    _DESK.where(
        Judgement.panel_id == bindparam("panel_id", type_=Uuid()),
        Judgement.project_id == bindparam("project_id", type_=Uuid()),
    )
)

# How far each project is, without anything that was given.
PROGRESS = Statement(
    select(
        Judgement.project_id,
        Project.no,
        Project.title,
        func.count().label("assigned"),
        func.count(Judgement.score).label("given"),
        func.count(Judgement.conflict_reason).label("withdrawn"),
    )
    .join(Project, Project.id == Judgement.project_id)
    .where(
        Judgement.panel_id == bindparam("panel_id", type_=Uuid()),
        Project.no > bindparam("after", type_=Project.no.type),
    )
    .group_by(Judgement.project_id, Project.no, Project.title)
    .order_by(Project.no)
    .limit(bindparam("limit"))
)

# Every judgement by expert's letter; numbers as text, since JSON's would arrive as floats.
JUDGED = Statement(
    select(
        Judgement.project_id,
        Project.no,
        Project.title,
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "expert", PanelExpert.letter,
                    "score", cast(Judgement.score, String),
                    "first_score", cast(Judgement.first_score, String),
                    "comment", Judgement.comment,
                    "withdrawn", Judgement.conflict_reason.is_not(None),
                    "flagged", Judgement.flagged,
                    "reviewed", Judgement.reviewed_at.is_not(None),
                ),
                PanelExpert.letter,
            )
        ).label("judgements"),
    )
    .join(Project, Project.id == Judgement.project_id)
    .join(
        PanelExpert,
        (PanelExpert.panel_id == Judgement.panel_id) & (PanelExpert.staff_id == Judgement.staff_id),
    )
    .where(
        Judgement.panel_id == bindparam("panel_id", type_=Uuid()),
        Project.no > bindparam("after", type_=Project.no.type),
    )
    .group_by(Judgement.project_id, Project.no, Project.title)
    .order_by(Project.no)
    .limit(bindparam("limit"))
)  # fmt: skip

# All that a closing reads; no judgement changes while it holds the panel.
ALL = Statement(
    select(
        Judgement.project_id,
        Project.region_path,
        Judgement.staff_id,
        Judgement.score,
        Judgement.conflict_reason,
        Judgement.flagged,
        Judgement.reviewed_at,
    )
    .join(Project, Project.id == Judgement.project_id)
    .where(Judgement.panel_id == bindparam("panel_id", type_=Uuid()))
    .order_by(Judgement.project_id, Judgement.staff_id)
)

CONFLICTS = Statement(
    select(Judgement.staff_id, Judgement.project_id, Judgement.conflict_reason)
    .where(Judgement.panel_id == bindparam("panel_id", type_=Uuid()), Judgement.conflict_reason.is_not(None))
    .order_by(Judgement.project_id, Judgement.staff_id)
)


async def panel_of(driver: "asyncpg.Connection", *, scope: Scope, panel_id: UUID) -> "asyncpg.Record":
    """A panel inside the scope, with how far it is; NotFound otherwise."""
    row = await ONE.first(driver, panel_id=panel_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row
