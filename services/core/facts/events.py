"""Events of facts."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class FactPushed(Event):
    """Sources stated new figures about a subject; one event a push."""

    kind: ClassVar[str] = "fact.pushed"
    keys: list[str]
    fact_ids: list[UUID]


class DiscrepancyAdjudicated(Event):
    """A person decided which of several differing figures holds; the reason is in the record."""

    kind: ClassVar[str] = "discrepancy.adjudicated"
    adjudication_id: UUID
    key: str
    fact_id: UUID
