"""What a complaint may go through, who moves it, and how its numbers, codes and texts are made. Pure.

The table is served at `/public/complaint-transitions`: what it does not list cannot happen.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Channel(StrEnum):
    """How a complaint came in."""

    MINI_PROGRAM = "mini_program"
    PHONE = "phone"
    SITE_CODE = "site_code"
    TRANSFER_12345 = "transfer_12345"
    OPEN311 = "open311"
    VISIT = "visit"


class Kind(StrEnum):
    """Which of the policy's clocks it runs by."""

    CONSULT = "consult"
    COMPLAINT = "complaint"
    URGENT = "urgent"


class State(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    SIGNED_IN = "signed_in"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


class Act(StrEnum):
    """What is done with a complaint, or said about it. `receive` begins every history."""

    RECEIVE = "receive"
    ASSIGN = "assign"
    REFUSE = "refuse"
    SIGN_IN = "sign_in"
    CONTACT = "contact"
    PAUSE = "pause"
    RESUME = "resume"
    REPLY = "reply"
    CLOSE = "close"
    REOPEN = "reopen"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SPLIT = "split"
    NOTE = "note"
    ADD = "add"
    URGE = "urge"
    EXTEND = "extend"
    RATE = "rate"
    CALL_BACK = "call_back"
    CORRECT = "correct"


class By(StrEnum):
    """Who does it."""

    STAFF = "staff"
    REPORTER = "reporter"
    RULES = "rules"


class RepeatBy(StrEnum):
    """What tells that a complaint is about a matter that was closed before."""

    REPORTER = "reporter"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Transition:
    """`act` leads from any of `source` to `target`; without a target the state stays."""

    act: Act
    by: tuple[By, ...]
    source: frozenset[State]
    target: State | None
    text_needed: bool = False


OPEN = frozenset(State) - {State.CLOSED, State.MERGED, State.WITHDRAWN, State.REJECTED}
"""Somebody has to do something yet, were it to close what was answered."""
HANDLED = frozenset({State.RECEIVED, State.ASSIGNED, State.SIGNED_IN, State.IN_PROGRESS, State.WAITING, State.REOPENED})
"""Not answered yet."""
AT_A_DESK = frozenset({State.ASSIGNED, State.SIGNED_IN, State.IN_PROGRESS, State.WAITING})

TRANSITIONS: tuple[Transition, ...] = (
    Transition(Act.ASSIGN, (By.STAFF, By.RULES), HANDLED, State.ASSIGNED),
    Transition(Act.REFUSE, (By.STAFF,), AT_A_DESK, State.RECEIVED, text_needed=True),
    Transition(Act.SIGN_IN, (By.STAFF,), frozenset({State.ASSIGNED}), State.SIGNED_IN),
    Transition(Act.CONTACT, (By.STAFF,), HANDLED - {State.WAITING}, State.IN_PROGRESS),
    Transition(Act.PAUSE, (By.STAFF,), HANDLED - {State.WAITING}, State.WAITING),
    Transition(Act.RESUME, (By.STAFF,), frozenset({State.WAITING}), State.IN_PROGRESS),
    Transition(Act.REPLY, (By.STAFF,), HANDLED | {State.ANSWERED}, State.ANSWERED, text_needed=True),
    Transition(Act.CLOSE, (By.STAFF,), frozenset({State.ANSWERED}), State.CLOSED),
    Transition(
        Act.REOPEN,
        (By.STAFF, By.REPORTER),
        frozenset({State.ANSWERED, State.CLOSED, State.MERGED}),
        State.REOPENED,
        text_needed=True,
    ),
    Transition(Act.REJECT, (By.STAFF,), frozenset({State.RECEIVED, State.REOPENED}), State.REJECTED, text_needed=True),
    Transition(Act.WITHDRAW, (By.REPORTER,), OPEN, State.WITHDRAWN),
    Transition(Act.MERGE, (By.STAFF,), HANDLED, State.MERGED),
    Transition(Act.UNMERGE, (By.STAFF, By.RULES), frozenset({State.MERGED}), State.RECEIVED, text_needed=True),
    Transition(Act.SPLIT, (By.STAFF,), HANDLED, None),
    Transition(Act.EXTEND, (By.STAFF,), HANDLED, None),
    Transition(Act.NOTE, (By.STAFF,), frozenset(State), None, text_needed=True),
    Transition(Act.ADD, (By.REPORTER,), OPEN | {State.MERGED}, None),
    Transition(Act.URGE, (By.STAFF, By.REPORTER), HANDLED | {State.MERGED}, None),
    Transition(Act.RATE, (By.STAFF, By.REPORTER), frozenset({State.ANSWERED, State.CLOSED, State.MERGED}), None),
    Transition(Act.CALL_BACK, (By.STAFF,), frozenset({State.ANSWERED, State.CLOSED, State.MERGED}), None),
    Transition(Act.CORRECT, (By.STAFF,), OPEN, None),
)
_BY_ACT: Mapping[Act, Transition] = {one.act: one for one in TRANSITIONS}


def transition(act: Act, state: State) -> Transition | None:
    """What `act` does to a complaint in this state; None when it may not happen."""
    found = _BY_ACT.get(act)
    return found if found is not None and state in found.source else None


def allowed(state: State, by: By) -> list[Act]:
    """What may happen next, by whom, in the table's order."""
    return [one.act for one in TRANSITIONS if by in one.by and state in one.source]


# Crockford's base 32 again: no I, L, O or U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans("OIL", "011")
LENGTH, GROUP = 20, 5


def new_code() -> str:
    """A hundred random bits: who has it follows the complaint without an account, and nobody guesses it."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def printed(code: str) -> str:
    """In groups of five, as it is told and written down."""
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def typed(given: str) -> str | None:
    """The code that somebody meant; None for what is none. Case, width, spaces, dashes and O for 0 do not matter."""
    folded = unicodedata.normalize("NFKC", given).upper()
    code = "".join(one for one in folded if one.isalnum()).translate(_MEANT)
    return code if len(code) == LENGTH and all(one in ALPHABET for one in code) else None


def number_prefix(day: date, region_path: str) -> str:
    """How a complaint's number begins: the day it came in and its region's own number; the how manieth it was follows."""
    return f"{day:%Y%m%d}-{region_path.rstrip('.').rpartition('.')[2]}-"


# What people write between the digits of one number: white space, dots and dashes of either width, and what is not seen.
_BETWEEN = r"\s.．。·・•‧_\-‐‑‒–—―−－\u200b-\u200d\u2060\ufeff"
_DIGITS = re.compile(rf"(?<!\d)(\d[\d{_BETWEEN}]{{5,}}\d[\dXxＸｘ]?)(?!\d)")
EXCERPT = 60


def without_numbers(text: str) -> str:
    """The text with runs of seven digits or more hidden but for their ends, however wide and parted: as staff read it."""

    def hidden(found: re.Match[str]) -> str:
        run = found.group()
        shown = sum(one.isdigit() for one in run)
        if shown < 7:
            return run
        return f"{run[:3]}{'*' * (len(run) - 5)}{run[-2:]}"

    return _DIGITS.sub(hidden, text)


def excerpt(text: str) -> str:
    """The beginning of a text in one line, numbers hidden: enough to tell complaints apart in a list."""
    line = " ".join(without_numbers(text).split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


def sameness(parts: Iterable[str]) -> str:
    """What makes two intakes the same: their parts, forms and white space folded."""
    return "\x1f".join("".join(unicodedata.normalize("NFKC", part).split()).casefold() for part in parts)


_GAP = re.compile(r"\{([a-z_]+)\}")


def gaps(text: str) -> list[str]:
    """The names of what a template leaves open, each once, in order."""
    return list(dict.fromkeys(_GAP.findall(text)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """A template's text with its gaps filled; one without a value stays as it is."""
    return _GAP.sub(lambda found: values.get(found.group(1), found.group()), text)
