"""Jobs of files."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.jobs import Job


class MakeRenditions(Job):
    """Makes of a photograph what is shown instead of it: without its EXIF, no larger than needed."""

    name: ClassVar[str] = "files.make_renditions"
    file_id: UUID


class ForgetUnusedFiles(Job):
    """Lets go of uploads that nothing came to use."""

    name: ClassVar[str] = "files.forget_unused"


class SweepOrphans(Job):
    """Deletes blobs that no row names: of one shard, then of the next."""

    name: ClassVar[str] = "files.sweep_orphans"
    shard: int = 0
