"""Jobs of the hotline."""

from typing import ClassVar

from services.core.kit.jobs import Job


class RewriteReporters(Job):
    """Makes blind indexes of reporters' numbers anew under the present key, some at a time, until none is left."""

    name: ClassVar[str] = "hotline.rewrite_reporters"
