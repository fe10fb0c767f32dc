"""What Open311's clients send: the form of a request, the parameters of a list. An empty parameter is one that was not sent."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from services.api.hotline.schemas import PersonName, Phone, reckonable, several_lines
from services.api.wire import one_line
from services.core.hotline.open311 import Said
from services.core.kit.geo import Crs, Place, shifted_there

MOST_VALUES = 100
"""Ids, or services, that one list is asked for."""
MOST_ATTRIBUTES = 20
ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,60})\](?:\[\])?")
DEGREES = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?")
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def degrees(given: str) -> float:
    """A decimal number of degrees, as people and receivers write it."""
    if not DEGREES.fullmatch(given.strip()):
        raise ValueError("应为十进制度数", "must be decimal degrees")
    return float(given)


def instant(given: Any) -> Any:
    """W3C's form of an instant. An unescaped `+` of its zone arrives as a space."""
    text = given.strip().replace(" ", "+") if isinstance(given, str) else ""
    if not INSTANT.fullmatch(text):
        raise ValueError("应为带时区的时间，如 2026-01-01T00:00:00+08:00", "must be as 2026-01-01T00:00:00+08:00")
    return text


def listed(given: Any) -> Any:
    """Values by commas, by repetition, or both; each once."""
    values = given if isinstance(given, list) else [given]
    parts = (part.strip() for value in values if isinstance(value, str) for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part)) or None


def unsent(given: Any) -> Any:
    """None for an empty parameter."""
    return None if isinstance(given, str) and not given.strip() else given


Degrees = Annotated[float, BeforeValidator(degrees)]
Instant = Annotated[datetime, BeforeValidator(instant), AfterValidator(reckonable)]
Told = Annotated[str, Field(max_length=200), AfterValidator(one_line)]
Values = Annotated[Annotated[list[str], Field(max_length=MOST_VALUES)] | None, BeforeValidator(listed)]


class RequestIn(BaseModel):
    """One request. One of `lat` with `long`, `address_string`, `address_id` at least; `address_id` is a compound's id."""

    service_code: Told
    jurisdiction_id: Told | None = None
    lat: Degrees | None = None
    long: Degrees | None = None
    address_string: Annotated[Told, Field(max_length=300)] | None = None
    address_id: UUID | None = None
    email: Annotated[Told, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    device_id: Told | None = None
    account_id: Told | None = None
    first_name: PersonName | None = None
    last_name: PersonName | None = None
    phone: Phone | None = None
    description: Annotated[str, Field(max_length=4000), AfterValidator(several_lines)] | None = None
    media_url: Annotated[str, Field(max_length=1000, pattern=r"^https?://\S+$"), AfterValidator(one_line)] | None = None
    attributes: Annotated[
        list[tuple[str, Annotated[Told, Field(max_length=500)]]], Field(max_length=MOST_ATTRIBUTES)
    ] = Field(default_factory=list)

    @model_validator(mode="after")
    def _somewhere(self) -> "RequestIn":
        if (self.lat is None) != (self.long is None):
            raise ValueError("lat 与 long 须同时提供", "lat and long come together")
        if self.lat is None and self.address_string is None and self.address_id is None:
            raise ValueError(
                "须提供 lat 与 long、address_string 或 address_id", "needs lat and long, address_string or address_id"
            )
        # A sign forgotten, the two exchanged, a receiver that found nothing (0, 0): none of them lies near China.
        if self.lat is not None and self.long is not None and not shifted_there(self.lat, self.long):
            raise ValueError("lat、long 不在我国范围内", "lat and long lie far from China")
        return self

    def said(self) -> Said:
        """The same for the use case."""
        place = None
        if self.lat is not None and self.long is not None:
            place = Place(self.lat, self.long, Crs.WGS84)
        return Said(
            service_code=self.service_code,
            jurisdiction=self.jurisdiction_id,
            description=self.description or "",
            address=self.address_string,
            address_id=self.address_id,
            place=place,
            name=_whole_name(self.first_name, self.last_name),
            phone=self.phone,
            device=self.device_id,
            account=self.account_id,
            beyond=tuple(self._beyond()),
        )

    def _beyond(self) -> Iterable[str]:
        if self.email is not None:
            yield f"邮箱 email: {self.email}"
        if self.media_url is not None:
            yield f"图片 media_url: {self.media_url}"
        for code, value in self.attributes:
            yield f"attribute[{code}]: {value}"


def _whole_name(first: str | None, last: str | None) -> str | None:
    """Family name first where both are Chinese."""
    if first is None or last is None:
        return first or last
    return f"{first} {last}" if (first + last).isascii() else f"{last}{first}"


class ListQuery(BaseModel):
    """Which requests. `service_request_id` overrides all the others."""

    jurisdiction_id: Annotated[str | None, BeforeValidator(unsent)] = None
    service_request_id: Values = None
    service_code: Values = None
    start_date: Annotated[Instant | None, BeforeValidator(unsent)] = None
    end_date: Annotated[Instant | None, BeforeValidator(unsent)] = None
    status: Values = None

    @model_validator(mode="after")
    def _statuses(self) -> "ListQuery":
        if not set(self.status or ()) <= {"open", "closed"}:
            raise ValueError("status 只能是 open、closed", "status must be open or closed")
        return self

    @property
    def open(self) -> bool | None:
        """Only open ones, only closed ones, or both."""
        asked = set(self.status or ())
        return "open" in asked if len(asked) == 1 else None
