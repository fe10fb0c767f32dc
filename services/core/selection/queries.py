"""Reads of selection: rounds, freezes, runs, results, publications. Statements carry the caller's scope."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Select,
    String,
    Uuid,
    bindparam,
    case,
    func,
    or_,
    select,
)

from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.policy.models import PolicyVersion
from services.core.policy.queries import SUPERSEDED_BY
from services.core.projects.models import Project, StageEntry
from services.core.projects.rules import Action
from services.core.selection.models import (
    Publication,
    PublicationPart,
    SelectionRound,
)
from services.core.territory.models import Region

if TYPE_CHECKING:
    import asyncpg

ROUND_COLUMNS = (
    SelectionRound.id,
    SelectionRound.region_id,
    SelectionRound.region_path,
    SelectionRound.year,
    SelectionRound.title,
    SelectionRound.policy_version_id,
    SelectionRound.filter,
    SelectionRound.caps,
    SelectionRound.reserve,
    SelectionRound.apply_until,
    SelectionRound.apply_until_document,
    SelectionRound.status,
    SelectionRound.version,
    SelectionRound.created_at,
)


def _rounds() -> Select[Any]:
    return (
        select(
            *ROUND_COLUMNS,
            Region.name.label("region_name"),
            PolicyVersion.policy_id,
            PolicyVersion.number.label("policy_number"),
            SUPERSEDED_BY.label("policy_superseded_by"),
            Publication.notice_until,
        )
        .join(Region, Region.id == SelectionRound.region_id)
        .join(PolicyVersion, PolicyVersion.id == SelectionRound.policy_version_id)
        .outerjoin(Publication, (Publication.round_id == SelectionRound.id) & Publication.superseded_at.is_(None))
    )


ROUNDS = Statement(
    _rounds()
    .where(
        in_scope(SelectionRound.region_path),
        SelectionRound.id > bindparam("after", type_=Uuid()),
        or_(bindparam("year", type_=SelectionRound.year.type).is_(None), SelectionRound.year == bindparam("year")),
        or_(
            bindparam("region_id", type_=Uuid()).is_(None),
            func.starts_with(
                SelectionRound.region_path,
                select(Region.path).where(Region.id == bindparam("region_id", type_=Uuid())).scalar_subquery(),
            ),
        ),
    )
    .order_by(SelectionRound.id)
    .limit(bindparam("limit"))
)

ROUND = Statement(
    _rounds().where(SelectionRound.id == bindparam("round_id", type_=Uuid()), in_scope(SelectionRound.region_path))
)

LOCKED_ROUND = Statement(
    select(*ROUND_COLUMNS)
    .where(SelectionRound.id == bindparam("round_id", type_=Uuid()), in_scope(SelectionRound.region_path))
    .with_for_update(key_share=True)
)

REGION = Statement(
    select(Region.id, Region.path, Region.name).where(
        Region.id == bindparam("region_id", type_=Uuid()), in_scope(Region.path)
    )
)

REGIONS = Statement(
    select(Region.id, Region.path).where(
        Region.id == func.any(bindparam("region_ids", type_=ARRAY(Uuid()))), in_scope(Region.path)
    )
)

# Every region of the partitions' level that the round's region holds or lies in.
PARTITIONS = Statement(
    select(Region.id, Region.path, Region.name)
    .where(
        Region.level == bindparam("level", type_=String),
        or_(
            Region.path == func.any(bindparam("lineage", type_=ARRAY(String))),
            in_scope(Region.path),
        ),
    )
    .order_by(Region.path)
)

APPLICANTS = Statement(
    select(
        Project.id,
        Project.no,
        Project.title,
        Project.region_path,
        select(func.max(StageEntry.at))
        .where(StageEntry.project_id == Project.id, StageEntry.action == Action.APPLY)
        .scalar_subquery()
        .label("applied_at"),
    )
    .where(in_scope(Project.region_path), Project.stage == bindparam("stage", type_=String))
    .order_by(Project.no)
)


PUBLICATIONS = Statement(
    select(
        Publication.id,
        Publication.run_id,
        Publication.published_at,
        Publication.published_by,
        Publication.notice_until,
        Publication.provisional,
        Publication.etag,
        Publication.superseded_at,
    )
    .where(Publication.round_id == bindparam("round_id", type_=Uuid()))
    .order_by(Publication.id)
)


# The bytes travel only when the caller does not have them yet.
def _snapshot(of: type[Publication | PublicationPart]) -> Select[Any]:
    return select(of.etag, case((of.etag != bindparam("known", type_=String), of.content)).label("content")).where(
        Publication.round_id == bindparam("round_id", type_=Uuid()), Publication.superseded_at.is_(None)
    )


SNAPSHOT = Statement(_snapshot(Publication))
SNAPSHOT_PART = Statement(
    _snapshot(PublicationPart)
    .join(Publication, Publication.id == PublicationPart.publication_id)
    .where(PublicationPart.partition == bindparam("partition"))
)

PUBLISHED = Statement(
    select(
        Publication.id.label("publication_id"),
        SelectionRound.id.label("round_id"),
        SelectionRound.title,
        SelectionRound.year,
        SelectionRound.region_id,
        Region.name.label("region_name"),
        Publication.published_at,
        Publication.notice_until,
        Publication.provisional,
    )
    .join(SelectionRound, SelectionRound.id == Publication.round_id)
    .join(Region, Region.id == SelectionRound.region_id)
    .where(
        Publication.superseded_at.is_(None),
        Publication.id < bindparam("before", type_=Uuid()),
        or_(
            bindparam("region_id", type_=Uuid()).is_(None),
            func.starts_with(
                SelectionRound.region_path,
                select(Region.path).where(Region.id == bindparam("region_id", type_=Uuid())).scalar_subquery(),
            ),
        ),
    )
    .order_by(Publication.id.desc())
    .limit(bindparam("limit"))
)


async def round_of(driver: "asyncpg.Connection", *, scope: Scope, round_id: UUID) -> "asyncpg.Record":
    """A round inside the scope; NotFound otherwise."""
    row = await ROUND.first(driver, round_id=round_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row
