"""Jobs of projects."""

from typing import ClassVar

from services.core.kit.jobs import Job


class RefreshRollups(Job):
    """Brings the sums over the region tree up to date."""

    name: ClassVar[str] = "project.refresh_rollups"
    timeout_seconds: ClassVar[int] = 300
