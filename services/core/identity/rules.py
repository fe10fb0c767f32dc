"""Pure rules of identity: passwords, locks after failures, one-time codes, who may give which role."""

import hashlib
import hmac
import re
import struct
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.core.identity.access import GIVES, Grant, Role

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
# What people type when twelve characters are asked for. Compared without case and without what is neither letter nor digit.
COMMON_PASSWORDS = frozenset(
    {
        "123456789012", "1234567890ab", "1234567890abc", "111111111111", "000000000000", "112233445566", "123123123123",
        "password1234", "password12345", "password123456", "passwordpassword", "passw0rd1234", "mypassword123",
        "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdf", "qwerty123456", "1qaz2wsx3edc", "1q2w3e4r5t6y", "qazwsxedcrfv",
        "qazwsx123456", "abcdefghijkl", "abcdef123456", "abc123456789", "asdfghjkl123", "admin1234567", "admin12345678",
        "admin123456789", "administrator", "administrator1", "adminadmin123", "root12345678", "welcome12345", "letmein12345",
        "iloveyou1234", "woaini123456", "woaini1314520", "woaizhongguo", "aa1234567890", "a12345678901", "abcd12345678",
        "laojiuxiaoqu", "laojiuxiaoqu123", "jiugai123456", "jiugai12345678", "changeme1234", "changemechangeme",
        "guanliyuan123", "5201314520131", "zhongguo1234", "test12345678", "user12345678",
    }
)  # fmt: skip


def normal_username(given: str) -> str:
    """The form in which a username is kept and looked for."""
    return unicodedata.normalize("NFKC", given).strip().lower()


def normal_password(given: str) -> str:
    """One form for what keyboards send differently (RFC 8265 section 4.2: NFC, nothing trimmed, nothing folded)."""
    return unicodedata.normalize("NFC", given)


def password_fault(password: str, *, username: str) -> tuple[str, str] | None:
    """What is wrong with a new password, in Chinese and English; None when it will do.

    Length and a list of common ones, no rule on kinds of characters (NIST SP 800-63B section 3.1.1.2).
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return "密码须为 12 至 128 个字符", "a password has 12 to 128 characters"
    plain = "".join(character for character in password.lower() if character.isalnum())
    own = "".join(character for character in username if character.isalnum())
    if password.lower() == username or plain == own:
        return "密码不得与用户名相同", "the password must not be the username"
    if plain in COMMON_PASSWORDS or len(set(password)) < 4:
        return "密码过于常见，请换一个", "this password is too common"
    return None


FAILURES_ALLOWED = 5
FAILURE_WINDOW = timedelta(minutes=15)
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed sign-ins of one account since `since`, how often it was locked since the last good one, and until when."""

    failed: int = 0
    since: datetime | None = None
    locks: int = 0
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Whether nobody may sign in yet."""
        return self.locked_until is not None and now < self.locked_until

    def after_failure(self, now: datetime) -> "Attempts":
        """One more failure. The fifth within a window locks: 15 minutes, then 30, 60 … at most a day."""
        if self.since is None or now - self.since > FAILURE_WINDOW:
            return replace(self, failed=1, since=now)
        if self.failed + 1 < FAILURES_ALLOWED:
            return replace(self, failed=self.failed + 1)
        # Past the seventh doubling it is a day anyway; the bound keeps the power small.
        lock = min(FIRST_LOCK * 2 ** min(self.locks, 7), LONGEST_LOCK)
        return Attempts(failed=0, since=None, locks=self.locks + 1, locked_until=now + lock)


TOTP_SECONDS = 30
TOTP_DIGITS = 6
TOTP_DRIFT = 1


def totp_step(now: datetime) -> int:
    """The number of the time step that `now` lies in (RFC 6238 section 4.2)."""
    return int(now.timestamp()) // TOTP_SECONDS


def totp_code(secret: bytes, step: int) -> str:
    """The six-digit code of a step: HOTP with SHA-1 (RFC 4226 section 5.3), which is what authenticator apps do."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**TOTP_DIGITS:0{TOTP_DIGITS}d}"


def totp_match(secret: bytes, code: str, *, now: datetime, last_step: int | None) -> int | None:
    """The step whose code this is, one step early or late included; None for a wrong code and for one used already."""
    if not (code.isascii() and code.isdigit()):
        return None
    here = totp_step(now)
    matched = None
    for step in range(here - TOTP_DRIFT, here + TOTP_DRIFT + 1):
        if hmac.compare_digest(totp_code(secret, step), code) and (last_step is None or step > last_step):
            matched = step
    return matched


def may_give(giver: Iterable[Grant], role: Role, region_path: str) -> bool:
    """Whether one of the giver's grants holds over that region and lets its holder give that role."""
    return any(region_path.startswith(own.region_path) and role in GIVES.get(own.role, frozenset()) for own in giver)


def may_manage(giver: Iterable[Grant], held: Iterable[Grant]) -> bool:
    """Whether the giver could have given every grant that somebody holds.

    Otherwise a reset password would hand a district the account of its auditor, or of somebody working elsewhere too.
    """
    own = tuple(giver)
    return all(may_give(own, grant.role, grant.region_path) for grant in held)


def common_path(paths: Sequence[str]) -> str:
    """The smallest subtree that holds every path: where the audit of an account with several grants belongs."""
    shared = []
    for steps in zip(*(path.split(".")[:-1] for path in paths), strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0] + ".")
    return "".join(shared)
