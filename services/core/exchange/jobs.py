"""Jobs of imports."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.jobs import Job


class RunImport(Job):
    """Reads the file of an import, checks every cell, and writes what may be written."""

    name: ClassVar[str] = "exchange.import"
    timeout_seconds: ClassVar[int] = 900  # the longest file that each kind may have, on a machine that does much else
    import_id: UUID


class ForgetImportFiles(Job):
    """Deletes the files of imports that were sent more than `days` ago, and the bad rows copied from them."""

    name: ClassVar[str] = "exchange.forget_files"
    days: int
