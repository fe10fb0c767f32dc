"""Refusals of identity."""

from services.core.kit.errors import DomainError, Kind


class SignInRefused(DomainError):
    """Wrong name, wrong password, disabled and locked read alike: which it was is nobody's business but the owner's."""

    code, kind = "sign-in-refused", Kind.UNAUTHENTICATED
    title_zh, title_en = (
        "用户名或密码不正确，或账号已停用、暂时锁定",
        "Wrong username or password, or the account is disabled or locked for a while",
    )


class AccountDisabled(DomainError):
    code, kind = "account-disabled", Kind.FORBIDDEN
    title_zh, title_en = "该账号已停用，请联系社区", "This account is disabled; ask the community"


class OtpRequired(DomainError):
    code, kind = "otp-required", Kind.UNAUTHENTICATED
    title_zh, title_en = "请输入动态验证码", "Send the code of your authenticator as well"


class OtpWrong(DomainError):
    code, kind = "otp-wrong", Kind.UNAUTHENTICATED
    title_zh, title_en = "动态验证码不正确或已使用过", "The code is wrong, or was used before"


class RefreshRefused(DomainError):
    code, kind = "refresh-refused", Kind.UNAUTHENTICATED
    title_zh, title_en = "登录已失效，请重新登录", "This sign-in has ended; sign in again"


class PasswordWrong(DomainError):
    code, kind = "password-wrong", Kind.FORBIDDEN
    title_zh, title_en = "密码不正确，或因多次输错暂时锁定", "The password is wrong, or locked after too many attempts"


class TotpCodeWrong(DomainError):
    code, kind = "totp-code-wrong", Kind.CONFLICT
    title_zh, title_en = "动态验证码不正确或已使用过", "The code is wrong, or was used before"


class TotpAlreadyOn(DomainError):
    code, kind = "totp-already-on", Kind.CONFLICT
    title_zh, title_en = "动态验证码已启用", "The authenticator is on already"


class TotpNotOn(DomainError):
    code, kind = "totp-not-on", Kind.CONFLICT
    title_zh, title_en = "动态验证码尚未启用", "The authenticator is not on"


class UsernameTaken(DomainError):
    code, kind = "username-taken", Kind.CONFLICT
    title_zh, title_en = "用户名已被使用", "This username is taken"


class GrantHeldAlready(DomainError):
    code, kind = "grant-held-already", Kind.CONFLICT
    title_zh, title_en = "该人员在此区域已有这一角色", "This role is held there already"


class GrantEnded(DomainError):
    code, kind = "grant-ended", Kind.CONFLICT
    title_zh, title_en = "该授权已经终止", "This grant has ended already"


class GrantBeyondYours(DomainError):
    code, kind = "grant-beyond-yours", Kind.FORBIDDEN
    title_zh, title_en = "您无权授予这一角色", "This role is not yours to give there"


class StaffBeyondYours(DomainError):
    code, kind = "staff-beyond-yours", Kind.FORBIDDEN
    title_zh, title_en = (
        "该人员持有您无权管理的授权，请由上级办理",
        "This person holds grants that are not yours to manage",
    )


class WouldLockYourselfOut(DomainError):
    code, kind = "would-lock-yourself-out", Kind.CONFLICT
    title_zh, title_en = "此操作会使您自己失去管理权限", "This would lock you out yourself"


class ClientKeysFull(DomainError):
    """`most`: how many live keys a client has at once."""

    code, kind = "client-keys-full", Kind.CONFLICT
    title_zh, title_en = "密钥已满，请先吊销旧密钥", "The client has as many keys as it may; revoke the old one first"


class ClientKeyRevoked(DomainError):
    code, kind = "client-key-revoked", Kind.CONFLICT
    title_zh, title_en = "该密钥已经吊销", "This key has been revoked already"
