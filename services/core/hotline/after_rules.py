"""What follows an answer: when a complaint may be taken up again, what a rating means, how often a reporter is called. Pure."""

from datetime import date, timedelta
from enum import StrEnum

CONTENT_FROM = 3
"""Of five: 12345's 非常满意, 满意, 基本满意 are content; 不满意, 非常不满意 are not."""

MOST_TRIES = 3
"""Calls that reach nobody; after the last there is nobody to ask."""


class CallBackState(StrEnum):
    """`reached`: he was asked; `not_reached`: nobody answered, however often; `dropped`: taken up again before anybody called."""

    DUE = "due"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    DROPPED = "dropped"


class Cause(StrEnum):
    """Where somebody said that he is dissatisfied."""

    RATING = "rating"
    CALL_BACK = "call_back"


class SupervisionState(StrEnum):
    """Whether the supervisor has said what he found."""

    OPEN = "open"
    SETTLED = "settled"


def satisfied(score: int) -> bool:
    """Whether a score of five is a satisfied one."""
    return score >= CONTENT_FROM


def reopen_until(ended_on: date, days: int) -> date:
    """The last day on which a reporter may have it taken up again."""
    return ended_on + timedelta(days=days)
