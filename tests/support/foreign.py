"""For every parameter of a path, how to make such an object in a given region: what the access matrix lives on.

Whoever adds a route with a new parameter adds its factory here (or says below that it names nothing of a region).
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi import FastAPI

from services.core.kit.calendar import SHANGHAI
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from services.core.policy.service import store_packaged
from services.worker import runtime
from services.worker.tasks import selection as _bound  # noqa: F401 - binds the task that computes a run
from tests.support import foreign_aftercare, foreign_complaints, foreign_deciding, foreign_hotline, foreign_works
from tests.support.people import Client, Region, sign_in
from tests.support.pictures import png

ADD_MESSAGE = """
INSERT INTO message (id, recipient_kind, recipient_id, event_id, event_seq, kind, title_zh, title_en, body_zh, body_en,
                     link, created_at)
VALUES ($1, 'staff', $2, gen_random_uuid(), 1, 'test', '标题', 'title', '正文', 'body', '/', now())
"""
ADD_BINDING = """
INSERT INTO binding (id, resident_id, property_id, person_id, kind, assurance, since)
VALUES ($1, $2, $3, $4, 'owner', 'on_site', now())
"""
ADD_CHECK = """
INSERT INTO content_check (id, kind, subject_type, subject_id, region_path, state, asked_at)
VALUES ($1, 'text', 'test', $2, $3, 'review', now())
"""
NOTICE_OVER = """
UPDATE publication SET notice_until = '2026-01-05' WHERE run_id = $1
RETURNING (published_at AT TIME ZONE 'Asia/Shanghai')::date
"""


class World:
    """A region, people in it, and objects of it, each made when first asked for."""

    def __init__(self, app: FastAPI, database: Database, at: Region) -> None:
        self.app, self.database, self.at = app, database, at
        self._people: dict[str, Client] = {}
        self._made: dict[str, str] = {}
        self._governed = False

    async def person(self, role: str) -> Client:
        """Somebody with that role in this region."""
        if role not in self._people:
            self._people[role] = await sign_in(
                self.app, self.database, role, self.at, bureau="housing" if role == "department" else None
            )
        return self._people[role]

    async def get(self, parameter: str) -> str:
        """The id of an object of this region, as the parameter takes it."""
        if parameter not in self._made:
            self._made[parameter] = await FACTORIES[parameter](self)
        return self._made[parameter]

    async def supply(self, name: str) -> str | None:
        """The same for a property of a body, None where no factory goes by its name."""
        return await self.get(name) if name in FACTORIES else None

    async def post(self, path: str, body: dict[str, Any] | None, *, version: int | None = None) -> dict[str, Any]:
        """Makes something through the API, as the city's; its answer."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        answer = await (await self.person("city")).post(path, json=body, headers=headers)
        assert answer.status_code in {200, 201, 202}, f"{path}: {answer.text}"
        made: dict[str, Any] = answer.json()
        return made

    async def under_ningbo(self) -> None:
        """Puts the region under a policy, once."""
        if not self._governed:
            self._governed = True
            async with self.database.begin(SYSTEM) as uow:
                await store_packaged(uow)
            await self.post(f"/v1/regions/{self.at.id}/policy", {"policy_id": "ningbo", "number": 1})


Factory = Callable[[World], Awaitable[str]]
FACTORIES: dict[str, Factory] = {
    **foreign_hotline.FACTORIES,
    **foreign_complaints.FACTORIES,
    **foreign_aftercare.FACTORIES,
    **foreign_deciding.FACTORIES,
    **foreign_works.FACTORIES,
}

# Parameters that name nothing of a region, each with a value to send.
OF_NO_REGION: dict[str, str] = {
    "year": "2027",  # a plan is named by its year, and by a region in the query
    "kind": "compounds",  # a kind of file, the same everywhere
    "category_code": "heating",  # what complaints are about, the same everywhere; one that no test files a complaint of
    "policy_id": "ningbo",  # policies are published for all
    "gate_id": "menu_vote",  # a gate of that policy
    "number": "1",  # of a plan version: the first
    "round_number": "1",  # of a consultation: the first
}

# Bodies that a schema alone does not make valid: a fact's value has the form that its key asks for.
_FACT = {"key": "compound.households", "value": "120", "source": "街道", "document": "甬街〔2026〕1号"}
BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/compounds/{compound_id}/facts": {"facts": [_FACT]},
    "POST /v1/complaints/{complaint_id}/reply": {"text": "已修复。"},
    "POST /v1/votes/{vote_id}/ballots": {"owner_id": str(UUID(int=1)), "choices": {"1": "approve"}},
    "POST /v1/projects/{project_id}/facts": {
        "facts": [{**_FACT, "key": "vote.menu.passed", "value": "false", "source": "社区"}]
    },
}


