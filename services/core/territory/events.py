"""Events of territory."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.events import Event


class RegionAdded(Event):
    """A region entered the tree."""

    kind: ClassVar[str] = "region.added"
    level: str


class RegionsLoaded(Event):
    """Regions of the bundled list entered the tree."""

    kind: ClassVar[str] = "region.list_loaded"
    added: int


class RegionRecoded(Event):
    """A region got another code or name."""

    kind: ClassVar[str] = "region.recoded"
    change_id: UUID


class RegionEnded(Event):
    """A region was abolished, with or without a successor."""

    kind: ClassVar[str] = "region.abolished"
    change_id: UUID
    successor_id: UUID | None


class CompoundRegistered(Event):
    """A compound entered the register."""

    kind: ClassVar[str] = "compound.registered"


class CompoundChanged(Event):
    """A compound's number, name, address or region changed."""

    kind: ClassVar[str] = "compound.changed"
    version: int


class CompoundMerged(Event):
    """A compound was closed: with others it became a new one. One event for each."""

    kind: ClassVar[str] = "compound.merged"
    reshaping_id: UUID
    successor_id: UUID


class CompoundSplit(Event):
    """A compound was closed: it became several new ones."""

    kind: ClassVar[str] = "compound.split"
    reshaping_id: UUID
    successor_ids: list[UUID]


class FacilitiesRecorded(Event):
    """The condition of a compound's facilities was recorded; `version` is the compound's."""

    kind: ClassVar[str] = "compound.facilities_recorded"
    version: int
    items: int
    defective: int


class DrawingRecorded(Event):
    """What is known of a kind of drawings was recorded; `missing` kinds of the list are not at hand after it."""

    kind: ClassVar[str] = "compound.drawing_recorded"
    drawing_id: UUID
    missing: int


class ComparisonRecorded(Event):
    """Renovating a compound was compared with rebuilding it."""

    kind: ClassVar[str] = "compound.comparison_recorded"
    comparison_id: UUID


class ReportFiled(Event):
    """A department's printed statement was filed; `open_lines` of it nobody can assign to a compound yet."""

    kind: ClassVar[str] = "report.filed"
    lines: int
    open_lines: int


class ReportLineResolved(Event):
    """A person settled which compound a line of a report means; the reason is in the record."""

    kind: ClassVar[str] = "report_line.resolved"
    line_id: UUID
    compound_id: UUID


class ReportTotalResolved(Event):
    """A person settled why a printed total and its parts differ; the reason is in the record."""

    kind: ClassVar[str] = "report_total.resolved"
    total_id: UUID
