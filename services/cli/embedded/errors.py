"""Why embedded servers cannot start, in words that the person at the keyboard can act on."""


class Refusal(Exception):
    """Nothing was started or changed; `zh` and `en` say what is wrong and what to do."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
