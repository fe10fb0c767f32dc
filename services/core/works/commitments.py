"""Use cases of lifetime quality commitments (domain.md I1): signed by each party's legal representative and project leader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from asyncpg import UniqueViolationError

from services.core.files import service as files
from services.core.identity.access import Permission, Principal
from services.core.kit.calendar import day_of
from services.core.kit.errors import NotFound
from services.core.kit.ids import new_id
from services.core.kit.uow import UnitOfWork
from services.core.kit.vault import Vault
from services.core.ownership.rules import masked_name
from services.core.works import queries, rules
from services.core.works.errors import (
    CommitmentExists,
    CommitmentWithdrawn,
    OrganisationLeft,
    SiteInputInvalid,
    SiteStateWrong,
)
from services.core.works.events import CommitmentSigned, CommitmentTakenBack
from services.core.works.rules import Signer

if TYPE_CHECKING:
    from asyncpg import Record

COMMITMENT = "commitment"
"""The subject of its files; where its name is sealed."""

SIGN = """
INSERT INTO commitment (id, project_id, site_organisation_id, signer, name_sealed, signed_on, document, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
WITHDRAW = "UPDATE commitment SET withdrawn_by = $2, withdrawn_at = $3, withdrawn_reason = $4 WHERE id = $1"
_SHOWN = """
SELECT c.id, c.project_id, c.site_organisation_id, s.organisation_id, o.name AS organisation_name, s.role, c.signer, c.name_sealed,
       c.signed_on, c.document, c.recorded_by, c.recorded_at, c.withdrawn_at, c.withdrawn_reason,
       c.withdrawn_at IS NULL AND s.left_at IS NULL AS counts,
       ARRAY(SELECT file_id FROM file_use WHERE subject_type = 'commitment' AND subject_id = c.id ORDER BY position) AS file_ids
FROM commitment c
JOIN site_organisation s ON s.id = c.site_organisation_id
JOIN organisation o ON o.id = s.organisation_id
"""
ONE = f"{_SHOWN} WHERE c.project_id = $1 AND c.id = $2"
# Of a site ($1): those that count, or not ($2), of one role ($3), after an id.
PAGE = f"""
{_SHOWN}
WHERE c.project_id = $1 AND ($2::boolean IS NULL OR (c.withdrawn_at IS NULL AND s.left_at IS NULL) = $2)
  AND ($3::text IS NULL OR s.role = $3) AND c.id > $4
ORDER BY c.id LIMIT $5
"""
SIGNED = """
SELECT s.role, c.signer FROM commitment c JOIN site_organisation s ON s.id = c.site_organisation_id
WHERE c.project_id = $1 AND c.withdrawn_at IS NULL AND s.left_at IS NULL
"""


class Purpose(StrEnum):
    """What the name of who signed is revealed for (个人信息保护法 第六条)."""

    QUALITY_LIABILITY = "quality_liability"
    LEGAL_DUTY = "legal_duty"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed for a party, when, on which paper."""

    site_organisation_id: UUID
    signer: Signer
    name: str
    signed_on: date
    document: str


async def sign(
    uow: UnitOfWork, *, by: Principal, project_id: UUID, signature: Signature, file_ids: Sequence[UUID]
) -> UUID:
    """Records a signature with the scan that shows it; its id. A firm's people record those of their own firm alone.

    NotFound, also for another's firm or file; OrganisationLeft; SiteStateWrong once works have ended; CommitmentExists;
    SiteInputInvalid for an organisation that signs none and a day to come.
    """
    scope = by.scope(Permission.COMMITMENT_WRITE)
    site = await queries.locked(uow.driver, scope=scope, project_id=project_id)
    if site["state"] in rules.OVER:
        raise SiteStateWrong(state=site["state"])
    party = await queries.organisation_on_site(
        uow.driver, project_id=project_id, site_organisation_id=signature.site_organisation_id
    )
    _check_own(by, site, party["organisation_id"])
    if party["left_at"] is not None:
        raise OrganisationLeft
    if party["role"] not in rules.COMMITTED:
        raise SiteInputInvalid.at(
            "/site_organisation_id", zh="不是五方责任主体", en="is none of the five responsible parties"
        )
    if signature.signed_on > day_of(uow.now):
        raise SiteInputInvalid.at("/signed_on", zh="不得晚于今日", en="is a day to come")
    commitment_id = new_id()
    try:
        await uow.driver.execute(
            SIGN,
            commitment_id,
            project_id,
            signature.site_organisation_id,
            signature.signer,
            uow.vault.cipher.seal(signature.name.encode(), table=COMMITMENT, column="name", row=commitment_id),
            signature.signed_on,
            signature.document,
            uow.actor.id,
            uow.now,
        )
    except UniqueViolationError as error:
        raise CommitmentExists from error
    await files.attach(
        uow,
        file_ids=file_ids,
        subject_type=COMMITMENT,
        subject_id=commitment_id,
        region_path=site["region_path"],
    )
    uow.record(
        CommitmentSigned(project_id=project_id, role=party["role"], signer=signature.signer),
        subject=COMMITMENT,
        subject_id=commitment_id,
        region_path=site["region_path"],
    )
    return commitment_id


async def withdraw(uow: UnitOfWork, *, by: Principal, project_id: UUID, commitment_id: UUID, reason: str) -> None:
    """One that was recorded wrongly counts no more; it stays to be read. NotFound, CommitmentWithdrawn, and SiteStateWrong once
    works have started: what they started on stands.
    """
    site = await queries.locked(uow.driver, scope=by.scope(Permission.COMMITMENT_WRITE), project_id=project_id)
    held = await commitment_of(uow.driver, project_id=project_id, commitment_id=commitment_id)
    _check_own(by, site, held["organisation_id"])
    if held["withdrawn_at"] is not None:
        raise CommitmentWithdrawn
    if site["state"] not in rules.BEFORE_START:
        raise SiteStateWrong(state=site["state"])
    await uow.driver.execute(WITHDRAW, commitment_id, uow.actor.id, uow.now, reason)
    uow.record(
        CommitmentTakenBack(project_id=project_id, role=held["role"], signer=held["signer"]),
        subject=COMMITMENT,
        subject_id=commitment_id,
        region_path=site["region_path"],
    )


async def reveal(uow: UnitOfWork, *, by: Principal, project_id: UUID, commitment_id: UUID, purpose: Purpose) -> str:
    """The whole name of who signed; the reading is audited, with what for. NotFound."""
    site = await queries.site_of(uow.driver, scope=by.scope(Permission.PERSON_REVEAL), project_id=project_id)
    held = await commitment_of(uow.driver, project_id=project_id, commitment_id=commitment_id)
    uow.audit(
        "commitment.revealed",
        target=COMMITMENT,
        target_id=commitment_id,
        region_path=site["region_path"],
        details={"purpose": purpose},
    )
    return _name(uow.vault, held)


async def commitment_of(driver: Any, *, project_id: UUID, commitment_id: UUID) -> "Record":
    """One of a site that the caller may see; NotFound otherwise."""
    row = await driver.fetchrow(ONE, project_id, commitment_id)
    if row is None:
        raise NotFound
    found: Record = row
    return found


def shown(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as everybody who sees the site may read it: the name masked."""
    return {**row, "name": masked_name(_name(vault, row))}


def _name(vault: Vault, row: Mapping[str, Any]) -> str:
    return vault.cipher.open(row["name_sealed"], table=COMMITMENT, column="name", row=row["id"]).decode()


def _check_own(by: Principal, site: "Record", organisation_id: UUID) -> None:
    own = by.acts_for(Permission.COMMITMENT_WRITE, project_id=site["project_id"], region_path=site["region_path"])
    if own is not None and organisation_id not in own:
        raise NotFound
