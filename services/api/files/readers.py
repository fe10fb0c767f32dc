"""Who may read a file: he who sent it; whoever may read what it belongs to; he who judges whether it is fit to be shown.

What a file belongs to is the matter of other domains. Each says, once, who reads its subjects:

    @reads("complaint")
    async def may_read(connection, principal, subject_id, *, public): ...

so that files need to know none of them, and one address of a file serves all.
"""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from services.core.files import queries
from services.core.files.rules import CheckState
from services.core.identity.access import Permission, Principal
from services.core.kit.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg


class MayRead(Protocol):
    """Whether somebody may read a subject's files. `public`: this one was attached as public, and passed the check."""

    def __call__(
        self, connection: "asyncpg.Connection", principal: Principal, subject_id: UUID, *, public: bool
    ) -> Awaitable[bool]: ...


READERS: dict[str, MayRead] = {}
EVERYBODY: set[str] = set()
"""Types of subjects whose public files are for everybody, at `/public/files`. Whatever is not named here is not."""


def reads(subject_type: str, *, everybody: bool = False) -> "Callable[[MayRead], MayRead]":
    """Declares who reads the files of subjects of this type; `everybody`: those attached as public need nobody's leave."""

    def declare(may_read: MayRead) -> MayRead:
        if subject_type in READERS:
            raise RuntimeError(f"two say who reads {subject_type}")
        READERS[subject_type] = may_read
        if everybody:
            EVERYBODY.add(subject_type)
        return may_read

    return declare


async def readable(connection: "asyncpg.Connection", principal: Principal, file_id: UUID) -> "asyncpg.Record":
    """The file, for somebody who may read it. NotFound for everybody else, as for a file that is not there."""
    row = await queries.FILE.first(connection, file_id=file_id)
    if row is None or not (_own(principal, row) or await _through_use(connection, principal, row)):
        raise NotFound
    return row


def sees_original(principal: Principal, row: "asyncpg.Record") -> bool:
    """The original tells where and when it was taken, and maybe more: for its sender and for officials."""
    return principal.kind != "resident" or _own(principal, row)


def _own(principal: Principal, row: "asyncpg.Record") -> bool:
    return (principal.kind, principal.id) == (row["owner_kind"], row["owner_id"])


async def _through_use(connection: "asyncpg.Connection", principal: Principal, row: "asyncpg.Record") -> bool:
    file_id, passed = row["id"], row["check_state"] == CheckState.PASSED
    for use in await queries.USES.all(connection, file_id=file_id):
        may_read = READERS.get(use["subject_type"])
        public = use["public"] and passed
        if may_read is not None and await may_read(connection, principal, use["subject_id"], public=public):
            return True
    if Permission.CONTENT_CHECK not in principal.permissions:
        return False
    scope = principal.scope(Permission.CONTENT_CHECK)
    return await queries.UNDER_REVIEW.first(connection, file_id=file_id, **scope.parameters) is not None
