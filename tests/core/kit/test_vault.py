"""Blind indexes: equal values meet, under one key or while keys are changed, and only where they are meant to."""

from uuid import uuid4

from pydantic import SecretStr

from services.core.kit.settings import Settings
from services.core.kit.vault import Vault, open_vault

SECRET, OLD, NEW = "s" * 64, "o" * 64, "n" * 64


def vault(key: str | None = None, *, former: str | None = None) -> Vault:
    return open_vault(
        Settings(
            database_url=SecretStr("postgresql://nobody@localhost/none"),
            redis_url=SecretStr("redis://localhost"),
            jiugai_secret_key=SecretStr(SECRET),
            jiugai_index_key=key and SecretStr(key),
            jiugai_index_key_former=former and SecretStr(former),
        )
    )


def test_equal_values_of_a_kind_are_equal_and_of_another_kind_or_place_are_not() -> None:
    index, here, there = vault().index, uuid4(), uuid4()
    assert index.of("phone", "13812341234") == index.of("phone", "13812341234")
    others = {
        index.of("phone", "13812341235"),
        index.of("identity", "13812341234"),
        index.of("phone", "13812341234", within=here),
        index.of("phone", "13812341234", within=there),
    }
    assert len(others) == 4
    assert index.of("phone", "13812341234") not in others


def test_without_its_key_an_index_cannot_be_made() -> None:
    assert vault().index.of("phone", "13812341234") != vault(NEW).index.of("phone", "13812341234")


def test_while_keys_are_changed_both_are_found_and_the_new_one_is_written() -> None:
    before, during = vault(OLD), vault(NEW, former=OLD)
    after = vault(NEW)
    found = during.found_under("phone", "13812341234")
    assert found == [after.index.of("phone", "13812341234"), before.index.of("phone", "13812341234")]
    assert during.index.key_id == after.index.key_id != before.index.key_id


def test_a_derived_key_is_left_by_naming_the_secret_it_came_from() -> None:
    derived, during = vault(), vault(NEW, former=SECRET)
    assert derived.index.of("phone", "13812341234") in during.found_under("phone", "13812341234")
