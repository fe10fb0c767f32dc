"""Sealed fields open only under their key, at their place, unchanged."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit.crypto import CannotDecrypt, FieldCipher, field_cipher
from services.core.kit.settings import Settings

CIPHER = FieldCipher("a" * 64)
ROW = uuid4()


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_again(plain: bytes) -> None:
    sealed = CIPHER.seal(plain, table="staff", column="totp_secret", row=ROW)
    assert CIPHER.open(sealed, table="staff", column="totp_secret", row=ROW) == plain
    assert len(sealed) == 4 + 12 + len(plain) + 16


def test_the_same_value_is_never_sealed_alike() -> None:
    sealed = {CIPHER.seal(b"secret", table="staff", column="totp_secret", row=ROW) for _ in range(100)}
    assert len(sealed) == 100
    assert len({one[:4] for one in sealed}) == 1  # the key's id


def test_another_place_does_not_open_it() -> None:
    sealed = CIPHER.seal(b"secret", table="staff", column="totp_secret", row=ROW)
    for table, column, row in (
        ("client", "totp_secret", ROW),
        ("staff", "password_hash", ROW),
        ("staff", "totp_secret", uuid4()),
        ("staff\x1ftotp_secret", "", ROW),
    ):
        with pytest.raises(CannotDecrypt):
            CIPHER.open(sealed, table=table, column=column, row=row)


def test_another_key_and_a_changed_byte_do_not_open_it() -> None:
    sealed = CIPHER.seal(b"secret", table="staff", column="totp_secret", row=ROW)
    with pytest.raises(CannotDecrypt, match="another key"):
        FieldCipher("b" * 64).open(sealed, table="staff", column="totp_secret", row=ROW)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(CannotDecrypt):
            CIPHER.open(bytes(changed), table="staff", column="totp_secret", row=ROW)
    for cut in (b"", sealed[:4], sealed[:20]):
        with pytest.raises(CannotDecrypt):
            CIPHER.open(cut, table="staff", column="totp_secret", row=ROW)


def test_the_key_comes_from_the_settings_and_holds_over_a_restart(settings: Settings) -> None:
    sealed = field_cipher(settings).seal(b"secret", table="staff", column="totp_secret", row=ROW)
    again = FieldCipher(settings.jiugai_secret_key.get_secret_value())
    assert again.open(sealed, table="staff", column="totp_secret", row=ROW) == b"secret"
