"""Pure rules of handling by desks: what an assignment may be, until when it may be sent back, who decides then."""

from datetime import datetime
from enum import StrEnum

from services.core.clocks import rules as clocks
from services.core.clocks.terms import Span, Terms
from services.core.kit.calendar import WorkCalendar


class Part(StrEnum):
    """Of the desks of one case: one leads (主办) and answers, others take part (协办)."""

    LEAD = "lead"
    CO = "co"


class Standing(StrEnum):
    """Of an assignment. `refused`: the arbiter has not decided yet. `ended`: another desk has it, or nothing is left to do."""

    ASSIGNED = "assigned"
    SIGNED_IN = "signed_in"
    REFUSED = "refused"
    DONE = "done"
    ENDED = "ended"


LIVE = (Standing.ASSIGNED, Standing.SIGNED_IN)
"""The desk has it."""


class Ground(StrEnum):
    """Why a desk sends a case back (退单)."""

    NOT_OUR_DUTY = "not_our_duty"
    NOT_OUR_AREA = "not_our_area"
    WRONG_CATEGORY = "wrong_category"
    DUPLICATE = "duplicate"
    LACKS_INFORMATION = "lacks_information"
    OTHER = "other"


class Decision(StrEnum):
    """What the arbiter made of a refusal."""

    ASKED = "asked"
    SENT_BACK = "sent_back"
    REROUTED = "rerouted"


def refusable_until(calendar: WorkCalendar, assigned_at: datetime, within: Span) -> datetime:
    """The first instant at which it is too late to send a case back."""
    return clocks.due(calendar, Terms(limit=within), started_at=assigned_at).at
