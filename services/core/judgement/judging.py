"""What an expert does at a panel: scoring projects, declaring a conflict of interest."""

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, false, func, null, update

from services.core.judgement import queries, rules
from services.core.judgement.errors import (
    JudgementNotFlagged,
    JudgementWithdrawn,
    PanelDeadlinePassed,
    PanelInputInvalid,
)
from services.core.judgement.events import JudgementGiven, JudgementWasWithdrawn
from services.core.judgement.models import Judgement
from services.core.judgement.rules import PanelStatus, Score
from services.core.judgement.service import refuse_ended, terms_of
from services.core.kit.calendar import has_ended
from services.core.kit.database import Statement
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    from asyncpg import Record

_OWN = (
    (Judgement.panel_id == bindparam("of_panel", type_=Uuid()))
    & (Judgement.project_id == bindparam("of_project", type_=Uuid()))
    & (Judgement.staff_id == bindparam("of_staff", type_=Uuid()))
)
SCORED = Statement(
    update(Judgement)
    .where(_OWN)
    .values(
        score=bindparam("new_score", type_=Judgement.score.type),
        first_score=bindparam("new_first_score", type_=Judgement.first_score.type),
        comment=bindparam("new_comment", type_=Judgement.comment.type),
        reviewed_at=bindparam("new_reviewed_at", type_=Judgement.reviewed_at.type),
        given_at=bindparam("now", type_=Judgement.given_at.type),
    )
)
WITHDRAWN = Statement(
    update(Judgement)
    .where(_OWN)
    .values(score=null(), first_score=null(), comment=null(), conflict_reason=bindparam("reason"))
)


UNFLAGGED = Statement(
    update(Judgement)
    .where(
        Judgement.panel_id == bindparam("of_panel", type_=Uuid()),
        Judgement.project_id == bindparam("of_project", type_=Uuid()),
        Judgement.staff_id == func.any(bindparam("near", type_=ARRAY(Uuid()))),
    )
    .values(flagged=false())
)


async def give(
    uow: UnitOfWork, *, scope: Scope, panel_id: UUID, project_id: UUID, score: Decimal, comment: str | None
) -> None:
    """The caller's own score of a project, in place of an earlier one. While scores are looked at again the same is a confirmation.

    NotFound for what is not the caller's to judge, JudgementWithdrawn after a conflict of interest, PanelClosed, PanelCancelled,
    PanelDeadlinePassed, JudgementNotFlagged, PanelInputInvalid for a score outside the scale.
    """
    panel, own = await _own(uow, scope, panel_id, project_id)
    if score > panel["scale"]:
        raise PanelInputInvalid.at(
            "/score", zh=f"应在 0 与 {panel['scale']} 之间", en=f"must be between 0 and {panel['scale']}"
        )
    reviewing = panel["status"] == PanelStatus.REVIEWING
    if reviewing and (not own["flagged"] or own["reviewed_at"] is not None):
        raise JudgementNotFlagged
    if has_ended(panel["review_until"] if reviewing else panel["deadline"], uow.now):
        raise PanelDeadlinePassed
    await SCORED.all(
        uow.driver,
        of_panel=panel_id,
        of_project=project_id,
        of_staff=uow.actor.id,
        new_score=score,
        new_first_score=own["score"] if reviewing else None,
        new_comment=comment,
        new_reviewed_at=uow.now if reviewing else None,
        now=uow.now,
    )
    uow.record(
        JudgementGiven(project_id=project_id), subject="panel", subject_id=panel_id, region_path=panel["region_path"]
    )


async def withdraw(uow: UnitOfWork, *, scope: Scope, panel_id: UUID, project_id: UUID, reason: str) -> None:
    """The caller declares a conflict of interest: what was given for the project is gone, and nothing may be given any more.

    While scores are looked at again, one that lay far from the mean only because of what is gone need not be.
    NotFound, JudgementWithdrawn when declared before, PanelClosed.
    """
    panel = await _held(uow, scope, panel_id)
    rows = await queries.PROJECT_LOCKED.all(uow.driver, panel_id=panel_id, project_id=project_id)
    _refuse_withdrawn(panel, next((row for row in rows if row["staff_id"] == uow.actor.id), None))
    await WITHDRAWN.all(uow.driver, of_panel=panel_id, of_project=project_id, of_staff=uow.actor.id, reason=reason)
    uow.record(
        JudgementWasWithdrawn(project_id=project_id),
        subject="panel",
        subject_id=panel_id,
        region_path=panel["region_path"],
    )

    if panel["status"] == PanelStatus.REVIEWING:
        left = {
            row["staff_id"]: Score(Fraction(row["score"]), row["flagged"], row["reviewed_at"] is not None)
            for row in rows
            if row["score"] is not None and row["staff_id"] != uow.actor.id
        }
        far = rules.to_review(terms_of(panel), left)
        near = [expert for expert, score in left.items() if not score.stands and expert not in far]
        await UNFLAGGED.all(uow.driver, of_panel=panel_id, of_project=project_id, near=near)


async def _held(uow: UnitOfWork, scope: Scope, panel_id: UUID) -> "Record":
    """The panel, shared with others who judge; NotFound outside the scope."""
    panel = await queries.HELD.first(uow.driver, panel_id=panel_id, **scope.parameters)
    if panel is None:
        raise NotFound
    return panel


def _refuse_withdrawn(panel: "Record", own: "Record | None") -> "Record":
    """The caller's own judgement, to which something may be done still."""
    if own is None:
        raise NotFound
    refuse_ended(panel)
    if own["conflict_reason"] is not None:
        raise JudgementWithdrawn
    return own


async def _own(uow: UnitOfWork, scope: Scope, panel_id: UUID, project_id: UUID) -> "tuple[Record, Record]":
    """The panel, shared with others who judge, and the caller's own judgement of a project, locked."""
    panel = await _held(uow, scope, panel_id)
    own = await queries.OWN_LOCKED.first(uow.driver, panel_id=panel_id, project_id=project_id, staff_id=uow.actor.id)
    return panel, _refuse_withdrawn(panel, own)
