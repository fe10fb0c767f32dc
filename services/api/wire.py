"""What the bodies of several domains share: requests that refuse unknown fields, and text as people type it."""

import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.core.facts.rules import is_ours
from services.core.kit.geo import Crs, Place
from services.core.ownership.rules import holds_personal_number

# Some scripts are not written without them.
_JOINERS = frozenset("\u200c\u200d")


def one_line(given: str) -> str:
    """Text of one line without white space around it, normalised (NFC); characters nobody can see are refused.

    Among them the marks that turn the direction of writing (UAX #9): what looks alike is to be the same name.
    """
    text = unicodedata.normalize("NFC", given.strip())
    if not text:
        raise ValueError("不能为空", "must not be blank")
    if any(
        unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in _JOINERS
        for character in text
    ):
        raise ValueError("含有不可见的控制字符", "holds control characters")
    return text


def no_control(given: str) -> str:
    """A secret as typed: nothing trimmed; what no keyboard types is refused."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in given):
        raise ValueError("含有不可见的控制字符", "holds control characters")
    return given


def not_ours(source: str) -> str:
    """A source that is none of the system's own."""
    if is_ours(source):
        raise ValueError("这一名称留给系统自身", "is a name that the system keeps for itself")
    return source


def no_personal_number(text: str) -> str:
    """Text that is kept in the clear: it holds nobody's phone or identity number."""
    if holds_personal_number(text):
        raise ValueError("不得含有手机号或身份证号", "may not hold a mobile or an identity number")
    return text


class In(BaseModel):
    """A request: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]
Source = Annotated[Line, AfterValidator(not_ours)]
Document = Annotated[
    str, Field(min_length=1, max_length=300, examples=["甬建发〔2026〕12号"]), AfterValidator(one_line)
]
Bureau = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["housing"])]
Reason = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(one_line)]
# The same where it is written of residents and kept in the clear.
OpenDocument = Annotated[Document, AfterValidator(no_personal_number)]
OpenReason = Annotated[Reason, AfterValidator(no_personal_number)]


class PlaceIn(In):
    """Where something is. Numbers mean nothing without their system: `wx.chooseLocation` gives gcj02, `wx.getLocation` wgs84."""

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[28.6629])]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[115.9098])]
    crs: Crs

    def place(self) -> Place:
        """The same for the use case."""
        return Place(self.lat, self.lon, self.crs)


class PlaceOut(BaseModel):
    """Where something is, as it was given."""

    lat: float
    lon: float
    crs: Crs


class PageOnly(BaseModel):
    """A list without filters of its own."""

    model_config = ConfigDict(extra="forbid")
    # The page's own parameters, read by its dependency; named here because unknown ones are refused.
    limit: Any = None
    cursor: Any = None
