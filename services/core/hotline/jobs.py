"""Jobs of the hotline."""

from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from services.core.kit.jobs import Job


class RewriteReporters(Job):
    """Makes blind indexes of reporters' numbers anew under the present key, some at a time, until none is left."""

    name: ClassVar[str] = "hotline.rewrite_reporters"


class BeginForgetting(Job):
    """Once a day: whose time is over is looked for, policy version by policy version."""

    name: ClassVar[str] = "hotline.begin_forgetting"


class ForgetReporters(Job):
    """Forgets who made the complaints of one policy version that were over before an instant; from where it stopped (`after_*`)."""

    name: ClassVar[str] = "hotline.forget_reporters"
    policy_version_id: UUID
    before: datetime
    batch_id: UUID
    after_at: datetime = datetime(1, 1, 1, tzinfo=UTC)
    after_id: UUID = UUID(int=0)


class CountComplaints(Job):
    """Counts what the hotline knows of compounds, some at a time, in the order of their ids (`after`)."""

    name: ClassVar[str] = "hotline.count_complaints"
    after: UUID = UUID(int=0)
