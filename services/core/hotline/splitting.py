"""One complaint of several matters becomes several: each with the same reporter and place, as old as the one that it came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.core.hotline import desk_queries, intake, sealing, steps
from services.core.hotline.errors import CategoryUnknown, ComplaintInputInvalid
from services.core.hotline.intake import Intake, Reporter, Taken, Where
from services.core.hotline.rules import Act, Channel
from services.core.kit.geo import Crs, Place
from services.core.kit.scope import Scope
from services.core.kit.uow import UnitOfWork

WHOLE = """
SELECT c.id, c.address_sealed, c.lat, c.lon, c.crs, c.call_ref, g.id AS region_id, r.resident_id, r.property_id, r.name_sealed,
       r.phone_sealed
FROM complaint c JOIN region g ON g.path = c.region_path JOIN complaint_reporter r ON r.complaint_id = c.id WHERE c.id = $1
"""
# The same files, not copies of them.
SHARE = """
INSERT INTO file_use (file_id, subject_type, subject_id, position, public, attached_by_kind, attached_by, attached_at)
SELECT file_id, subject_type, $2, position, public, attached_by_kind, attached_by, $3
FROM file_use WHERE subject_type = 'complaint' AND subject_id = $1
"""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a part of the complaint is about, in words that its reporter will read."""

    category: str
    description: str


async def split(
    uow: UnitOfWork, *, scope: Scope, complaint_id: UUID, version: int, matters: Sequence[Matter]
) -> list[Taken]:
    """Takes matters out of a complaint; the new ones, each sent to a desk by the rules and promised from the same beginning.

    What a partner transferred keeps its deadline in every part, while it is of this round.

    NotFound, VersionStale, ActNotAllowed; ComplaintInputInvalid for a matter that its reporter has open already; see
    `intake.take_in`.
    """
    held = await steps.locked(uow, scope=scope, complaint_id=complaint_id, version=version)
    await steps.step(uow, held, Act.SPLIT)
    await uow.driver.execute("UPDATE complaint SET version = version + 1 WHERE id = $1", complaint_id)
    row = await uow.driver.fetchrow(WHOLE, complaint_id)
    since = await uow.driver.fetchval(desk_queries.PROMISED_SINCE, complaint_id) or held["created_at"]
    reporter = Reporter(
        resident_id=row["resident_id"],
        property_id=row["property_id"],
        name=sealing.opened(uow.vault, sealing.REPORTER, sealing.NAME, complaint_id, row),
        phone=sealing.opened(uow.vault, sealing.REPORTER, sealing.PHONE, complaint_id, row),
    )
    made = []
    for index, matter in enumerate(matters):
        part = Intake(
            channel=Channel(held["channel"]),
            category=matter.category,
            description=matter.description,
            where=Where(held["compound_id"], held["project_id"], row["region_id"]),
            reporter=reporter,
            anonymous=held["anonymous"],
            address=sealing.opened(uow.vault, sealing.COMPLAINT, sealing.ADDRESS, complaint_id, row),
            place=None if row["lat"] is None else Place(row["lat"], row["lon"], Crs(row["crs"])),
            call_ref=row["call_ref"],
            parent_id=complaint_id,
            since=since,
            due_at=held["partner_due_at"] if held["reopened"] == 0 else None,
        )
        try:
            taken = await intake.take_in(uow, part, scope=scope)
        except CategoryUnknown:
            raise CategoryUnknown.at(f"/matters/{index}/category", zh="没有这一类别", en="is no category") from None
        if taken.repeated:
            raise ComplaintInputInvalid.at(
                f"/matters/{index}", zh="同一诉求正在办理", en="is open already, in the same words"
            )
        await uow.driver.execute(SHARE, complaint_id, taken.id, uow.now)
        made.append(taken)
    return made
