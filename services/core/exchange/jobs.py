"""Jobs of imports."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.jobs import Job


class RunImport(Job):
    """Reads the file of an import, checks every cell, and writes what may be written."""

    name: ClassVar[str] = "exchange.import"
    timeout_seconds: ClassVar[int] = 300
    import_id: UUID
