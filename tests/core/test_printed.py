"""Pages and sheets from plain data, without the service around them."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from zipfile import ZipFile

import pytest

from services.core.projects.rules import FundingSource
from services.core.selection.annual_models import EntryKind, PlanList
from services.core.selection.candidates import Outcome
from services.core.territory.rules import Category
from services.web.pages import money
from services.web.sheets import Cell, Column, sheet
from services.web.words import CATEGORIES, ENTRY_KINDS, FUNDING, LISTS, OUTCOMES

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


def made(*cells: Cell) -> str:
    content = sheet(title="表", under="", columns=[Column("甲", "A")] * len(cells), rows=[cells], foot=[], made_at=AT)
    with ZipFile(BytesIO(content)) as file:
        assert "2026-11-21T08:00:00Z" in file.read("docProps/core.xml").decode()
        return file.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "\t=1", "http://example.org", "007", "12", "=", ""]
)
def test_text_stays_text(text: str) -> None:
    page = made(text)
    assert not re.search("<f[ >]|<hyperlink", page)
    row = page[page.index('<row r="4"') :]
    assert "<v>" not in row


def test_numbers_are_exact_or_text() -> None:
    page = made(Decimal("123456789012.34"), Decimal("12345678901234.56"), 7, None)
    assert "<v>123456789012.34</v>" in page
    assert "<t>12345678901234.56</t>" in page
    assert "<v>7</v>" in page


def test_money_is_written_in_groups() -> None:
    assert [money("1234567.5"), money(Decimal(0)), money(None)] == ["1,234,567.50", "0.00", "—"]


def test_there_are_words_for_everything_that_is_printed() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(CATEGORIES) == set(Category)
    assert set(FUNDING) == set(FundingSource)
    assert set(LISTS) == set(PlanList)
    assert set(ENTRY_KINDS) == set(EntryKind)
