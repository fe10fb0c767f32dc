"""What identity's routes take and answer."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.api.wire import Bureau, In, Name, no_control, one_line
from services.core.identity.access import Permission, Role
from services.core.identity.rules import LONGEST_PASSWORD

# What is tried may be longer than a password may be: it is wrong then, not malformed. The bound keeps hashing cheap.
Tried = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(no_control)]
NewPassword = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_PASSWORD, examples=["correct horse battery"]),
    AfterValidator(no_control),
]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$", examples=["123456"])]
Language = Literal["zh", "en"]


class SignInIn(In):
    """A member of staff signs in; `otp` where the account has an authenticator."""

    username: Name
    password: Tried
    otp: Code | None = None


class WeChatSignInIn(In):
    """What `wx.login` gave."""

    code: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]


class LanguageIn(In):
    """The language in which one is written to."""

    language: Language


class RefreshIn(In):
    """The refresh token of the last pair."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=200)]


class TokensOut(BaseModel):
    """A pair of tokens; times in seconds from now."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind, no secret
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
    session_id: UUID


class ClientTokenOut(BaseModel):
    """The answer of RFC 6749 section 5.1; `scope` lists what the token may do."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind, no secret
    expires_in: int
    scope: str


class OwnGrantOut(BaseModel):
    """A role that the caller holds."""

    id: UUID
    role: Role
    region_id: UUID
    region_name: str
    region_path: str
    bureau: str | None


class MeOut(BaseModel):
    """Who the token stands for. Who must change his password may do nothing else before. A resident has neither name nor role."""

    kind: Literal["staff", "client", "resident"]
    id: UUID
    session_id: UUID
    username: str | None
    display_name: str | None
    language: Language
    must_change_password: bool
    totp_on: bool
    grants: list[OwnGrantOut]
    permissions: list[Permission]


class PasswordChangeIn(In):
    """The old password and the new one."""

    current_password: Tried
    new_password: NewPassword


class PasswordIn(In):
    """One's own password, asked again before something that a stolen token must not do."""

    password: Tried


class TotpEnrolOut(BaseModel):
    """The secret for the authenticator, told once. Nothing is on before it is confirmed."""

    secret: str
    uri: str


class CodeIn(In):
    """A code of the authenticator."""

    otp: Code


class TotpRemoveIn(In):
    """Password and code together."""

    password: Tried
    otp: Code


class SessionOut(BaseModel):
    """A sign-in that still holds."""

    id: UUID
    user_agent: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime
    current: bool


class SessionPage(BaseModel):
    """A page of sessions, the newest first."""

    items: list[SessionOut]
    next_cursor: str | None
    has_more: bool


class GrantIn(In):
    """A role on a region and everything below it; of a department also the bureau of a policy for which it answers."""

    role: Role
    region_id: UUID
    bureau: Bureau | None = None


class GrantOut(BaseModel):
    """A live grant inside the caller's scope."""

    id: UUID
    role: Role
    region_id: UUID
    region_name: str
    bureau: str | None


class StaffIn(In):
    """A new account with its first grants."""

    username: Annotated[Name, Field(max_length=64, examples=["li.wei"])]
    display_name: Name
    language: Language = "zh"
    grants: Annotated[list[GrantIn], Field(min_length=1, max_length=20)]


class StaffChangeIn(In):
    """What of an account may be edited."""

    display_name: Name
    language: Language


class StaffOut(BaseModel):
    """An account as a manager sees it."""

    id: UUID
    username: str
    display_name: str
    language: Language
    must_change_password: bool
    totp_on: bool
    locked_until: datetime | None
    created_at: datetime
    disabled_at: datetime | None
    version: int
    grants: list[GrantOut]


class StaffPage(BaseModel):
    """A page of accounts by username."""

    items: list[StaffOut]
    next_cursor: str | None
    has_more: bool


class StaffFilter(BaseModel):
    """Which accounts a list shows."""

    model_config = ConfigDict(extra="ignore")
    role: Role | None = None
    disabled: bool | None = None


class TemporaryPasswordOut(BaseModel):
    """A password to hand over, told once; its owner must change it first of all."""

    id: UUID
    temporary_password: str
    version: int


class ResetIn(In):
    """Whether the authenticator goes as well (a lost phone)."""

    remove_totp: bool = False


class VersionOut(BaseModel):
    """The record's id and its new version."""

    id: UUID
    version: int


class GrantGivenOut(BaseModel):
    """The new grant, and the account's new version."""

    id: UUID
    staff_id: UUID
    version: int


class EndedOut(BaseModel):
    """How many sessions were ended."""

    ended: int


class ClientIn(In):
    """A department's system, the regions that it works for, and the bureau of a policy for which it answers."""

    name: Name
    organisation: Annotated[Name, Field(max_length=100)]
    region_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]
    bureau: Bureau | None = None


class BureauIn(In):
    """The bureau of a policy for which a client answers from now on; null for none."""

    bureau: Bureau | None


class ClientOut(BaseModel):
    """A client; `id` is its `client_id`."""

    id: UUID
    name: str
    organisation: str
    created_at: datetime
    disabled_at: datetime | None
    version: int
    grants: list[GrantOut]


class ClientPage(BaseModel):
    """A page of clients, the oldest first."""

    items: list[ClientOut]
    next_cursor: str | None
    has_more: bool


class ClientSecretOut(BaseModel):
    """A client's secret, told once."""

    id: UUID
    client_secret: str
    version: int


class ClientKeyOut(BaseModel):
    """A long-lived key, never the key itself. `used_on`: the last day on which it opened something (Asia/Shanghai)."""

    id: UUID
    created_at: datetime
    used_on: date | None
    revoked_at: datetime | None


class ClientKeyPage(BaseModel):
    """A page of a client's keys, revoked ones too, the oldest first."""

    items: list[ClientKeyOut]
    next_cursor: str | None
    has_more: bool


class ClientKeyMadeOut(BaseModel):
    """A client's new key, told once, and the client's new version."""

    id: UUID
    api_key: str
    version: int
