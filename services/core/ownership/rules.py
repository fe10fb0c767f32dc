"""Rules of the register: the words of its columns, how people write numbers of doors, phones and identity cards, what is shown
of them, and which owners are one head. Pure.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from uuid import UUID

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from services.core.kit.invalid import InvalidAt

MAX_OWNERS = 50
"""Most co-owners of one property."""


class PropertyKind(StrEnum):
    """What is owned alone (专有部分). Shops and garages vote like dwellings (semantics.md *Votes*)."""

    DWELLING = "dwelling"
    SHOP = "shop"
    GARAGE = "garage"
    OTHER = "other"


class AreaSource(StrEnum):
    """Where an exclusive area is from, the strongest first (最高人民法院法释〔2009〕7号 第八条): what is registered, else surveyed,
    else what the contract of sale says.
    """

    REGISTER = "register"
    SURVEY = "survey"
    CONTRACT = "contract"


class OwnerKind(StrEnum):
    """Who a head is: people; an organisation of one of three kinds; somebody nobody knows."""

    PERSONS = "persons"
    COMPANY = "company"
    PUBLIC = "public"
    DEVELOPER = "developer"
    UNKNOWN = "unknown"


class TitleAct(StrEnum):
    """Why a property went to another head: title changed hands; the register was wrong; two entries were one person; its compound
    was merged or split.
    """

    TRANSFER = "transfer"
    CORRECTION = "correction"
    MERGE = "merge"
    RESHAPE = "reshape"


class Verdict(StrEnum):
    """What staff found about two entries of people. `proposed`: one of them says merged, and a second has to."""

    PROPOSED = "proposed"
    MERGED = "merged"
    APART = "apart"


ORGANISATIONS = frozenset({OwnerKind.COMPANY, OwnerKind.PUBLIC, OwnerKind.DEVELOPER})

_BUILDING_WORDS = re.compile(r"(号楼|号栋|号幢|栋|幢|座|楼|号)$")
_ENTRANCE_WORDS = re.compile(r"(单元|门栋|门洞|门)$")
_DOOR_WORDS = re.compile(r"(号房|室|房|号|户)$")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"0\d{9,11}", re.ASCII)
_CITIZEN = re.compile(r"[1-9]\d{16}[0-9X]", re.ASCII)
_PERMIT = re.compile(r"[A-Z]{1,2}\d{6,10}", re.ASCII)
_BETWEEN = re.compile(r"[\s\-‐‑–—·.()]+")
_HELD = re.compile(
    r"(?<!\d)(?:(?:\+?86|0086)[\s-]?)?1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)|(?<!\d)\d{6}[\s-]?\d{8}[\s-]?\d{3}[\dXx](?!\d)",
    re.ASCII,
)
_COUNTRY = re.compile(r"^(?:\+|00)?86(?=1[3-9]\d{9}$|0\d{9,11}$)", re.ASCII)


def building_no(given: str) -> str:
    """The number of a building as it is kept: "３号楼", "3 栋" and "3幢" are one building."""
    return _number(given, _BUILDING_WORDS)


def entrance_no(given: str) -> str:
    """The number of an entrance as it is kept: "2单元" is "2"."""
    return _number(given, _ENTRANCE_WORDS)


def door_no(given: str) -> str:
    """The number of a door as it is kept: "301 室" is "301"."""
    return _number(given, _DOOR_WORDS)


def _number(given: str, words: re.Pattern[str]) -> str:
    folded = "".join(unicodedata.normalize("NFKC", given).split()).upper()
    return words.sub("", folded) or folded


def person_name(given: str) -> str:
    """A name as it is kept and compared: NFKC, single spaces between words in Latin script, none between Chinese characters."""
    words = unicodedata.normalize("NFKC", given).split()
    name = "".join(words) if not any(word.isascii() for word in words) else " ".join(words)
    if not any(character.isalpha() for character in name) or "*" in name:  # one that was masked is nobody's
        raise InvalidAt("", "应为完整的姓名", "must be a whole name")
    return name


def organisation_key(title: str) -> str:
    """What tells organisations apart: their title without white space, forms folded."""
    return "".join(unicodedata.normalize("NFKC", title).split()).casefold()


def phone_number(given: str) -> str:
    """A phone number in digits, without +86; InvalidAt for what is neither a mobile number nor a landline with its area code."""
    digits = _COUNTRY.sub("", _BETWEEN.sub("", unicodedata.normalize("NFKC", given)))
    if not _MOBILE.fullmatch(digits) and not _LANDLINE.fullmatch(digits):
        raise InvalidAt(
            "", "应为手机号，或带区号的固定电话", "must be a mobile number, or a landline with its area code"
        )
    return digits


def identity_number(given: str) -> str:
    """A citizen's number (GB 11643), or the number of a passport or permit, which begins with a letter. InvalidAt otherwise.

    Check digit and birth date are verified. The place is not: it is the county that once entered the citizen, in whichever year,
    and stdnum's list would refuse real numbers. Those of 15 digits are void since 2013.
    """
    folded = _BETWEEN.sub("", unicodedata.normalize("NFKC", given)).upper()
    if _PERMIT.fullmatch(folded):
        return folded
    if _CITIZEN.fullmatch(folded) and ric.calc_check_digit(folded) == folded[-1]:
        with suppress(ValidationError):
            ric.get_birth_date(folded)
            return folded
    raise InvalidAt("", "证件号码有误，请核对", "is no valid identity number; check its digits")


def holds_personal_number(text: str) -> bool:
    """Whether a text holds what looks like a mobile number or an identity number: free text, which is not sealed, may not."""
    return _HELD.search(unicodedata.normalize("NFKC", text)) is not None


def masked_name(name: str) -> str:
    """王伟 as 王*."""
    return f"{name[:1]}*"


def masked_phone(phone: str) -> str:
    """13812341234 as 138****1234."""
    return f"{phone[:3]}****{phone[-4:]}"


def masked_identity(number: str) -> str:
    """First and last only: 3*************1."""
    return f"{number[:1]}{'*' * (len(number) - 2)}{number[-1:]}"


def persons_key(person_ids: Iterable[UUID]) -> str:
    """The set key of co-owners: the same people in any order are one head."""
    return _key("persons", *sorted(str(one) for one in person_ids))


def organisation_set_key(title: str) -> str:
    """The set key of an organisation: one head, as whatever kind it was entered."""
    return _key("organisation", organisation_key(title))


def unknown_key(property_id: UUID) -> str:
    """The set key of an owner nobody knows: each property its own head."""
    return _key("unknown", str(property_id))


def _key(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
