"""Scopes: what Python says lies inside is what PostgreSQL finds inside."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ARRAY, String, bindparam, collate, column, func, select

from services.core.kit.database import Statement, in_scope
from services.core.kit.scope import Scope
from services.core.kit.uow import Database

# Few different numbers, and such as begin with each other (1, 11, 111), so that trees overlap and near misses are common.
PATHS = st.lists(st.sampled_from([1, 2, 9, 10, 11, 12, 111, 2000]), min_size=1, max_size=4).map(
    lambda numbers: "".join(f"{number}." for number in numbers)
)
SCOPES = st.lists(PATHS, max_size=5).map(Scope.of)

_GIVEN = func.unnest(bindparam("paths", type_=ARRAY(String))).table_valued(column("path", String)).render_derived()
INSIDE = Statement(select(_GIVEN.c.path).where(in_scope(collate(_GIVEN.c.path, "C"))))


@given(st.lists(PATHS, max_size=6))
def test_the_smallest_scope_covers_what_was_given(paths: list[str]) -> None:
    scope = Scope.of(paths)
    assert all(scope.covers(path) for path in paths)
    assert set(scope.paths) <= set(paths)
    assert not any(a != b and a.startswith(b) for a in scope.paths for b in scope.paths)


@given(SCOPES, PATHS, PATHS)
def test_within_is_the_common_part(scope: Scope, inner: str, path: str) -> None:
    assert scope.within(inner).covers(path) == (scope.covers(path) and path.startswith(inner))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scope=SCOPES, paths=st.lists(PATHS, max_size=12))
async def test_postgresql_agrees(database: Database, scope: Scope, paths: list[str]) -> None:
    async with database.read() as connection:
        rows = await INSIDE.all(connection, paths=paths, **scope.parameters)
    assert sorted(row["path"] for row in rows) == sorted(path for path in paths if scope.covers(path))


async def test_an_empty_scope_sees_nothing_and_a_row_without_region_is_in_none(database: Database) -> None:
    async with database.read() as connection:
        assert await INSIDE.all(connection, paths=["1.", "1.2."], **Scope().parameters) == []
        assert await INSIDE.all(connection, paths=[""], **Scope(("1.",)).parameters) == []
    assert not Scope(("1.",)).covers("")
