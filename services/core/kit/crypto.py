"""Encryption of single fields: AES-256-GCM, bound to the place where the value lies.

Layout: key id (4 bytes), nonce (12), ciphertext and tag. Table, column and row are the associated data, so a value copied to
another row, or another column, does not open there.
"""

import hashlib
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from services.core.kit.settings import Settings

KEY_ID_BYTES, NONCE_BYTES = 4, 12
PURPOSE = b"jiugai field encryption 1"


class CannotDecrypt(Exception):
    """The value was sealed under another key, or lies where it was not sealed for."""


class FieldCipher:
    """Seals and opens fields under one key."""

    __slots__ = ("_aead", "key_id")

    def __init__(self, secret: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
        self.key_id = hashlib.sha256(PURPOSE + key).digest()[:KEY_ID_BYTES]
        self._aead = AESGCM(key)

    def seal(self, plain: bytes, *, table: str, column: str, row: UUID) -> bytes:
        """The sealed form of a value for this place. Never the same twice."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self.key_id + nonce + self._aead.encrypt(nonce, plain, _place(table, column, row))

    def open(self, sealed: bytes, *, table: str, column: str, row: UUID) -> bytes:
        """The value; raises `CannotDecrypt` for another key, another place, or a changed byte."""
        if sealed[:KEY_ID_BYTES] != self.key_id:
            raise CannotDecrypt("sealed under another key")
        nonce = sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
        try:
            return self._aead.decrypt(nonce, sealed[KEY_ID_BYTES + NONCE_BYTES :], _place(table, column, row))
        except (InvalidTag, ValueError) as wrong:
            raise CannotDecrypt("changed, or sealed for another place") from wrong


def _place(table: str, column: str, row: UUID) -> bytes:
    return f"{table}\x1f{column}\x1f{row}".encode()


@lru_cache(maxsize=4)
def _cipher(secret: str) -> FieldCipher:
    return FieldCipher(secret)


def field_cipher(settings: "Settings") -> FieldCipher:
    """The cipher of this installation: its key is derived (HKDF, RFC 5869) from JIUGAI_SECRET_KEY."""
    return _cipher(settings.jiugai_secret_key.get_secret_value())
