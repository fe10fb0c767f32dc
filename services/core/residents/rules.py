"""Words and codes of the mini-program's door. Pure."""

import secrets
import unicodedata
from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """As what a resident stands for a property."""

    OWNER = "owner"
    TENANT = "tenant"
    FAMILY = "family"


class Assurance(StrEnum):
    """How sure it is that a resident is who he is bound as, the weakest first: his phone number is the register's; he held the
    code on paper; the community looked at him.
    """

    PHONE = "phone"
    CODE = "code"
    ON_SITE = "on_site"


class State(StrEnum):
    """Of a request to the community."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Ground(StrEnum):
    """Why the community ends a binding."""

    MISTAKEN = "mistaken"
    MOVED = "moved"
    ABUSE = "abuse"


class Topic(StrEnum):
    """What consent is asked for. `privacy`: the notice of what is kept and why (个人信息保护法 第十七条). `phone_matching`:
    comparing the phone number with the register (第十三条第一款第一项), which codes and requests do without.
    """

    PRIVACY = "privacy"
    PHONE_MATCHING = "phone_matching"


class Answer(StrEnum):
    """What a resident says to a text."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


# Crockford's base 32: no I, L, O or U, so that what is read from paper is typed right.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans("OIL", "011")
LOCATOR, LENGTH, GROUP = 8, 16, 4
GUESSES = 5
"""Wrong second halves after which a code is worth nothing."""
INVITATION_HOLDS = timedelta(days=7)
STRONGER = list(Assurance)


def new_code() -> str:
    """Eighty random bits in sixteen characters: half finds the row, half is the secret."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def printed(code: str) -> str:
    """In groups of four, as on paper."""
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def typed(given: str) -> str | None:
    """The code that somebody meant; None for what is none. Case, width, spaces, dashes and O for 0 do not matter."""
    folded = unicodedata.normalize("NFKC", given).upper()
    code = "".join(one for one in folded if one.isalnum()).translate(_MEANT)
    return code if len(code) == LENGTH and all(one in ALPHABET for one in code) else None


def stronger(one: Assurance, other: Assurance) -> Assurance:
    """The stronger of two."""
    return max(one, other, key=STRONGER.index)
