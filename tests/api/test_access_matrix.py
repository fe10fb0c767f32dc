"""Who may do what, over every route there is: the routes come from the OpenAPI document, so a new one is tried by itself."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from services.api.app import create_app
from services.core.identity.access import ALLOWS, RESIDENT, Permission, Role
from services.core.kit.settings import Settings
from services.core.kit.uow import Database
from tests.support.bodies import Route, routes
from tests.support.foreign import BODIES, FACTORIES, OF_NO_REGION, World
from tests.support.people import Client, Region, make_region, sign_in

DOCUMENT = create_app(
    Settings(
        database_url=SecretStr("postgresql://nobody@localhost/none"),
        redis_url=SecretStr("redis://localhost"),
        jiugai_secret_key=SecretStr("0" * 64),
    )
).openapi()
WITHOUT_TOKEN = {"POST /v1/auth/staff", "POST /v1/auth/wechat", "POST /v1/auth/refresh"}
MAY = {**{str(role): ALLOWS[role] | {Permission.ME} for role in Role}, "resident": RESIDENT}
FOR_ALL = re.compile(r"/(public/.*|open311/.*|wechat/push|healthz|readyz|problems(/\{code\})?|oauth/token)")

ALL = routes(DOCUMENT)
GUARDED = [route for route in ALL if route.path.startswith("/v1/") and str(route) not in WITHOUT_TOKEN]
NEEDING = [route for route in GUARDED if route.permission != Permission.ME]
OBJECTS = [route for route in GUARDED if set(route.path_parameters) - set(OF_NO_REGION)]
LISTS = [route for route in GUARDED if route.method == "GET" and not route.path_parameters]

MakeRegion = Callable[..., Awaitable[Region]]


def allowed(permission: str | None) -> list[str]:
    """The roles that have a permission, `resident` among them."""
    return [role for role, may in MAY.items() if permission in may]


def refused(permission: str | None) -> list[str]:
    """The roles that do not."""
    return [role for role in MAY if role not in allowed(permission)]


def filled(route: Route, values: dict[str, str]) -> str:
    """The path with its parameters in place."""
    return route.path.format(**values)


def nothing(route: Route) -> str:
    """The path with ids that nothing has."""
    return filled(route, {name: OF_NO_REGION.get(name, str(uuid4())) for name in route.path_parameters})


async def of_nowhere(_name: str) -> str | None:
    """Ids in bodies that nothing has."""
    return None


@pytest.fixture(scope="session")
async def here(app: FastAPI, database: Database) -> World:
    """Where the callers are from."""
    return World(app, database, await make_region(database, "county", None))


@pytest.fixture
async def there(app: FastAPI, database: Database, region: MakeRegion) -> World:
    """A region beside theirs."""
    return World(app, database, await region("county"))


@pytest.mark.parametrize("route", ALL, ids=str)
def test_every_route_says_who_may_use_it(route: Route) -> None:
    if FOR_ALL.fullmatch(route.path) or str(route) in WITHOUT_TOKEN:
        assert "security" not in route.operation
        return
    assert route.path.startswith("/v1/"), "a route for everybody is under /public"
    assert route.permission is not None, "declare exactly one permission"
    assert route.permission in set(Permission)
    assert allowed(route.permission), "no role has this permission"


def test_every_parameter_has_a_factory() -> None:
    named = {name for route in GUARDED for name in route.path_parameters}
    assert named <= set(FACTORIES) | set(OF_NO_REGION), "add the factory to tests/support/foreign.py"


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_without_a_token_nothing_opens(api: httpx.AsyncClient, route: Route) -> None:
    sent = await route.request(of_nowhere)
    for header in (None, "Bearer jga_wrong", "Basic YTpi", "Bearer "):
        headers = {**sent["headers"], **({"Authorization": header} if header else {})}
        answer = await api.request(route.method, nothing(route), **{**sent, "headers": headers})
        assert answer.status_code == 401, f"{header}: {answer.text}"
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", NEEDING, ids=str)
async def test_a_role_without_the_permission_is_refused_and_audited(
    here: World, database: Database, route: Route
) -> None:
    sent = await route.request(of_nowhere)
    for role in refused(route.permission):
        client = await here.person(role)
        before = await refusals(database, client, route.permission)
        answer = await client.request(route.method, nothing(route), **sent)
        assert answer.status_code == 403, f"{role}: {answer.text}"
        assert answer.json()["type"] == "/problems/not-allowed"
        assert await refusals(database, client, route.permission) == before + 1


async def refusals(database: Database, client: Client, permission: str | None) -> int:
    """How often somebody was refused a permission, by the audit."""
    async with database.read() as connection:
        count: int = await connection.fetchval(
            "SELECT count(*) FROM audit_entry WHERE actor_id = $1 AND action = $2 AND outcome = 'refused'",
            client.principal_id, permission,
        )  # fmt: skip
    return count


@pytest.fixture(scope="session")
async def narrow(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application with a single database connection."""
    app = create_app(settings.model_copy(update={"database_pool": 1}))
    async with app.router.lifespan_context(app):
        app.state.database.engine.sync_engine.pool._timeout = 1  # a failure need not take ten seconds
        yield app


