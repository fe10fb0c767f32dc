"""Changing a reporter's number: whoever knows it could take over a case, so nobody changes it alone.

The reporter says so, signed in or by the code, or staff write it down; then another member of staff asks him (at the number that
holds, at the counter) and types what he hears. The same number twice is his; until then the former one holds.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from services.core.hotline import sealing, speaking, steps
from services.core.hotline.after_errors import ContactChangeByYou, ContactChangeUnderWay, NoContactChange
from services.core.hotline.after_events import ContactChangeAsked, ContactChangeDecided
from services.core.hotline.errors import ActNotAllowed, ComplaintInputInvalid
from services.core.hotline.rules import OPEN, By, State, allowed
from services.core.hotline.speaking import Own
from services.core.kit.ids import new_id
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.ownership.sealing import PHONE

if TYPE_CHECKING:
    import asyncpg

CHANGE = "complaint_contact_change"
ASK = """
INSERT INTO complaint_contact_change (id, complaint_id, phone_sealed, decision, asked_by, asked_at)
VALUES ($1, $2, $3, 'asked', $4, $5)
ON CONFLICT (complaint_id) WHERE decision = 'asked' DO NOTHING RETURNING id
"""
ASKED = """
SELECT id, phone_sealed, asked_by FROM complaint_contact_change WHERE complaint_id = $1 AND decision = 'asked' FOR UPDATE
"""
DECIDE = """
UPDATE complaint_contact_change SET decision = $2, decided_by = $3, decided_at = $4, phone_sealed = NULL WHERE id = $1
"""
SET = "UPDATE complaint_reporter SET phone_sealed = $2, phone_index = $3, index_key = $4 WHERE complaint_id = $1"


async def ask_own(uow: UnitOfWork, own: Own, *, phone: str) -> None:
    """A reporter says that he has another number. NotFound for anybody else's; ActNotAllowed once it is over;
    ContactChangeUnderWay.
    """
    await _ask(uow, await speaking.locked(uow, own), phone, None)


async def ask(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, phone: str) -> None:
    """Staff write down another number of a reporter. Refusals as of `ask_own`."""
    await _ask(uow, await steps.locked(uow, scope=scope, complaint_id=complaint_id), phone, uow.actor.id)


async def decide(uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, confirm: bool, heard: str | None) -> None:
    """Somebody made sure, hearing the same number from the reporter, or could not.

    NotFound; NoContactChange; ContactChangeByYou for whoever wrote it down; ComplaintInputInvalid where he heard another.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id)
    row = await uow.driver.fetchrow(ASKED, complaint_id)
    if row is None:
        raise NoContactChange
    if row["asked_by"] is not None and row["asked_by"] == uow.actor.id:
        raise ContactChangeByYou
    phone = sealing.opened(uow.vault, CHANGE, sealing.PHONE, row["id"], row)
    if confirm and heard != phone:
        raise ComplaintInputInvalid.at("/phone", zh="与登记的号码不一致", en="is not the number that was written down")
    await uow.driver.execute(DECIDE, row["id"], "confirmed" if confirm else "refused", uow.actor.id, uow.now)
    if confirm and phone is not None:
        vault = uow.vault
        sealed = sealing.seal(vault, sealing.REPORTER, sealing.PHONE, complaint_id, phone)
        await uow.driver.execute(SET, complaint_id, sealed, vault.index.of(PHONE, phone), vault.index.key_id)
    uow.record(
        ContactChangeDecided(confirmed=confirm),
        subject="complaint",
        subject_id=complaint_id,
        region_path=held["region_path"],
    )


async def _ask(uow: UnitOfWork, held: "asyncpg.Record", phone: str, asked_by: UUID | None) -> None:
    state = State(held["state"])
    if state not in OPEN and state is not State.MERGED:
        raise ActNotAllowed(state=state, allowed=allowed(state, By.STAFF if asked_by else By.REPORTER))
    change_id = new_id()
    sealed = sealing.seal(uow.vault, CHANGE, sealing.PHONE, change_id, phone)
    if await uow.driver.fetchval(ASK, change_id, held["id"], sealed, asked_by, uow.now) is None:
        raise ContactChangeUnderWay
    await uow.driver.execute(steps.TO_FORGET, held["id"])
    uow.record(
        ContactChangeAsked(by_reporter=asked_by is None),
        subject="complaint",
        subject_id=held["id"],
        region_path=held["region_path"],
    )
