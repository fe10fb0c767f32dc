"""Jobs that keep the kit's own tables small."""

from typing import ClassVar

from services.core.kit.jobs import Job


class ForgetOldAnswers(Job):
    """Deletes stored answers of idempotent requests past their time."""

    name: ClassVar[str] = "kit.forget_old_answers"
