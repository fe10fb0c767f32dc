"""Events of files and of the check of their content."""

from typing import ClassVar
from uuid import UUID

from services.core.files.rules import CheckKind, CheckState
from services.core.kit.events import Event


class FileSent(Event):
    """Somebody sent a file. Nothing uses it yet."""

    kind: ClassVar[str] = "file.sent"
    size: int


class UploadBegun(Event):
    """Somebody announced a file that comes in pieces."""

    kind: ClassVar[str] = "upload.begun"
    length: int


class UploadRefused(Event):
    """All of it came, and it was not what it may be."""

    kind: ClassVar[str] = "upload.refused"
    length: int


class UploadTerminated(Event):
    """Its sender gave it up."""

    kind: ClassVar[str] = "upload.terminated"
    received: int


class FilesComplete(Event):
    """All files are there that a record named: its subject is the record."""

    kind: ClassVar[str] = "files.completed"
    files: int


class EvidencePacked(Event):
    """Somebody was given all originals of a subject at once."""

    kind: ClassVar[str] = "evidence.packed"
    files: int


class ContentChecked(Event):
    """A text or photograph of a resident's was judged, by WeChat or by a person. `of`: the text's subject, or the file."""

    kind: ClassVar[str] = "content.checked"
    what: CheckKind
    of: UUID
    state: CheckState
    by_person: bool
