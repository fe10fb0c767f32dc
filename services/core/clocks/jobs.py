"""Jobs of clocks."""

from typing import ClassVar

from services.core.kit.jobs import Job


class SweepClocks(Job):
    """Does a batch of what is due about clocks, and asks for the next batch while there is more."""

    name: ClassVar[str] = "clocks.sweep"


class RecomputeClocks(Job):
    """Looks whether the calendar has moved the limits of running provisional clocks, a batch at a time."""

    name: ClassVar[str] = "clocks.recompute"
