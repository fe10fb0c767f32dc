"""What reporters write and how they are reached, on its way into the tables and out of them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.core.kit.vault import Vault

DESCRIPTION, ADDRESS, NAME, PHONE, TEXT = "description", "address", "name", "phone", "text"
COMPLAINT, REPORTER, ENTRY = "complaint", "complaint_reporter", "complaint_entry"
SAME = "complaint_same"


def seal(vault: Vault, table: str, column: str, row: UUID, value: str | None) -> bytes | None:
    """A text sealed for its place; None stays None."""
    return None if value is None else vault.cipher.seal(value.encode(), table=table, column=column, row=row)


def opened(vault: Vault, table: str, column: str, row_id: UUID, row: Mapping[str, Any]) -> str | None:
    """The text of a row's `<column>_sealed`; None where nothing is kept (any more)."""
    sealed = row[f"{column}_sealed"]
    return None if sealed is None else vault.cipher.open(sealed, table=table, column=column, row=row_id).decode()