def makes(parameter: str) -> Callable[[Factory], Factory]:
    """Declares how to make the object that a path parameter names."""

    def declare(factory: Factory) -> Factory:
        FACTORIES[parameter] = factory
        return factory

    return declare


@makes("region_id")
async def _region(world: World) -> str:
    return str(world.at.id)


@makes("staff_id")
async def _staff(world: World) -> str:
    return str((await world.person("street")).staff_id)


@makes("grant_id")
async def _grant(world: World) -> str:
    me = (await (await world.person("street")).get("/v1/me")).json()
    return str(me["grants"][0]["id"])


@makes("client_id")
async def _client(world: World) -> str:
    body = {"name": "系统", "organisation": "单位", "region_ids": [str(world.at.id)]}
    return str((await world.post("/v1/clients", body))["id"])


@makes("key_id")
async def _key(world: World) -> str:
    return str((await world.post(f"/v1/clients/{await world.get('client_id')}/keys", None, version=1))["id"])


@makes("session_id")
async def _session(world: World) -> str:
    me = (await (await world.person("city")).get("/v1/me")).json()
    return str(me["session_id"])


@makes("compound_id")
async def _compound(world: World) -> str:
    body = {"region_id": str(world.at.id), "name": "南岳新村", "no": f"C-{uuid4().hex[:12]}"}
    return str((await world.post("/v1/compounds", body))["id"])


@makes("building_id")
async def _building(world: World) -> str:
    path = f"/v1/compounds/{await world.get('compound_id')}/buildings"
    return str((await world.post(path, {"no": "3"}))["id"])


@makes("entrance_id")
async def _entrance(world: World) -> str:
    path = f"/v1/compounds/{await world.get('compound_id')}/entrances"
    return str((await world.post(path, {"building_id": await world.get("building_id"), "no": "2"}))["id"])


async def _owned(world: World) -> dict[str, Any]:
    """The region's property, which somebody owns."""
    return dict((await (await world.person("city")).get(f"/v1/properties/{await world.get('property_id')}")).json())


@makes("property_id")
async def _property(world: World) -> str:
    owners = {"kind": "persons", "people": [{"name": "王伟", "phone": "13812341234"}]}
    body = {"door_no": "301", "kind": "dwelling", "area_by_register": "72.5", "owners": owners}
    return str((await world.post(f"/v1/compounds/{await world.get('compound_id')}/properties", body))["id"])


@makes("owner_id")
async def _owner(world: World) -> str:
    return str((await _owned(world))["owner"]["id"])


@makes("person_id")
async def _person(world: World) -> str:
    return str((await _owned(world))["owner"]["members"][0]["person_id"])


@makes("tenancy_id")
async def _tenancy(world: World) -> str:
    body = {"tenant": {"name": "李娜"}, "since": "2026-01-01"}
    return str((await world.post(f"/v1/properties/{await world.get('property_id')}/tenants", body))["id"])


@makes("binding_id")
async def _binding(world: World) -> str:
    """The region's resident is the owner of its property."""
    property_id, person_id = await world.get("property_id"), await world.get("person_id")
    made = new_id()
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            ADD_BINDING, made, (await world.person("resident")).resident_id, UUID(property_id), UUID(person_id)
        )
    return str(made)


