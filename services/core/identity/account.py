"""What somebody does with his own account: password, authenticator, sessions."""

import base64
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

from services.core.identity.access import Principal
from services.core.identity.errors import PasswordWrong, TotpAlreadyOn, TotpCodeWrong, TotpNotOn
from services.core.identity.models import Staff
from services.core.identity.rules import Attempts, password_fault
from services.core.identity.sign_in import (
    PasswordProof,
    accept,
    end_sessions,
    home_path,
    keep_attempts,
    refuse,
    use_code,
)
from services.core.kit.errors import DomainError, InputInvalid, NotFound
from services.core.kit.uow import UnitOfWork

if TYPE_CHECKING:
    from services.core.kit.crypto import FieldCipher

TOTP_SECRET_BYTES = 20  # the length of SHA-1's output (RFC 4226 section 4, R6)
ISSUER = "Jiugai"


def check_new_password(password: str, *, username: str, pointer: str) -> None:
    """Refuses a new password that the policy does not take, naming the place."""
    fault = password_fault(password, username=username)
    if fault is not None:
        raise InputInvalid.at(pointer, zh=fault[0], en=fault[1])


async def _audit(uow: UnitOfWork, staff: Staff, action: str) -> None:
    home = await home_path(uow, "staff", staff.id)
    uow.audit(action, target="staff", target_id=staff.id, region_path=home)


async def change_password(
    uow: UnitOfWork, *, principal: Principal, proof: PasswordProof, new_hash: str
) -> DomainError | None:
    """Replaces the password and ends every other session. A wrong one is returned as a refusal, and counts towards the lock."""
    staff = await accept(uow, proof, action="staff.password_change")
    if staff is None:
        return PasswordWrong()
    staff.password_hash, staff.must_change_password = new_hash, False
    keep_attempts(staff, Attempts())
    await end_sessions(uow, kind="staff", principal_id=staff.id, keep=principal.session_id)
    await _audit(uow, staff, "staff.password_changed")
    return None


async def enrol_totp(uow: UnitOfWork, *, proof: PasswordProof, cipher: "FieldCipher") -> tuple[str, str] | DomainError:
    """A new secret (base32) and its otpauth URI. It counts only after `confirm_totp`; enrolling again replaces it."""
    staff = await accept(uow, proof, action="staff.totp_enrol")
    if staff is None:
        return PasswordWrong()
    if staff.totp_confirmed_at is not None:
        raise TotpAlreadyOn
    secret = secrets.token_bytes(TOTP_SECRET_BYTES)
    staff.totp_secret = cipher.seal(secret, table="staff", column="totp_secret", row=staff.id)
    staff.totp_last_step = None
    await _audit(uow, staff, "staff.totp_enrolled")
    text = base64.b32encode(secret).decode()
    label = quote(f"{ISSUER}:{staff.username}", safe=":")
    return text, f"otpauth://totp/{label}?secret={text}&issuer={ISSUER}&algorithm=SHA1&digits=6&period=30"


async def confirm_totp(uow: UnitOfWork, *, staff_id: UUID, code: str, cipher: "FieldCipher") -> None:
    """Turns the authenticator on, once a code proves that it works."""
    staff = await uow.session.get(Staff, staff_id, with_for_update=True)
    if staff is None or staff.totp_secret is None:
        raise TotpNotOn
    if staff.totp_confirmed_at is not None:
        raise TotpAlreadyOn
    if not use_code(staff, code, cipher=cipher, now=uow.now):
        raise TotpCodeWrong
    staff.totp_confirmed_at = uow.now
    await _audit(uow, staff, "staff.totp_confirmed")


async def remove_totp(uow: UnitOfWork, *, proof: PasswordProof, code: str, cipher: "FieldCipher") -> DomainError | None:
    """Turns the authenticator off for the password and a code. Wrong ones count towards the lock."""
    action = "staff.totp_remove"
    staff = await accept(uow, proof, action=action)
    if staff is None:
        return PasswordWrong()
    if staff.totp_confirmed_at is None:
        raise TotpNotOn
    if not use_code(staff, code, cipher=cipher, now=uow.now):
        await refuse(uow, staff, action=action, counted=True)
        return TotpCodeWrong()
    forget_totp(staff)
    await _audit(uow, staff, "staff.totp_removed")
    return None


def forget_totp(staff: Staff) -> None:
    """Removes the authenticator from an account."""
    staff.totp_secret = staff.totp_confirmed_at = staff.totp_last_step = None


async def revoke_own_session(uow: UnitOfWork, *, principal: Principal, session_id: UUID) -> None:
    """Ends one of the caller's own sessions; somebody else's is not found."""
    if not await end_sessions(uow, kind=principal.kind, principal_id=principal.id, session_id=session_id):
        raise NotFound
    home = await home_path(uow, principal.kind, principal.id)
    uow.audit("session.revoked", target="session", target_id=session_id, region_path=home)
