"""Reads of meetings: for staff, for residents of the compound, for everybody."""

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.core.consultations.models import Meeting, MeetingFollowUp
from services.core.consultations.queries import in_part_of_tree
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.territory.models import Compound

if TYPE_CHECKING:
    import asyncpg

FOLLOW_UPS = (
    select(
        func.jsonb_agg(
            aggregate_order_by(
                func.jsonb_build_object(
                    "id", MeetingFollowUp.id,
                    "what", MeetingFollowUp.what,
                    "responsible", MeetingFollowUp.responsible,
                    "due", MeetingFollowUp.due,
                    "done_on", MeetingFollowUp.done_on,
                    "result", MeetingFollowUp.result,
                ),
                MeetingFollowUp.id,
            )
        )
    )
    .where(MeetingFollowUp.meeting_id == Meeting.id)
    .correlate(Meeting)
    .scalar_subquery()
)  # fmt: skip

_SHOWN = select(
    Meeting.id,
    Meeting.compound_id,
    Compound.name.label("compound_name"),
    Meeting.region_path,
    Meeting.project_id,
    Meeting.plan_number,
    Meeting.kind,
    Meeting.title,
    Meeting.held_on,
    Meeting.place,
    Meeting.attended,
    Meeting.properties_represented,
    Meeting.agenda,
    Meeting.decisions,
    Meeting.documents,
    FOLLOW_UPS.label("follow_ups"),
    Meeting.version,
    Meeting.recorded_at,
    Meeting.published_at,
).join(Compound, Compound.id == Meeting.compound_id)
_ID = Meeting.id == bindparam("meeting_id", type_=Uuid())

ONE = Statement(_SHOWN.where(_ID, in_scope(Meeting.region_path)))
LOCKED = Statement(_SHOWN.where(_ID, in_scope(Meeting.region_path)).with_for_update(of=Meeting, key_share=True))

LIST = Statement(
    _SHOWN.where(
        *in_part_of_tree(Meeting.region_path, Meeting.id),
        or_(
            bindparam("compound_id", type_=Uuid()).is_(None),
            Meeting.compound_id == bindparam("compound_id", type_=Uuid()),
        ),
        or_(
            bindparam("project_id", type_=Uuid()).is_(None), Meeting.project_id == bindparam("project_id", type_=Uuid())
        ),
    )
    .order_by(Meeting.region_path, Meeting.id)
    .limit(bindparam("limit"))
)

# Residents see every record of their compounds, everybody what is published; the latest first.
OF_COMPOUNDS = Statement(
    _SHOWN.where(
        Meeting.compound_id == func.any(bindparam("compound_ids", type_=ARRAY(Uuid()))),
        Meeting.id < bindparam("before", type_=Uuid()),
    )
    .order_by(Meeting.id.desc())
    .limit(bindparam("limit"))
)
ONE_OF_COMPOUNDS = Statement(
    _SHOWN.where(_ID, Meeting.compound_id == func.any(bindparam("compound_ids", type_=ARRAY(Uuid()))))
)
PUBLIC = Statement(
    _SHOWN.where(
        Meeting.compound_id == bindparam("compound_id", type_=Uuid()),
        Meeting.published_at.is_not(None),
        Meeting.id < bindparam("before", type_=Uuid()),
    )
    .order_by(Meeting.id.desc())
    .limit(bindparam("limit"))
)
PUBLIC_ONE = Statement(_SHOWN.where(_ID, Meeting.published_at.is_not(None)))


async def meeting_of(driver: "asyncpg.Connection", *, scope: Scope, meeting_id: UUID) -> "asyncpg.Record":
    """A meeting inside the scope; NotFound otherwise."""
    row = await ONE.first(driver, meeting_id=meeting_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row
