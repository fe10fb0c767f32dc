"""Reads and small writes of imports. Statements are compiled once and carry the caller's scope."""

from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Integer, String, Uuid, bindparam, select

from services.core.exchange.models import DataImport, ImportBadRow, ImportFile, ImportFinding
from services.core.kit.database import Statement, in_scope
from services.core.kit.errors import NotFound
from services.core.kit.scope import Scope
from services.core.territory import queries as territory
from services.core.territory.models import Region

if TYPE_CHECKING:
    import asyncpg

SHOWN = (
    DataImport.id,
    DataImport.region_id,
    Region.name.label("region_name"),
    DataImport.region_path,
    DataImport.kind,
    DataImport.mode,
    DataImport.dry_run,
    DataImport.source,
    DataImport.file_name,
    DataImport.file_sha256,
    DataImport.file_bytes,
    DataImport.same_as,
    DataImport.state,
    DataImport.sheet,
    DataImport.rows_read,
    DataImport.rows_bad,
    DataImport.created,
    DataImport.changed,
    DataImport.unchanged,
    DataImport.findings,
    DataImport.failure,
    DataImport.made_by,
    DataImport.made_at,
    DataImport.started_at,
    DataImport.finished_at,
    DataImport.cancel_asked_at,
    DataImport.file_deleted_at,
)
ONE = Statement(
    select(*SHOWN, DataImport.header)
    .join(Region, Region.id == DataImport.region_id)
    .where(DataImport.id == bindparam("import_id", type_=Uuid()), in_scope(DataImport.region_path))
)


@cache
def listing(*, of_kind: bool, in_state: bool) -> Statement:
    """A page of imports, the newest first. A filter is in the statement only where it is asked for, and `low` and `high` bound all
    ranges of the scope: the planner finds the few of a county by region, and the failed ones of a nation by state.
    """
    statement = (
        select(*SHOWN)
        .join(Region, Region.id == DataImport.region_id)
        .where(
            DataImport.region_path >= bindparam("low", type_=DataImport.region_path.type),
            DataImport.region_path < bindparam("high", type_=DataImport.region_path.type),
            in_scope(DataImport.region_path),
            DataImport.id < bindparam("before", type_=Uuid()),
        )
        .order_by(DataImport.id.desc())
        .limit(bindparam("limit", type_=Integer()))
    )
    if of_kind:
        statement = statement.where(DataImport.kind == bindparam("kind", type_=String))
    if in_state:
        statement = statement.where(DataImport.state == bindparam("state", type_=String))
    return Statement(statement)


FINDINGS = Statement(
    select(ImportFinding.position, ImportFinding.row, ImportFinding.column, ImportFinding.code, ImportFinding.params)
    .where(
        ImportFinding.import_id == bindparam("import_id", type_=Uuid()),
        ImportFinding.position > bindparam("after", type_=Integer()),
    )
    .order_by(ImportFinding.position)
    .limit(bindparam("limit", type_=Integer()))
)
BAD_ROWS = Statement(
    select(ImportBadRow.row, ImportBadRow.cells, ImportBadRow.cells_sealed)
    .where(
        ImportBadRow.import_id == bindparam("import_id", type_=Uuid()),
        ImportBadRow.row > bindparam("after", type_=Integer()),
    )
    .order_by(ImportBadRow.row)
    .limit(bindparam("limit", type_=Integer()))
)
FINDINGS_OF_ROWS = Statement(
    select(ImportFinding.row, ImportFinding.column, ImportFinding.code, ImportFinding.params)
    .where(
        ImportFinding.import_id == bindparam("import_id", type_=Uuid()),
        ImportFinding.row.between(bindparam("first", type_=Integer()), bindparam("last", type_=Integer())),
    )
    .order_by(ImportFinding.position)
)
TO_RUN = Statement(
    select(
        DataImport.state,
        DataImport.region_id,
        DataImport.region_path,
        DataImport.kind,
        DataImport.mode,
        DataImport.dry_run,
        DataImport.source,
        DataImport.file_name,
        DataImport.may_decide,
        DataImport.made_by_kind,
        DataImport.made_by,
        ImportFile.content,
    )
    .join(ImportFile, ImportFile.import_id == DataImport.id)
    .where(DataImport.id == bindparam("import_id", type_=Uuid()))
)
SAME_FILE = Statement(
    select(DataImport.id)
    .where(
        DataImport.file_sha256 == bindparam("file_sha256", type_=String),
        DataImport.region_id == bindparam("region_id", type_=Uuid()),
        DataImport.kind == bindparam("kind", type_=String),
        DataImport.state == "done",
        DataImport.dry_run.is_(False),
    )
    .order_by(DataImport.id.desc())
    .limit(1)
)


async def import_in(driver: "asyncpg.Connection", *, import_id: UUID, scope: Scope) -> "asyncpg.Record":
    """An import into a region of the scope; NotFound otherwise."""
    row = await ONE.first(driver, import_id=import_id, **scope.parameters)
    if row is None:
        raise NotFound
    return row


async def page(
    driver: "asyncpg.Connection", *, scope: Scope, kind: str | None, state: str | None, before: UUID, limit: int
) -> "list[asyncpg.Record]":
    """Up to `limit` imports into the scope that came before one, the newest first."""
    return await listing(of_kind=kind is not None, in_state=state is not None).all(
        driver, kind=kind, state=state, before=before, limit=limit, **territory.bounds(scope), **scope.parameters
    )
