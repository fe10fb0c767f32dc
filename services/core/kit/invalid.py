"""How a pure rule refuses its input: with the place and the reason, knowing nothing of who asked."""


class InvalidAt(ValueError):
    """Input that a rule cannot work with; `pointer` is the place in it (RFC 6901), the arguments say why in Chinese and English."""

    def __init__(self, pointer: str, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.pointer = pointer
        self.zh = zh
        self.en = en


def pointer_to(*parts: str | int) -> str:
    """A JSON Pointer to a place by its keys and indexes."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
