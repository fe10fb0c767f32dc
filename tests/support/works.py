"""A site with its organisations and people, as tests of works need it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from stdnum.cn import uscc

from services.core.kit.calendar import day_of
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from services.core.policy.service import store_packaged
from tests.support.people import Client, Region, sign_in
from tests.support.pictures import png

ADD_COMPOUND = """
INSERT INTO compound (id, no, name, region_id, region_path, version, created_at) VALUES ($1, $2, '粮贸小区', $3, $4, 1, now())
"""
SET_STAGE = "UPDATE project SET stage = $2 WHERE id = $1"
DATES = {"planned_start": "2027-03-15", "planned_end": "2027-10-31"}

MakeRegion = Callable[..., Awaitable[Region]]


def credit_code() -> str:
    """A code of its own that passes the check."""
    base = f"91330200{uuid4().int % 10**9:09d}"
    return base + str(uscc.calc_check_digit(base + "0"))


@dataclass(slots=True)
class Building:
    """A county with a street and a project in its annual plan, and who is signed in."""

    app: FastAPI
    database: Database
    county: Region
    street_region: Region
    compound: UUID
    project: str
    district: Client
    street: Client
    parties: dict[str, str] = field(default_factory=dict)
    firms: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the project's site is found."""
        return f"/v1/projects/{self.project}/site"

    async def another(self) -> str:
        """Another project of the same street, with a site."""
        body = {"title": "另一项目", "region_id": str(self.street_region.id), "compound_ids": [str(self.compound)]}
        project = str(ok(await self.street.post("/v1/projects", json=body), 201)["id"])
        await stage(self.database, project, "planned")
        ok(await self.street.post(f"/v1/projects/{project}/site", json=DATES), 201)
        return project

    async def open(self, **changed: Any) -> dict[str, Any]:
        """The street opens the site."""
        return ok(await self.street.post(self.path, json={**DATES, **changed}), 201)

    async def act(self, action: str, **body: Any) -> httpx.Response:
        """The street takes a step of the site's way."""
        version = (await self.street.get(self.path)).headers["etag"]
        return await self.street.post(f"{self.path}/{action}", json=body, headers={"If-Match": version})

    async def firm(self, kind: str = "contractor", name: str = "城投建设集团") -> str:
        """A firm of the county's register."""
        body = {"region_id": str(self.county.id), "name": name, "kind": kind, "uscc": credit_code()}
        return str(ok(await self.district.post("/v1/organisations", json=body), 201)["id"])

    async def join(self, role: str, organisation_id: str | None = None) -> str:
        """An organisation takes part in a role; the id of this."""
        firm = organisation_id or await self.firm()
        body = {"organisation_id": firm, "role": role}
        joined = str(ok(await self.street.post(f"{self.path}/organisations", json=body), 201)["id"])
        self.parties[role], self.firms[role] = joined, firm
        return joined

    async def person(self, role: str, at: Region | None = None) -> Client:
        """Somebody who acts for the organisation of that role, signed in."""
        who = await sign_in(self.app, self.database, "site", at or self.county)
        joined = self.parties.get(role) or await self.join(role)
        body = {"site_organisation_id": joined, "staff_id": str(who.staff_id), "position": "负责人"}
        ok(await self.street.post(f"{self.path}/people", json=body), 201)
        return who

    async def sign(self, role: str, signer: str, by: Client | None = None, **changed: Any) -> httpx.Response:
        """A signature is recorded, by the street unless somebody else is named."""
        who = by or self.street
        joined = self.parties.get(role) or await self.join(role)
        body = {
            "site_organisation_id": joined,
            "signer": signer,
            "name": "欧阳娜娜",
            "signed_on": "2026-01-05",
            "document": "承诺书第1号",
            "file_ids": [await photo(who)],
            **changed,
        }
        return await who.post(f"/v1/projects/{self.project}/commitments", json=body)

    async def sign_all(self) -> None:
        """All ten signatures are recorded."""
        for role in ("client", "surveyor", "designer", "contractor", "supervisor"):
            for signer in ("legal_representative", "project_leader"):
                ok(await self.sign(role, signer), 201)

    async def under(self, policy: str) -> None:
        """The county is under a policy from now on."""
        async with self.database.begin(SYSTEM) as uow:
            await store_packaged(uow)
        city = await sign_in(self.app, self.database, "city", self.county)
        body = {"policy_id": policy, "number": 1}
        ok(await city.post(f"/v1/regions/{self.county.id}/policy", json=body), 201)

    async def attest(self, said: dict[str, str]) -> None:
        """What the district says of the project."""
        facts = [{"key": key, "value": value, "source": "区住建局", "document": "d"} for key, value in said.items()]
        answer = await self.district.post(f"/v1/projects/{self.project}/facts", json={"facts": facts})
        assert answer.status_code in {200, 201}, answer.text

    async def today(self) -> str:
        """The day in Asia/Shanghai."""
        async with self.database.begin(SYSTEM) as uow:
            return day_of(uow.now).isoformat()

    async def desk(self, title: str) -> tuple[str, Client]:
        """A department's desk of the county, and who is on duty there."""
        body = {"region_id": str(self.county.id), "title": title}
        desk = str(ok(await self.district.post("/v1/desks", json=body), 201)["id"])
        who = await sign_in(self.app, self.database, "department", self.county)
        ok(await self.district.post(f"/v1/desks/{desk}/members", json={"staff_id": str(who.staff_id)}), 201)
        return desk, who

    async def start(self) -> httpx.Response:
        """The district starts the works."""
        path = f"/v1/projects/{self.project}"
        version = (await self.district.get(path)).headers["etag"]
        return await self.district.post(f"{path}/start", json={"document": "开工令1号"}, headers={"If-Match": version})


