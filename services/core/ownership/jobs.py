"""Jobs of the register."""

from typing import ClassVar

from services.core.kit.jobs import Job


class RewriteIndexes(Job):
    """Makes blind indexes of a former key anew, some people at a time, until none is left."""

    name: ClassVar[str] = "ownership.rewrite_indexes"
