"""Engine, metadata and the one way to run a statement at driver speed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Executable,
    MetaData,
    String,
    Uuid,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.core.kit.ids import new_id
from services.core.kit.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

type_map: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    UUID: Uuid(),
    dict[str, Any]: JSONB(),
    list[Any]: JSONB(),
}


class Base(DeclarativeBase):
    """Every table. Times carry a zone; names of constraints follow one convention, so errors can be told by them."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = type_map


class Keyed:
    """A table whose rows have a time-ordered id of their own."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


def create_engine(settings: Settings, *, application: str, pool_size: int | None = None) -> AsyncEngine:
    """The pool of one process. READ COMMITTED; a stuck statement or idle transaction ends by itself."""
    return create_async_engine(
        settings.sqlalchemy_url,
        pool_size=pool_size or settings.database_pool,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        pool_pre_ping=False,
        hide_parameters=True,  # what a statement carried is personal data more often than not: never in an error's text
        connect_args={
            "timeout": 10,
            "server_settings": {
                "application_name": application,
                "statement_timeout": str(settings.statement_timeout_ms),
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
                "jit": "off",  # our statements are short or run once: compiling them costs more than it gives
            },
        },
    )


class Statement:
    """A Core statement compiled once, then run on the driver connection as often as you like.

    Bind processors of the column types are applied, result processors are not. JSON arrives decoded (the driver does it).
    Every named parameter must be given at each call; a missing one is a KeyError, not a NULL.
    """

    __slots__ = ("_names", "_processors", "sql")

    def __init__(self, statement: Executable) -> None:
        dialect: Any = asyncpg_dialect
        compiled: Any = statement.compile(dialect=dialect(), compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined]
        self.sql: str = compiled.string
        self._names: list[str] = list(compiled.positiontup or ())
        fixed = {
            name: bind.value for name, bind in compiled.binds.items() if not bind.required and bind.value is not None
        }
        self._processors = [(name, compiled._bind_processors.get(name), fixed.get(name)) for name in self._names]  # noqa: SLF001

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The positional arguments for `values`, in the order that the SQL names them."""
        out = []
        for name, process, fixed in self._processors:
            value = values[name] if name in values or fixed is None else fixed
            out.append(process(value) if process is not None and value is not None else value)
        return out

    async def all(self, connection: "asyncpg.Connection", **values: Any) -> "list[asyncpg.Record]":
        """Every row."""
        rows: list[asyncpg.Record] = await connection.fetch(self.sql, *self.arguments(values))
        return rows

    async def first(self, connection: "asyncpg.Connection", **values: Any) -> "asyncpg.Record | None":
        """The first row, or None."""
        return await connection.fetchrow(self.sql, *self.arguments(values))


def in_scope(column: Any) -> ColumnElement[bool]:
    """`column` lies inside the scope given as `scope_lows` and `scope_highs`; for statements compiled once."""
    ranges = (
        func.unnest(bindparam("scope_lows", type_=ARRAY(String)), bindparam("scope_highs", type_=ARRAY(String)))
        .table_valued("low", "high")
        .render_derived(name="scope")
    )
    collated = type_coerce(column, String)
    return exists(
        select(literal_column("1")).select_from(ranges).where(collated >= ranges.c.low, collated < ranges.c.high)
    )


def in_scope_or_project(path: Any, project: Any) -> ColumnElement[bool]:
    """`path` lies inside the scope, or `project` is one of the scope's own (`scope_projects`): rows of works."""
    return or_(in_scope(path), project == func.any(bindparam("scope_projects", type_=ARRAY(Uuid()))))
