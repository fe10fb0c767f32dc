"""What staff do with a complaint: noted, answered, closed, taken up again, not taken up. What desks do is `assigning`'s."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.files import service as files
from services.core.hotline import assigning, calling_back, duty, grouping, rules, sealing, steps, templates
from services.core.hotline.desk_rules import Standing
from services.core.hotline.duty import Reach
from services.core.hotline.errors import ComplaintInputInvalid
from services.core.hotline.rules import Act
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    import asyncpg


@dataclass(frozen=True, slots=True)
class Words:
    """What is to be told: a text, or a template of the region; `fill` for gaps that a complaint does not fill by itself."""

    text: str | None = None
    template_id: UUID | None = None
    fill: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """The text as it would be sent, and the gaps that are left in it."""

    text: str
    missing: list[str]


async def _said(uow: UnitOfWork, held: "asyncpg.Record", words: Words) -> "Callable[[asyncpg.Record], str]":
    """What makes the words of a complaint: of this one, or of one that is handled with it.

    NotFound for a template of elsewhere; ComplaintInputInvalid for no words at all.
    """
    text = words.text
    if words.template_id is not None:
        text = await templates.body_for(uow, template_id=words.template_id, region_path=held["region_path"])
    if text is None:
        raise ComplaintInputInvalid.at("/text", zh="须写明", en="say what is told")
    body = text
    return lambda one: rules.filled(body, {**templates.values(one, uow.now), **(words.fill or {})})


async def preview(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, words: Words) -> Composed:
    """What a reply would say; nothing is written."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    text = (await _said(uow, held, words))(held)
    return Composed(text, rules.gaps(text))


async def reply(
    uow: UnitOfWork,
    *,
    reach: Reach,
    complaint_id: UUID,
    version: int,
    words: Words,
    file_ids: Sequence[UUID] = (),
    files_public: bool = False,
) -> UUID:
    """Answers whoever made it; the text stands in the history as it was sent. A later one corrects it. The history's line.

    By who is on duty at the desk that leads, where one does, else by whose case it is: NotOnDuty. ComplaintInputInvalid with a gap
    left open, or a personal number in it.
    """
    held = await steps.locked(uow, scope=reach.handles, complaint_id=complaint_id, version=version)
    desk_id = await assigning.acting(uow, held) or await duty.concerned(uow, held, reach)
    say = await _said(uow, held, words)
    missing = rules.gaps(say(held))
    if missing:
        raise ComplaintInputInvalid.at(f"/fill/{missing[0]}", zh="模板中有未填的空", en="is a gap left open")
    entry_id = await steps.step(uow, held, Act.REPLY, text=say(held), public=True, desk_id=desk_id)
    await grouping.answered(uow, held, say=say)
    await _attach(uow, held, entry_id, file_ids, public=files_public)
    return entry_id


async def note(
    uow: UnitOfWork,
    *,
    reach: Reach,
    complaint_id: UUID,
    version: int,
    text: str,
    public: bool,
    file_ids: Sequence[UUID] = (),
    files_public: bool = False,
) -> UUID:
    """Writes down how it goes on; `public`: for its reporter too, `files_public`: the files also for who has its code.

    NotOnDuty for those whose case it is not.
    """
    held = await steps.locked(uow, scope=reach.handles, complaint_id=complaint_id, version=version)
    desk_id = await duty.concerned(uow, held, reach)
    entry_id = await steps.step(uow, held, Act.NOTE, text=text, public=public, desk_id=desk_id)
    await _attach(uow, held, entry_id, file_ids, public=public and files_public)
    return entry_id


async def close(uow: UnitOfWork, *, reach: Reach, complaint_id: UUID, version: int) -> None:
    """Closes what was answered. NotOnDuty for those whose case it is not; ActNotAllowed before an answer: that is the table's."""
    held = await steps.locked(uow, scope=reach.handles, complaint_id=complaint_id, version=version)
    await steps.step(uow, held, Act.CLOSE, public=True, desk_id=await duty.concerned(uow, held, reach))
    await assigning.end(uow, complaint_id=complaint_id, state=Standing.DONE)
    await calling_back.begin(uow, held)


async def reject(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int, text: str) -> None:
    """Does not take it up, and tells its reporter why. ArbiterInvolved for those of a desk that has just sent it back."""
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    await assigning.refuse_involved(uow, complaint_id)
    await steps.step(uow, held, Act.REJECT, text=text, public=True)
    await grouping.gone(uow, held)


async def _attach(
    uow: UnitOfWork, held: "asyncpg.Record", entry_id: UUID, file_ids: Sequence[UUID], *, public: bool
) -> None:
    await files.attach(
        uow,
        file_ids=file_ids,
        subject_type=sealing.ENTRY,
        subject_id=entry_id,
        region_path=held["region_path"],
        public=public,
    )
