"""Jobs of files."""

from typing import ClassVar
from uuid import UUID

from services.core.kit.jobs import Job


class MakeRenditions(Job):
    """Makes of a photograph what is shown instead of it: without its EXIF, no larger than needed."""

    name: ClassVar[str] = "files.make_renditions"
    file_id: UUID


class FinishUpload(Job):
    """Finds out what an upload is whose bytes are all there, and keeps it as a file."""

    name: ClassVar[str] = "files.finish_upload"
    upload_id: UUID


class ForgetUploads(Job):
    """Lets go of uploads in pieces whose time is over, finished or not."""

    name: ClassVar[str] = "files.forget_uploads"


class ForgetUnusedFiles(Job):
    """Lets go of uploads that nothing came to use."""

    name: ClassVar[str] = "files.forget_unused"


class SweepOrphans(Job):
    """Deletes blobs that no row names: of one shard, then of the next."""

    name: ClassVar[str] = "files.sweep_orphans"
    shard: int = 0
