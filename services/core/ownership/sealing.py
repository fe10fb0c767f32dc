"""A person's particulars on their way into the table and out of it: sealed, indexed, masked, opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from services.core.kit.vault import Vault
from services.core.ownership.rules import masked_identity, masked_name, masked_phone

NAME, SURNAME, PHONE, IDENTITY = "name", "surname", "phone", "identity"

COLUMNS = (
    "name_sealed", "phone_sealed", "identity_sealed", "phone_last4", "name_index", "surname_index", "phone_index",
    "identity_index", "index_key",
)  # fmt: skip
"""The columns that `sealed` fills, in its order."""

CORRECT = """
UPDATE person SET name_sealed = $2, phone_sealed = $3, identity_sealed = $4, phone_last4 = $5, name_index = $6, surname_index = $7,
                  phone_index = $8, identity_index = $9, index_key = $10, version = version + 1
WHERE id = $1
"""


class Indexes(NamedTuple):
    """What a person is found by; `key` is the one that they were made with."""

    name: bytes
    surname: bytes
    phone: bytes | None
    identity: bytes | None
    key: str


@dataclass(frozen=True, slots=True)
class Particulars:
    """Who somebody is, as `rules` keeps names and numbers."""

    name: str
    phone: str | None = None
    identity_number: str | None = None


@dataclass(frozen=True, slots=True)
class Masked:
    """What everybody who may see a register sees of a person."""

    name: str
    phone: str | None
    identity_number: str | None


def sealed(vault: Vault, person_id: UUID, compound_id: UUID, told: Particulars) -> tuple[Any, ...]:
    """The values of `COLUMNS` for a person of a compound."""

    def seal(column: str, value: str | None) -> bytes | None:
        if value is None:
            return None
        return vault.cipher.seal(value.encode(), table="person", column=column, row=person_id)

    return (
        seal(NAME, told.name),
        seal(PHONE, told.phone),
        seal(IDENTITY, told.identity_number),
        None if told.phone is None else told.phone[-4:],
        *indexes(vault, compound_id, told),
    )


def indexes(vault: Vault, compound_id: UUID, told: Particulars) -> Indexes:
    """Blind indexes under the present key. Names are salted by compound: how often a surname stands there tells nothing."""
    index, phone, number = vault.index, told.phone, told.identity_number
    return Indexes(
        index.of(NAME, told.name, within=compound_id),
        index.of(SURNAME, told.name[:1], within=compound_id),
        None if phone is None else index.of(PHONE, phone),
        None if number is None else index.of(IDENTITY, number),
        index.key_id,
    )


def opened(vault: Vault, row: Mapping[str, Any]) -> Particulars:
    """The particulars of a row of `person`; CannotDecrypt for what was tampered with."""

    def open_(column: str) -> str | None:
        value = row[f"{column}_sealed"]
        if value is None:
            return None
        return vault.cipher.open(value, table="person", column=column, row=row["id"]).decode()

    return Particulars(open_(NAME) or "", open_(PHONE), open_(IDENTITY))


def masked(vault: Vault, row: Mapping[str, Any]) -> Masked:
    """What is shown of a row of `person` without revealing it."""
    told = opened(vault, row)
    return Masked(
        masked_name(told.name),
        None if told.phone is None else masked_phone(told.phone),
        None if told.identity_number is None else masked_identity(told.identity_number),
    )
