"""What a reporter does with his own complaint, signed in or by its code: adds to it, takes it back, urges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.files import service as files
from services.core.hotline import sealing, steps
from services.core.hotline.rules import Act, By
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class Own:
    """Whose complaint: a resident's by its id, or whoever has its code."""

    resident_id: UUID | None = None
    complaint_id: UUID | None = None
    code: str | None = None


async def locked(uow: UnitOfWork, own: Own) -> "asyncpg.Record":
    """The complaint, its row held; NotFound for anybody else's and for a code that opens nothing."""
    if own.code is not None:
        return await steps.locked_by_code(uow, code=own.code)
    assert own.resident_id is not None and own.complaint_id is not None  # noqa: S101, PT018 - one or the other names it
    return await steps.locked_of_resident(uow, resident_id=own.resident_id, complaint_id=own.complaint_id)


async def add(uow: UnitOfWork, own: Own, *, text: str, file_ids: Sequence[UUID] = ()) -> UUID:
    """Adds to what he said; the line of its history. NotFound for a file that he did not send."""
    held = await locked(uow, own)
    entry_id = await steps.step(uow, held, Act.ADD, by=By.REPORTER, text=text, public=True)
    await files.attach(
        uow,
        file_ids=file_ids,
        subject_type=sealing.ENTRY,
        subject_id=entry_id,
        region_path=held["region_path"],
    )
    return entry_id


async def withdraw(uow: UnitOfWork, own: Own, *, text: str | None) -> None:
    """Takes it back: nobody has to do anything any more."""
    held = await locked(uow, own)
    await steps.step(uow, held, Act.WITHDRAW, by=By.REPORTER, text=text, public=True)
