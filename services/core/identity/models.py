"""Tables of identity: staff, clients of departments, residents, roles, sessions and tokens."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.kit.database import Base, Keyed

SECRET_DIGEST = String(64)  # SHA-256, hexadecimal


class Staff(Keyed, Base):
    """A member of staff. The username is kept in lower case, so its plain unique constraint knows no case."""

    __tablename__ = "staff"
    __table_args__ = (CheckConstraint("username = lower(username)", name="username_lower_case"),)

    username: Mapped[str] = mapped_column(String(64, collation="C"), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(2), default="zh")
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change_password: Mapped[bool]
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    failed_attempts: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    lock_count: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Client(Keyed, Base):
    """A department's system (OAuth 2 client). Its id is the `client_id` that it signs in with.

    The secret is 256 random bits, so a plain SHA-256 cannot be searched; argon2 is for what people can remember.
    """

    __tablename__ = "client"

    name: Mapped[str] = mapped_column(String(100))
    organisation: Mapped[str] = mapped_column(String(200))
    secret_hash: Mapped[str] = mapped_column(SECRET_DIGEST)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class ClientKey(Keyed, Base):
    """A long-lived key of a client, for protocols that know no OAuth (Open311). Random bits as its secret is, kept the same way.

    Revoked, never deleted. `used_on`: the last day on which it opened something, which tells when the old of two may go.
    """

    __tablename__ = "client_key"
    __table_args__ = (Index("ix_client_key_client_id", "client_id", "id"),)

    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    digest: Mapped[str] = mapped_column(SECRET_DIGEST, unique=True)
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    used_on: Mapped[date | None]
    revoked_at: Mapped[datetime | None]


class Resident(Keyed, Base):
    """A resident's account, known by WeChat's `openid` for this mini-program and by nothing else.

    The phone number that WeChat tells is compared and not kept, `session_key` and `unionid` are not kept either: none is needed
    again (Personal Information Protection Law, articles 6 and 19). `index_key`: the key that the digest was made with. Erasure
    empties the row and leaves it as a tombstone.
    """

    __tablename__ = "resident"
    __table_args__ = (
        CheckConstraint("(openid IS NULL) = (erased_at IS NOT NULL)", name="openid_until_erased"),
        CheckConstraint("(openid IS NULL) = (openid_digest IS NULL)", name="openid_with_digest"),
    )

    openid: Mapped[bytes | None] = mapped_column(LargeBinary)
    openid_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    index_key: Mapped[str] = mapped_column(String(8, collation="C"), index=True)
    language: Mapped[str] = mapped_column(String(2), default="zh")
    failed_attempts: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    lock_count: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    erase_asked_at: Mapped[datetime | None]
    erase_digest: Mapped[str | None] = mapped_column(SECRET_DIGEST)
    erased_at: Mapped[datetime | None]


class RoleGrant(Keyed, Base):
    """A role on a region's subtree, held by a member of staff or a client until it is ended. Never deleted.

    `bureau`: for which bureau of a policy a department answers there; without one it answers for none.
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("principal_kind IN ('staff', 'client')", name="principal_kind"),
        CheckConstraint("bureau IS NULL OR role = 'department'", name="bureau"),
        Index("ix_role_grant_principal", "principal_id", "principal_kind"),
        Index("ix_role_grant_region_path", "region_path"),
        Index(
            "uq_role_grant_live",
            "principal_id",
            "principal_kind",
            "role",
            "region_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    principal_kind: Mapped[str] = mapped_column(String(10))
    principal_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(String(20))
    region_id: Mapped[UUID] = mapped_column(ForeignKey("region.id"))
    region_path: Mapped[str] = mapped_column(String(255, collation="C"))
    bureau: Mapped[str | None] = mapped_column(String(64, collation="C"))
    given_by: Mapped[UUID | None]
    given_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Session(Keyed, Base):
    """One sign-in. Revoking it ends every token that came from it."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_principal", "principal_id", "principal_kind", "id"),)

    principal_kind: Mapped[str] = mapped_column(String(10))
    principal_id: Mapped[UUID]
    user_agent: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    refreshed_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class AccessToken(Base):
    """A token that requests carry, kept as its digest only."""

    __tablename__ = "access_token"

    digest: Mapped[str] = mapped_column(SECRET_DIGEST, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class RefreshToken(Base):
    """A token that buys the next pair, once. Used ones stay until they expire, so that a thief's second use shows."""

    __tablename__ = "refresh_token"

    digest: Mapped[str] = mapped_column(SECRET_DIGEST, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
