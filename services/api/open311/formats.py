"""The two formats of Open311: XML, which is required, and JSON, each by the suffix of the address."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import escape

from fastapi import Response
from pydantic_core import to_json

# What XML 1.0 has no form for (section 2.2); it would make the whole document unreadable.
UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'

Record = Mapping[str, Any]
"""Names with what they hold: text, a number, a truth, nothing, another record, a list of records or of texts."""


class Format(StrEnum):
    """How an answer is written."""

    XML = "xml"
    JSON = "json"

    @classmethod
    def of(cls, path: str) -> "Format":
        """By how the address ends; XML for whatever else, which every client reads."""
        return cls.JSON if path.endswith(".json") else cls.XML


MEDIA_TYPE = {Format.XML: "text/xml; charset=utf-8", Format.JSON: "application/json; charset=utf-8"}
# What one of several is called (XML names each, JSON does not).
ITEMS = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
    "attributes": "attribute",
}


def written(form: Format, root: str, content: Record | list[Record]) -> bytes:
    """A record or several under the name of their root, which JSON leaves out."""
    if form is Format.JSON:
        return to_json(content)
    return (DECLARATION + _element(root, content)).encode()


def answer(
    form: Format,
    root: str,
    content: Record | list[Record],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """The same as an answer."""
    response = Response(written(form, root, content), status, headers)
    response.headers["Content-Type"] = MEDIA_TYPE[form]
    return response


def _element(name: str, value: object) -> str:
    match value:
        case None | "":
            return f"<{name}/>"
        case Mapping():
            inner = "".join(_element(str(key), one) for key, one in value.items())
        case list():
            inner = "".join(_element(ITEMS[name], one) for one in value)
        case bool():
            inner = "true" if value else "false"
        case _:
            inner = escape(UNWRITABLE.sub("\ufffd", str(value)))
    return f"<{name}>{inner}</{name}>"
