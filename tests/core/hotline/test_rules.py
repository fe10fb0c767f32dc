"""Codes, numbers and what is hidden of free text."""

from datetime import date

import pytest

from services.core.hotline import rules


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("电话13812345678。", "电话138******78。"),
        ("138 1234 5678", "138********78"),
        ("138-1234-5678 转 3", "138********78 转 3"),
        ("１３８１２３４５６７８", "１３８******７８"),
        ("440524188001010014", "440*************14"),
        ("11010519491231002X", "110*************2X"),
        ("座机 0310-6234567", "座机 031*******67"),
        ("138.1234.5678", "138********78"),
        ("138·1234·5678", "138********78"),
        ("１３８．１２３４．５６７８", "１３８********７８"),
        ("１３８　１２３４－５６７８", "１３８********７８"),
        ("138–1234—5678", "138********78"),
        ("138\u00a01234\u200b5678", "138********78"),
        ("138\n1234\n5678", "138********78"),
        ("1.3.8.1.2.3.4.5.6.7.8", "1.3" + "*" * 16 + ".8"),
        ("１１０１０５１９４９１２３１００２Ｘ", "１１０*************２Ｘ"),
        ("面积 58.5，第 3.2.1 条", "面积 58.5，第 3.2.1 条"),
        ("3 栋 2 单元 501 室，漏了 3 天", "3 栋 2 单元 501 室，漏了 3 天"),
        ("123456", "123456"),
    ],
)
def test_numbers_that_call_somebody_are_hidden(given: str, shown: str) -> None:
    assert rules.without_numbers(given) == shown


def test_an_excerpt_is_one_short_line() -> None:
    assert rules.excerpt("第一行\n\n  第二行") == "第一行 第二行"
    assert len(rules.excerpt("漏" * 500)) == rules.EXCERPT


def test_a_code_is_read_however_it_is_typed() -> None:
    code = rules.new_code()
    assert len(code) == 20
    assert set(code) <= set(rules.ALPHABET)
    assert not set("ILOU") & set(rules.ALPHABET)
    assert rules.typed(f" {rules.printed(code).lower()} ") == code
    assert rules.typed("o" * 20) == "0" * 20
    assert rules.typed("Il" * 10) == "1" * 20
    assert rules.typed(code[:-1]) is None
    assert rules.typed(code[:-1] + "U") is None
    assert len({rules.new_code() for _ in range(1000)}) == 1000


def test_a_number_begins_with_day_and_region() -> None:
    assert rules.number_prefix(date(2026, 11, 21), "1.23.456.") == "20261121-456-"


def test_equal_words_are_equal_however_they_are_spaced() -> None:
    assert rules.sameness(("a", "楼道 漏水\n")) == rules.sameness(("A", "楼道漏水"))
    assert rules.sameness(("a", "bc")) != rules.sameness(("ab", "c"))


def test_a_template_leaves_open_what_it_is_not_given() -> None:
    assert rules.gaps("{no} 由 {crew} 于 {today} 修复，{crew}") == ["no", "crew", "today"]
    assert rules.filled("{no}：{crew}", {"no": "7", "x": "y"}) == "7：{crew}"
    assert rules.filled("{a}", {"a": "{b}", "b": "c"}) == "{b}", "what is filled in is not filled again"
