"""Pages to print, as HTML without scripts. Everything is escaped; the one style stands in the page and its hash in the policy."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from services.core.kit.calendar import day_of
from services.web.words import (
    CATEGORIES,
    ENTRY_KINDS,
    FUNDING,
    GROUNDS,
    LISTS,
    MATTERS,
    OUTCOMES,
    SERVED,
    VOTE_SCOPES,
    Words,
)

STYLE = (files("services.web") / "templates" / "print.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; form-action "
SECURITY_POLICY = f"{_POLICY}'none'"
"""Content-Security-Policy of a page: its own style, and nothing else at all."""
FORM_POLICY = f"{_POLICY}'self'"
"""The same of a page with a form, which is sent to where it came from."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("services.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, language: str, **data: Any) -> bytes:
    """A template filled with plain data, in Chinese or English. The same data always gives the same bytes."""
    chinese = language == "zh"
    told = {
        "outcome": _word(OUTCOMES, chinese=chinese),
        "category": _word(CATEGORIES, chinese=chinese),
        "list_name": _word(LISTS, chinese=chinese),
        "entry_kind": _word(ENTRY_KINDS, chinese=chinese),
        "source": _word(FUNDING, chinese=chinese),
        "matter_kind": _word(MATTERS, chinese=chinese),
        "vote_scope": _word(VOTE_SCOPES, chinese=chinese),
        "served": _word(SERVED, chinese=chinese),
        "ground": lambda name: GROUNDS.get(name, (name, name))[0 if chinese else 1],
        "t": lambda zh, en: zh if chinese else en,
        "day": partial(_day, chinese=chinese),
        "money": money,
        "style": Markup(STYLE),  # noqa: S704 - a file of the package
    }
    return _environment().get_template(f"{template}.html").render(**told, **data).encode()


def money(amount: Decimal | str | None) -> str:
    """Yuan with two places, in groups of three; a dash for what is not known."""
    return "—" if amount is None else f"{Decimal(amount):,.2f}"


def _day(moment: date, *, chinese: bool) -> str:
    """A day, or the day of an instant in Asia/Shanghai."""
    day = day_of(moment) if isinstance(moment, datetime) else moment
    return f"{day.year}年{day.month}月{day.day}日" if chinese else day.isoformat()


def _word(words: Mapping[str, Words], *, chinese: bool) -> Callable[[str], str]:
    return lambda name: words[name][0 if chinese else 1]
