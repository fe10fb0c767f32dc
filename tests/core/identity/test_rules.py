"""Passwords, locks, one-time codes and who may give what, by table and by vector."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.identity.access import ALLOWS, GIVES, Grant, Permission, Principal, Role
from services.core.identity.rules import (
    COMMON_PASSWORDS,
    Attempts,
    common_path,
    may_give,
    may_manage,
    normal_password,
    normal_username,
    password_fault,
    totp_code,
    totp_match,
    totp_step,
)
from services.core.kit.ids import new_id

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)

# RFC 6238 appendix B, SHA-1: seconds since 1970 and the code, of which an authenticator shows the last six digits.
RFC_6238 = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]
# RFC 4226 appendix D: the codes of the counters 0 to 9 under the same secret.
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
SECRET = b"12345678901234567890"


@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert totp_code(SECRET, totp_step(datetime.fromtimestamp(seconds, UTC))) == code[-6:]


def test_codes_are_those_of_rfc_4226() -> None:
    assert [totp_code(SECRET, counter) for counter in range(10)] == RFC_4226


def test_a_code_holds_a_step_early_and_late_and_only_once() -> None:
    here = totp_step(NOON)
    for drift in (-1, 0, 1):
        code = totp_code(SECRET, here + drift)
        assert totp_match(SECRET, code, now=NOON, last_step=None) == here + drift
        assert totp_match(SECRET, code, now=NOON, last_step=here + drift) is None
        assert totp_match(SECRET, code, now=NOON, last_step=here + drift - 1) == here + drift
    for drift in (-2, 2):
        assert totp_match(SECRET, totp_code(SECRET, here + drift), now=NOON, last_step=None) is None


@pytest.mark.parametrize("code", ["", "12345", "１２３４５６", "12345a", " 12345", "-12345"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert totp_match(SECRET, code, now=NOON, last_step=None) is None


def fail(times: int, *, every: timedelta, start: Attempts | None = None, at: datetime = NOON) -> Attempts:
    attempts = start or Attempts()
    for number in range(times):
        attempts = attempts.after_failure(at + number * every)
    return attempts


def test_the_fifth_failure_within_the_window_locks() -> None:
    four = fail(4, every=timedelta(minutes=1))
    assert not four.locked(NOON + timedelta(minutes=4))
    five = fail(5, every=timedelta(minutes=1))
    fifth = NOON + timedelta(minutes=4)
    assert five.locked_until == fifth + timedelta(minutes=15)
    assert five.locked(fifth + timedelta(minutes=15) - timedelta(microseconds=1))
    assert not five.locked(fifth + timedelta(minutes=15))


def test_failures_far_apart_never_lock() -> None:
    assert fail(50, every=timedelta(minutes=16)).locked_until is None


def test_a_lock_doubles_each_time_up_to_a_day() -> None:
    attempts, at, lengths = Attempts(), NOON, []
    for _ in range(10):
        attempts = fail(5, every=timedelta(seconds=1), start=attempts, at=at)
        fifth = at + timedelta(seconds=4)
        assert attempts.locked_until is not None
        lengths.append(attempts.locked_until - fifth)
        at = attempts.locked_until
    minutes = [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]
    assert lengths == [timedelta(minutes=length) for length in minutes]


@pytest.mark.parametrize(
    ("password", "fine"),
    [
        ("x1" * 6, False),  # two characters only
        ("elevenchars", False),
        ("twelve chars", True),
        ("浙江省宁波市老旧小区改造", True),
        ("a1B2" * 32, True),
        ("a1B2" * 32 + "c", False),
        ("zhang.sanfeng", False),
        ("ZHANG.SANFENG", False),
        ("zhangsanfeng", False),
        ("Password-1234", False),
        ("P a s s w o r d 1 2 3 4", False),
        ("password1234 of mine", True),
        ("aaaaaaaaaaaaaaaa", False),
    ],
)
def test_the_password_policy(password: str, fine: bool) -> None:
    assert (password_fault(password, username="zhang.sanfeng") is None) is fine


def test_every_common_password_is_long_enough_to_matter_and_refused() -> None:
    for password in COMMON_PASSWORDS:
        assert len(password) >= 12
        assert password_fault(password, username="somebody") is not None


def test_one_form_for_what_keyboards_send_differently() -> None:
    assert normal_password("cafe\u0301 12345678") == normal_password("caf\u00e9 12345678")
    assert normal_password(" Ａ ") == " Ａ "
    assert normal_username(" ＬＩ.Wei ") == "li.wei"


# Duties kept apart: who appoints an expert does not judge, who appoints an auditor does not look behind the letters;
# what another office hands over, its own system hands over.
APART = {Permission.COMPLAINT_TRANSFER, Permission.JUDGEMENT_GIVE, Permission.PANEL_IDENTIFY}


def test_each_role_gives_only_what_stands_below_it() -> None:
    for giver, given_roles in GIVES.items():
        for role in given_roles - {giver}:
            assert ALLOWS[role] - APART <= ALLOWS[giver], f"{giver} gives {role} more than it has"
    assert set(ALLOWS) == set(Role)


def test_giving_needs_the_role_and_the_region() -> None:
    district = [Grant(Role.DISTRICT, "1.2.")]
    assert may_give(district, Role.STREET, "1.2.3.")
    assert may_give(district, Role.STREET, "1.2.")
    assert not may_give(district, Role.DISTRICT, "1.2.3.")
    assert not may_give(district, Role.STREET, "1.")
    assert not may_give(district, Role.STREET, "1.20.")
    # A role on one region and reach on another do not add up.
    assert not may_give([*district, Grant(Role.AUDITOR, "1.")], Role.STREET, "1.3.")
    assert not may_give([Grant(Role.STREET, "1.2.")], Role.COMMUNITY, "1.2.3.")


def test_managing_needs_every_grant() -> None:
    district = [Grant(Role.DISTRICT, "1.2.")]
    assert may_manage(district, [Grant(Role.STREET, "1.2.3."), Grant(Role.EXPERT, "1.2.")])
    assert not may_manage(district, [Grant(Role.STREET, "1.2.3."), Grant(Role.STREET, "1.4.")])
    assert not may_manage(district, [Grant(Role.AUDITOR, "1.2.3.")])
    assert may_manage(district, [])


def test_the_common_path_ends_between_regions() -> None:
    assert common_path([]) == ""
    assert common_path(["1.2.3."]) == "1.2.3."
    assert common_path(["1.2.3.", "1.2.34."]) == "1.2."
    assert common_path(["1.23.", "1.24."]) == "1."
    assert common_path(["1.", "2."]) == ""


paths = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(lambda steps: "".join(f"{step}." for step in steps))


@given(st.lists(st.tuples(st.sampled_from(list(Role)), paths), max_size=4), paths)
def test_a_principal_may_exactly_what_one_of_its_grants_gives_there(held: list[tuple[Role, str]], path: str) -> None:
    principal = Principal("staff", new_id(), None, grants=tuple(Grant(role, own) for role, own in held))
    for permission in Permission:
        expected = any(path.startswith(own) and permission in ALLOWS[role] for role, own in held)
        assert principal.scope(permission).covers(path) is expected
        if permission is not Permission.ME:
            assert (permission in principal.permissions) is any(permission in ALLOWS[role] for role, _ in held)


@given(st.lists(paths, min_size=1, max_size=5))
def test_the_common_path_holds_every_path_and_is_the_smallest(several: list[str]) -> None:
    shared = common_path(several)
    assert all(path.startswith(shared) for path in several)
    following = {path[len(shared) :].partition(".")[0] for path in several}
    assert len(following) > 1 or "" in following  # nothing longer would hold them all
