"""What personal data is kept with: the cipher of its fields, and blind indexes to find them again.

A blind index is an HMAC of a normalised value under a key of its own (HKDF of JIUGAI_INDEX_KEY, else of JIUGAI_SECRET_KEY, for this
purpose alone): equal values have equal indexes, and without the key an index tells nothing, nor can a guess be tried. While keys
are changed (JIUGAI_INDEX_KEY_FORMER) both are looked for, until a job has rewritten every row under the new one.
"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.core.kit.crypto import FieldCipher, field_cipher
from services.core.kit.settings import Settings

PURPOSE = b"jiugai blind index 1"


class BlindIndex:
    """Indexes under one key."""

    __slots__ = ("_key", "key_id")

    def __init__(self, secret: str) -> None:
        self._key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
        self.key_id = hashlib.sha256(PURPOSE + self._key).hexdigest()[:8]

    def of(self, kind: str, value: str, *, within: UUID | None = None) -> bytes:
        """The index of a value of its kind; `within`: equal values there alone are to be recognised as equal."""
        told = f"{kind}\x1f{within or ''}\x1f{value}"
        return hmac.digest(self._key, told.encode(), hashlib.sha256)


@dataclass(frozen=True, slots=True)
class Vault:
    """The cipher, and the indexes: what is written under `index` is found under each of `indexes`."""

    cipher: FieldCipher
    index: BlindIndex
    indexes: tuple[BlindIndex, ...]

    def found_under(self, kind: str, value: str, *, within: UUID | None = None) -> list[bytes]:
        """Every index that a row holding the value may have, for `= ANY (…)`."""
        return [index.of(kind, value, within=within) for index in self.indexes]


@lru_cache(maxsize=8)
def _blind_index(secret: str) -> BlindIndex:
    return BlindIndex(secret)


def open_vault(settings: Settings) -> Vault:
    """The vault of this installation."""
    own = settings.jiugai_index_key or settings.jiugai_secret_key
    keys = [own, settings.jiugai_index_key_former]
    indexes = tuple(_blind_index(key.get_secret_value()) for key in keys if key is not None)
    return Vault(field_cipher(settings), indexes[0], indexes)
