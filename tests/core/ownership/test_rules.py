"""How numbers, phones and names are typed, kept and shown."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.kit.invalid import InvalidAt
from services.core.ownership import rules


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("3", ["3", "3栋", "３号楼", " 3 幢", "3号"]),
        ("A", ["a座", "Ａ栋"]),
        ("12-1", ["12-1号楼"]),
        ("楼", ["楼"]),
    ],
)
def test_a_building_is_one_however_it_is_typed(kept: str, typed: list[str]) -> None:
    assert {rules.building_no(one) for one in typed} == {kept}


def test_entrances_and_doors_lose_their_words() -> None:
    assert [rules.entrance_no(one) for one in ("2单元", "二单元", "东门")] == ["2", "二", "东"]
    assert [rules.door_no(one) for one in ("301室", "3-301 房", "车库12号", "301")] == ["301", "3-301", "车库12", "301"]


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        (
            "13812341234",
            ["13812341234", "+86 138-1234-1234", "0086 13812341234", "８６１３８１２３４１２３４", "138 1234 1234"],
        ),
        ("05505012345", ["0550-5012345", "(0550) 5012345", "+86 0550 5012345"]),
    ],
)
def test_a_phone_is_one_however_it_is_typed(kept: str, typed: list[str]) -> None:
    assert {rules.phone_number(one) for one in typed} == {kept}


@pytest.mark.parametrize(
    "typed", ["", "12345", "1381234123", "138123412345", "12812341234", "5012345", "电话", "1381234123四"]
)
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(InvalidAt):
        rules.phone_number(typed)


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("11010519491231002X", "11010519491231002x"),
        ("11010519491231002X", "１１０１０５ 19491231 002Ｘ"),
        ("440524188001010014", "440524188001010014"),
        ("E12345678", "e12345678"),
    ],
)
def test_an_identity_number_is_one_however_it_is_typed(kept: str, typed: str) -> None:
    assert rules.identity_number(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "110105194912310021",
        "11010519491331002X",
        "110105491231002",
        "1101051949123100",
        "身份证",
        "",
        "01010519491231002X",
    ],
)
def test_what_is_no_identity_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidAt):
        rules.identity_number(typed)


@given(st.integers(110000, 659999), st.dates(), st.integers(0, 999), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_never_passes(place: int, born: object, order: int, at: int, by: int) -> None:
    from stdnum.cn import ric

    begun = f"{place}{str(born).replace('-', '')}{order:03}"
    whole = begun + ric.calc_check_digit(begun + "0")
    assert rules.identity_number(whole) == whole
    if whole[at] == "X":
        return
    wrong = whole[:at] + str((int(whole[at]) + by) % 10) + whole[at + 1 :]
    with pytest.raises(InvalidAt):
        rules.identity_number(wrong)


def test_names_are_kept_without_the_spaces_that_fill_a_column() -> None:
    assert [rules.person_name(one) for one in ("王 伟", "王　伟", " 欧阳震华", "John  Smith", "买买提·艾力")] == [
        "王伟", "王伟", "欧阳震华", "John Smith", "买买提·艾力",
    ]  # fmt: skip
    for typed in ("123", "", "王*"):
        with pytest.raises(InvalidAt):
            rules.person_name(typed)


def test_masks_show_what_they_may() -> None:
    assert rules.masked_name("王伟") == "王*"
    assert rules.masked_name("欧阳震华") == "欧*"
    assert rules.masked_phone("13812341234") == "138****1234"
    assert rules.masked_identity("11010519491231002X") == "1****************X"


def test_a_set_has_one_key_in_any_order_and_no_other_set_has_it() -> None:
    a, b, c = (UUID(int=n) for n in range(1, 4))
    assert rules.persons_key([a, b]) == rules.persons_key([b, a])
    keys = [
        rules.persons_key([a]), rules.persons_key([b]), rules.persons_key([a, b]), rules.persons_key([a, b, c]),
        rules.unknown_key(a), rules.organisation_set_key(str(a)),
    ]  # fmt: skip
    assert len(set(keys)) == len(keys)
    assert rules.organisation_set_key("全椒县 房管局（本级）") == rules.organisation_set_key("全椒县房管局(本级)")