@pytest.mark.parametrize("route", GUARDED, ids=str)
async def test_no_request_holds_a_connection_while_it_asks_for_another(
    here: World, narrow: FastAPI, route: Route
) -> None:
    """Otherwise as many such requests as there are connections stop the process: decide on access before a reader or a uow."""
    transport = httpx.ASGITransport(narrow, raise_app_exceptions=False)
    sent = await route.request(of_nowhere)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for role in [*refused(route.permission)[:1], *allowed(route.permission)[:1]]:
            person = await sign_in(here.app, here.database, role, here.at)  # one of its own: a route may sign it out
            token = {"Authorization": f"Bearer {person.token}"}
            answer = await client.request(
                route.method, nothing(route), **{**sent, "headers": {**sent["headers"], **token}}
            )
            assert answer.status_code < 500, f"{role}: {answer.text}"


@pytest.mark.parametrize("route", OBJECTS, ids=str)
async def test_an_object_of_another_region_is_not_found(here: World, there: World, route: Route) -> None:
    values = {name: OF_NO_REGION.get(name) or await there.get(name) for name in route.path_parameters}
    path, sent = filled(route, values), await route.request(there.supply)
    if str(route) in BODIES:
        sent["json"] = BODIES[str(route)]
    for role in allowed(route.permission):
        answer = await (await here.person(role)).request(route.method, path, **sent)
        assert answer.status_code == 404, f"{role}: {answer.text}"
        assert answer.json()["type"] == "/problems/not-found"
    # The control: for somebody of that region it is there, so it was not the test that asked for nothing.
    roles = allowed(route.permission)
    control = "city" if "city" in roles else roles[0]
    answer = await (await there.person(control)).request(route.method, path, **sent)
    assert answer.status_code < 500, answer.text
    assert answer.status_code not in {401, 403, 404}, answer.text


@pytest.fixture(scope="session")
async def full(app: FastAPI, database: Database) -> World:
    """A region with one of everything."""
    world = World(app, database, await make_region(database, "county", None))
    for parameter in FACTORIES:
        await world.get(parameter)
    return world


@pytest.mark.parametrize("route", LISTS, ids=str)
async def test_a_list_never_shows_another_region(here: World, full: World, route: Route) -> None:
    ids = {await full.get(parameter) for parameter in FACTORIES}
    sent = await route.request(of_nowhere)
    for role in allowed(route.permission):
        answer = await (await here.person(role)).get(route.path, params={**sent["params"], "limit": 100})
        assert answer.status_code < 500, answer.text
        assert not [one for one in ids if one in answer.text], f"{role} sees what is not his"


FILTERS = [
    (route, parameter["name"])
    for route in LISTS
    for parameter in route.operation.get("parameters", ())
    if parameter["in"] == "query" and '"uuid"' in json.dumps(parameter["schema"])
]


@pytest.mark.parametrize(("route", "name"), FILTERS, ids=str)
async def test_a_filter_by_what_is_foreign_finds_nothing(here: World, full: World, route: Route, name: str) -> None:
    for parameter in FACTORIES:
        answer = await (await here.person("city")).get(route.path, params={name: await full.get(parameter)})
        assert answer.status_code == 404 or answer.json()["items"] == [], f"{name} of {parameter}: {answer.text}"


async def test_lists_do_show_the_own_region(full: World) -> None:
    """The control of the test above: without it, empty lists would pass."""
    client, shown = await full.person("city"), ""
    for route in LISTS:
        shown += (await client.get(route.path, params={"limit": 100})).text
    for parameter in ("staff_id", "client_id", "session_id"):
        assert await full.get(parameter) in shown


async def test_a_scope_of_several_regions_sees_each_and_nothing_between(
    app: FastAPI, database: Database, region: MakeRegion
) -> None:
    city = await region("city")
    counties = [await region("county", city) for _ in range(3)]
    worlds = [World(app, database, county) for county in counties]
    people = [await world.get("staff_id") for world in worlds]
    both: Any = await sign_in(app, database, "district", counties[0])
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO role_grant (id, principal_kind, principal_id, role, region_id, region_path, given_at)"
            f" VALUES ('{uuid4()}', 'staff', '{both.staff_id}', 'district', '{counties[2].id}', '{counties[2].path}', now())"
        )
    seen = [(await both.get(f"/v1/staff/{staff_id}")).status_code for staff_id in people]
    assert seen == [200, 404, 200]
