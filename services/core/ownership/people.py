"""People of the register: particulars corrected, revealed for a purpose, searched for."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from services.core.kit.errors import InputInvalid
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork
from services.core.kit.vault import Vault
from services.core.ownership import queries, sealing
from services.core.ownership.events import PersonCorrected
from services.core.ownership.sealing import CORRECT, Particulars
from services.core.territory import queries as territory

if TYPE_CHECKING:
    import asyncpg

    from services.core.kit.events import Event

# Who takes a number away, or puts another in its place, does not merge the entry alone (`merging`).
NUMBER_CHANGED = "UPDATE person SET number_changed_by = $2 WHERE id = $1"
STALE_INDEXES = """
SELECT id, compound_id, name_sealed, phone_sealed, identity_sealed FROM person WHERE index_key < $1 OR index_key > $1
ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
REWRITE_INDEXES = """
UPDATE person p SET name_index = x.name_index, surname_index = x.surname_index, phone_index = x.phone_index,
                    identity_index = x.identity_index, index_key = $6
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
     AS x(id, name_index, surname_index, phone_index, identity_index)
WHERE p.id = x.id
"""
FOUND_AT_MOST = 50


class Purpose(StrEnum):
    """What a person's particulars are revealed for (个人信息保护法 第六条: a clear purpose, the least that serves it)."""

    VERIFY = "verify"
    CONTACT = "contact"
    VISIT = "visit"
    DISPUTE = "dispute"
    LEGAL_DUTY = "legal_duty"


class Field(StrEnum):
    """What may be revealed, each by itself."""

    NAME = "name"
    PHONE = "phone"
    IDENTITY_NUMBER = "identity_number"


class Kept:
    """Stands for a field that a correction leaves as it is."""


KEPT = Kept()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for within a compound; at least one. A name of one character is a surname."""

    name: str | None = None
    phone_last4: str | None = None
    phone: str | None = None
    identity_number: str | None = None


async def correct(
    uow: UnitOfWork,
    *,
    scope: Scope,
    person_id: UUID,
    version: int,
    name: str | Kept = KEPT,
    phone: str | Kept | None = KEPT,
    identity_number: str | Kept | None = KEPT,
) -> None:
    """Puts right what is given; None removes it. Who somebody owns with does not change by it. As `queries.person_held`."""
    held = await queries.person_held(uow.driver, scope=scope, person_id=person_id, version=version)
    before = sealing.opened(uow.vault, held)
    told = Particulars(
        before.name if isinstance(name, Kept) else name,
        before.phone if isinstance(phone, Kept) else phone,
        before.identity_number if isinstance(identity_number, Kept) else identity_number,
    )
    await uow.driver.execute(CORRECT, person_id, *sealing.sealed(uow.vault, person_id, held["compound_id"], told))
    if before.identity_number is not None and told.identity_number != before.identity_number:
        await uow.driver.execute(NUMBER_CHANGED, person_id, uow.actor.id)
    _tell(uow, PersonCorrected(version=version + 1), held)


async def reveal(
    uow: UnitOfWork, *, scope: Scope, person_id: UUID, purpose: Purpose, fields: Sequence[Field]
) -> dict[str, str | None]:
    """The named particulars in the clear; each reading is audited, with who, whose, which and what for. NotFound."""
    row = await queries.one_in(uow.driver, queries.PERSON, scope=scope, thing_id=person_id)
    told = sealing.opened(uow.vault, row)
    asked = sorted(set(fields))
    uow.audit(
        "person.revealed",
        target="person",
        target_id=person_id,
        region_path=row["region_path"],
        details={"purpose": purpose, "fields": asked},
    )
    return {field: getattr(told, field) for field in asked}


async def search(
    driver: "asyncpg.Connection", vault: Vault, *, scope: Scope, compound_id: UUID, wanted: Wanted
) -> "list[asyncpg.Record]":
    """Entries of a compound of the scope that fit all that is given, `FOUND_AT_MOST` and one; NotFound, InputInvalid."""
    await territory.compound_in(driver, compound_id=compound_id, scope=scope)
    if wanted == Wanted():
        raise InputInvalid.at("", zh="至少填一项查找条件", en="give at least one thing to search for")
    surname = full = phone = number = None
    if wanted.name is not None and len(wanted.name) == 1:
        surname = vault.found_under(sealing.SURNAME, wanted.name, within=compound_id)
    elif wanted.name is not None:
        full = vault.found_under(sealing.NAME, wanted.name, within=compound_id)
    if wanted.phone is not None:
        phone = vault.found_under(sealing.PHONE, wanted.phone)
    if wanted.identity_number is not None:
        number = vault.found_under(sealing.IDENTITY, wanted.identity_number)
    rows: list[asyncpg.Record] = await driver.fetch(
        queries.SEARCH, compound_id, surname, full, wanted.phone_last4, phone, number, FOUND_AT_MOST + 1
    )
    return rows


async def rewrite_indexes(uow: UnitOfWork, *, at_most: int) -> int:
    """Makes indexes of a former key anew under the present one; how many people were done."""
    vault = uow.vault
    rows = await uow.driver.fetch(STALE_INDEXES, vault.index.key_id, at_most)
    anew = [sealing.indexes(vault, row["compound_id"], sealing.opened(vault, row)) for row in rows]
    await uow.driver.execute(
        REWRITE_INDEXES,
        [row["id"] for row in rows],
        [one.name for one in anew],
        [one.surname for one in anew],
        [one.phone for one in anew],
        [one.identity for one in anew],
        vault.index.key_id,
    )
    return len(rows)


def _tell(uow: UnitOfWork, happened: "Event", row: "asyncpg.Record") -> None:
    uow.record(happened, subject="person", subject_id=row["id"], region_path=row["region_path"])
