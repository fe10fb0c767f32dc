"""Jobs of selection."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.jobs import Job


class ComputeRun(Job):
    """Ranks the candidates of a run's freeze and writes its results."""

    name: ClassVar[str] = "selection.run"
    timeout_seconds: ClassVar[int] = 300
    run_id: UUID


class RecomputeNotices(Job):
    """Looks whether the calendar has moved the last day of a provisional notice."""

    name: ClassVar[str] = "selection.recompute_notices"
