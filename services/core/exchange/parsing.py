"""Parses a part of a workbook piece by piece, and passes over the parser what every program writes alike.

Nine tenths of a large file are rows (or shared strings) written in one plain way, which an expression takes at a fifth of the cost
of the parser's calls. Each such piece is a whole element, well formed in itself, so the parser may miss it: only while it stands
right behind such an element, with everything read that it was given, and only in UTF-8. All else goes through the parser.
"""

from collections.abc import Callable
from typing import Any
from xml.parsers import expat

from services.core.exchange.findings import refused

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


class Local(dict[str, str]):
    """Names of elements without their prefix: a part holds one vocabulary, so the prefix tells nothing."""

    def __missing__(self, name: str) -> str:
        found = self[name] = name.rpartition(":")[2]
        return found


class Parsing:
    """A parser of one part. FileRefused for a document type."""

    def __init__(self, start: Start, end: End | None = None, text: End | None = None) -> None:
        parser: Any = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = _no_document_type
        self._parser = parser
        self._closing, self._plain = b"", None  # type: bytes, Callable[[bytes, int], int] | None
        self._given, self._ended = 0, -1

    def passing(self, closing: bytes, plain: Callable[[bytes, int], int]) -> None:
        """Elements that end in `closing` may be passed over. `plain(chunk, at)` takes those that are plain from there on, and says
        where the first other one begins; `ended` is to be called whenever the parser has come to the end of one.
        """
        self._closing, self._plain = closing, plain

    def ended(self) -> None:
        """An element that may be passed over ends here."""
        self._ended = self._parser.CurrentByteIndex + len(self._closing)

    def feed(self, chunk: bytes) -> None:
        """The next piece."""
        at = 0
        while self._plain is not None and at < len(chunk):
            if self._ended == self._given:
                at = self._plain(chunk, at)
            end = chunk.find(self._closing, at)
            end = len(chunk) if end < 0 else end + len(self._closing)
            self._parser.Parse(chunk[at:end], False)
            self._given += end - at
            at = end
        if at < len(chunk):
            self._parser.Parse(chunk[at:], False)

    def close(self) -> None:
        """Nothing more comes."""
        self._parser.Parse(b"", True)

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.upper() != "UTF-8":
            self._plain = None


def _no_document_type(*_: object) -> None:
    raise refused("file-unreadable")  # entities that grow, files of ours that they name