async def photo(who: Client) -> str:
    """A picture of its own that somebody sends."""
    answer = await who.post("/v1/files", files={"file": ("scan.png", png(seed=uuid4().int % 3000))})
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["id"])


PREPARED_SITE = """
INSERT INTO site (project_id, region_path, state, planned_start, planned_end, version, opened_at)
SELECT id, region_path, 'ready', DATE '2027-03-15', DATE '2027-10-31', 1, now() FROM project WHERE id = $1
"""
ALL_SIGNED = """
WITH firm AS (
  INSERT INTO organisation (id, region_id, region_path, name, kind, made_at, version)
  SELECT gen_random_uuid(), region_id, region_path, '五方责任主体', 'other', now(), 1 FROM project WHERE id = $1
  RETURNING id),
party AS (
  INSERT INTO site_organisation (id, project_id, organisation_id, role, joined_at)
  SELECT gen_random_uuid(), $1, firm.id, role, now()
  FROM firm, unnest(ARRAY['client', 'surveyor', 'designer', 'contractor', 'supervisor']) AS role
  RETURNING id)
INSERT INTO commitment (id, project_id, site_organisation_id, signer, name_sealed, signed_on, document, recorded_at)
SELECT gen_random_uuid(), $1, party.id, signer, '', DATE '2026-01-05', '承诺书', now()
FROM party, unnest(ARRAY['legal_representative', 'project_leader']) AS signer
"""


async def ready_to_start(database: Database, project: str) -> None:
    """The project's site has all that a start needs; how it comes to that is tested where it belongs."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(PREPARED_SITE, UUID(project))
        await uow.driver.execute(ALL_SIGNED, UUID(project))


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that went well."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


def problem(answer: httpx.Response, status: int, code: str, pointer: str | None = None) -> dict[str, Any]:
    """The problem that an answer tells, at a place."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"/problems/{code}", answer.text
    if pointer is not None:
        assert pointer in [error["pointer"] for error in body["errors"]], answer.text
    return body


async def stage(database: Database, project: str, to: str) -> None:
    """The project stands there from now on; how it gets there is tested where it belongs."""
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(SET_STAGE, UUID(project), to)


async def build(app: FastAPI, database: Database, region: MakeRegion) -> Building:
    """A project in an annual plan, without a site yet."""
    county = await region("county")
    street_region = await region("street", parent=county)
    compound = new_id()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(ADD_COMPOUND, compound, f"C-{uuid4().hex[:12]}", street_region.id, street_region.path)
    street = await sign_in(app, database, "street", street_region)
    body = {"title": "改造项目", "region_id": str(street_region.id), "compound_ids": [str(compound)]}
    project = str(ok(await street.post("/v1/projects", json=body), 201)["id"])
    await stage(database, project, "planned")
    district = await sign_in(app, database, "district", county)
    return Building(app, database, county, street_region, compound, project, district, street)