@makes("request_id")
async def _request(world: World) -> str:
    body = {"by": "request", "compound_id": await world.get("compound_id"), "door": "301", "name": "王伟"}
    answer = await (await world.person("resident")).post("/v1/me/properties", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_id"])


@makes("report_id")
async def _report(world: World) -> str:
    lines = [{"label": "南岳", "group": "2026", "figures": {"compound.households": "120"}}]
    totals = [{"group": "2026", "key": "compound.households", "value": "130"}]
    body = {"region_id": str(world.at.id), "title": "改造情况", "source": "住建局", "lines": lines, "totals": totals}
    return str((await world.post("/v1/reports", body))["id"])


@makes("line_id")
async def _line(world: World) -> str:
    report = (await (await world.person("city")).get(f"/v1/reports/{await world.get('report_id')}")).json()
    return str(report["lines"][0]["id"])


async def _planned(world: World, compound_id: str, **plan: Any) -> str:
    """A project with its votes and a plan."""
    await world.under_ningbo()
    body = {"title": "改造项目", "region_id": str(world.at.id), "compound_ids": [compound_id]}
    project = str((await world.post("/v1/projects", body))["id"])
    votes = [
        {"key": key, "value": "true", "source": "街道", "document": "甬街〔2026〕1号"}
        for key in ("vote.menu.passed", "vote.plan.passed")
    ]
    await world.post(f"/v1/projects/{project}/facts", {"facts": votes})
    plan = {
        "items": [{"title": "整治", "category": "basic", "quantity": "1", "unit": "项", "cost": "100"}],
        "budget": "100",
        "funding": [{"source": "city", "amount": "100"}],
        **plan,
    }
    await world.post(f"/v1/projects/{project}/plans", plan)
    return project


@makes("total_id")
async def _total(world: World) -> str:
    report = (await (await world.person("city")).get(f"/v1/reports/{await world.get('report_id')}")).json()
    return str(report["totals"][0]["id"])


@makes("project_id")
async def _project(world: World) -> str:
    project = await _planned(world, await world.get("compound_id"))
    await foreign_works.open_site(world, project)
    return project


@makes("round_id")
async def _round(world: World) -> str:
    await world.under_ningbo()
    body = {"region_id": str(world.at.id), "year": 2027, "title": "二〇二七年度比选"}
    return str((await world.post("/v1/rounds", body))["id"])


async def _apply(world: World, project_id: str) -> None:
    """The project has applied, once."""
    project = (await (await world.person("city")).get(f"/v1/projects/{project_id}")).json()
    if project["stage"] == "draft":
        await world.post(f"/v1/projects/{project_id}/apply", None, version=project["version"])


async def _computed(world: World, project_id: str, round_id: str) -> str:
    """A run of a round in which the project competes."""
    await _apply(world, project_id)
    await world.post(f"/v1/rounds/{round_id}/freeze", None, version=1)
    run = str((await world.post(f"/v1/rounds/{round_id}/runs", None))["id"])
    async with world.database.read() as connection:
        job = await connection.fetchval(
            "SELECT id FROM job WHERE name = 'selection.run' AND payload ->> 'run_id' = $1", run
        )
    await runtime.perform({"database": world.database}, str(job))
    return run


@makes("run_id")
async def _run(world: World) -> str:
    return await _computed(world, await world.get("project_id"), await world.get("round_id"))


@makes("panel_id")
async def _panel(world: World) -> str:
    """Of a round of its own, with the region's expert, who is to judge the region's project."""
    await _apply(world, await world.get("project_id"))
    body = {"region_id": str(world.at.id), "year": 2028, "title": "专家评审"}
    own = str((await world.post("/v1/rounds", body))["id"])
    expert = str((await world.person("expert")).staff_id)
    terms = {"fact_key": "judgement.plan_quality", "experts": [expert], "least": 1, "deadline": "2099-12-31"}
    return str((await world.post(f"/v1/rounds/{own}/panels", terms))["id"])


@makes("objection_id")
async def _objection(world: World) -> str:
    run = await world.get("run_id")
    published = await world.post(f"/v1/runs/{run}/publish", None)
    day = datetime.fromisoformat(published["published_at"]).astimezone(SHANGHAI).date().isoformat()
    body = {"ground": "facts", "what": "建成年代有误", "received_on": day}
    return str((await world.post(f"/v1/rounds/{await world.get('round_id')}/objections", body))["id"])


@makes("supplement_id")
async def _supplement(world: World) -> str:
    """One of a round of its own: the world's other round stays open to objections."""
    compound = {"region_id": str(world.at.id), "name": "北岳新村", "no": f"C-{uuid4().hex[:12]}"}
    project = await _planned(
        world, str((await world.post("/v1/compounds", compound))["id"]), management_mode="物业服务"
    )
    round_id = await _round(world)
    run = await _computed(world, project, round_id)
    await world.post(f"/v1/runs/{run}/publish", None)
    async with world.database.begin(SYSTEM) as uow:
        today = await uow.driver.fetchval(NOTICE_OVER, UUID(run))
    await world.post(f"/v1/runs/{run}/confirm", {"issued_on": today.isoformat()})
    body = {"dropped_project_id": project, "ground": "emergency", "note": "地质灾害"}
    return str((await world.post(f"/v1/rounds/{round_id}/supplements", body))["id"])


@makes("message_id")
async def _message(world: World) -> str:
    """One of the city's own: what makes messages is the worker, from events."""
    made = new_id()
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_MESSAGE, made, (await world.person("city")).staff_id)
    return str(made)


@makes("import_id")
async def _import(world: World) -> str:
    sent = {"kind": "compounds", "region": str(world.at.id)}
    file = {"file": ("小区.csv", "小区编号,小区名称\n,南岳\n".encode())}
    answer = await (await world.person("city")).post("/v1/imports", data=sent, files=file)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@makes("file_id")
async def _file(world: World) -> str:
    """Of the city's own, which nothing uses yet."""
    answer = await (await world.person("city")).post("/v1/files", files={"file": ("a.png", png())})
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["id"])


@makes("upload_id")
async def _upload(world: World) -> str:
    """Of the city's own, announced and no more."""
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "8"}
    answer = await (await world.person("city")).post("/v1/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].rpartition("/")[2]


@makes("check_id")
async def _check(world: World) -> str:
    made = new_id()
    async with world.database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_CHECK, made, new_id(), world.at.path)
    return str(made)
