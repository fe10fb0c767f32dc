"""What the bodies of several domains share: requests that refuse unknown fields, and text as people type it."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# Marks that turn the direction of writing: a name could read as another than it is (UAX #9).
_TURNS_WRITING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(given: str) -> str:
    """Text of one line without white space around it; characters nobody can see are refused."""
    text = given.strip()
    if not text:
        raise ValueError("不能为空", "must not be blank")
    if any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _TURNS_WRITING for character in text
    ):
        raise ValueError("含有不可见的控制字符", "holds control characters")
    return text


def no_control(given: str) -> str:
    """A secret as typed: nothing trimmed; what no keyboard types is refused."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in given):
        raise ValueError("含有不可见的控制字符", "holds control characters")
    return given


class In(BaseModel):
    """A request: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
Document = Annotated[
    str, Field(min_length=1, max_length=300, examples=["甬建发〔2026〕12号"]), AfterValidator(one_line)
]
Reason = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(one_line)]
