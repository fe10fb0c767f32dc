"""The round as the people play it, by HTTP: community, street, district, worker, city."""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.cli.demo.counties import County
from services.cli.demo.synthetic import SOURCE, Invented, invent
from services.cli.embedded import Refusal

Json = dict[str, Any]


class Person:
    """Somebody signed in, who asks for things as a program of his would."""

    def __init__(self, address: str, token: str, name: str) -> None:
        self.name = name
        self._http = httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def get(self, path: str, **query: str) -> Json:
        """Reads."""
        return self._checked(self._http.get(path, params=query))

    def content(self, path: str) -> bytes:
        """Reads the bytes of an answer as they came."""
        return self._answer(self._http.get(path)).content

    def post(self, path: str, body: Json | None = None, *, version: int | None = None) -> Json:
        """Writes, repeatable: every request has a key of its own."""
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return self._checked(self._http.post(path, json=body, headers=headers))

    def send(self, path: str, fields: dict[str, str], file: tuple[str, bytes]) -> Json:
        """Sends a file."""
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        return self._checked(self._http.post(path, data=fields, files={"file": file}, headers=headers))

    def put(self, path: str, body: Json) -> None:
        """Replaces."""
        self._checked(self._http.put(path, json=body))

    def awaited(self, path: str, over: set[str]) -> Json:
        """Reads again and again until the worker is through with it, for a minute at most; how it stands then."""
        deadline = time.monotonic() + 60
        found = self.get(path)
        while found["state"] not in over and time.monotonic() < deadline:
            time.sleep(0.05)
            found = self.get(path)
        return found

    def all(self, path: str, **query: str) -> list[Json]:
        """Every item of a list, page by page."""
        items: list[Json] = []
        cursor: str | None = None
        while True:
            page = self.get(path, **query, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return items

    def _checked(self, answer: httpx.Response) -> Json:
        content = self._answer(answer).content
        return dict(json.loads(content)) if content else {}

    def _answer(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            told = answer.text[:600]
            raise Refusal(
                zh=f"{self.name}：{answer.request.method} {answer.request.url.path} → {answer.status_code} {told}",
                en=f"{self.name}: {answer.request.method} {answer.request.url.path} → {answer.status_code} {told}",
            )
        return answer


def sign_in(address: str, username: str, password: str, name: str) -> Person:
    """Signs in with a password."""
    anybody = Person(address, "none", name)
    tokens = anybody.post("/v1/auth/staff", {"username": username, "password": password})
    return Person(address, tokens["access_token"], name)


@dataclass
class Played:
    """What one county's round came to."""

    county: County
    round_id: str = ""
    run_id: str = ""
    discrepancies: list[Json] = field(default_factory=list)
    ranking: list[Json] = field(default_factory=list)
    results: list[Json] = field(default_factory=list)
    publication: Json = field(default_factory=dict)
    public: Json = field(default_factory=dict)
    bundle: bytes = b""


class CountyPlay:
    """One county's round, step by step. Each step is a method, done by whoever does it in the city."""

    def __init__(self, address: str, admin: Person, county: County) -> None:
        self.address, self.admin, self.county = address, admin, county
        self.played = Played(county)
        self.people: dict[str, Person] = {}
        self.invented: dict[str, Invented] = {}
        self.compounds: dict[str, str] = {}
        self.projects: dict[str, str] = {}

    def appoint(self) -> str:
        """The administrator appoints the county's people; the district adds its street and community."""
        county = self._region(self.county.code)
        city = self._region(self.county.city_code)
        self.region_id = county["id"]
        self.people["city"] = self.person("city", city["id"], f"{city['name']}住建局")
        self.people["district"] = self.person("district", county["id"], f"{county['name']}住建局")
        street = self._below(county["id"], self.county.street, "street")
        community = self._below(street["id"], f"{self.county.street}社区（演示）", "community")
        self.street_id, self.community_id = street["id"], community["id"]
        self.people["street"] = self.person("street", street["id"], self.county.street)
        self.people["community"] = self.person("community", community["id"], "社区工作人员")
        self.people["city"].post(f"/v1/regions/{self.region_id}/policy", {"policy_id": self.county.policy, "number": 1})
        return "、".join(person.name for person in self.people.values())

    def _region(self, code: str) -> Json:
        return next(one for one in self.admin.get("/v1/regions", q=code)["items"] if one["code"] == code)

    def _below(self, parent_id: str, name: str, level: str) -> Json:
        body = {"parent_id": parent_id, "name": name, "level": level, "source": self.county.document}
        return self.people["district"].post("/v1/regions", body)

    def person(self, role: str, region_id: str, name: str, username: str | None = None) -> Person:
        """Somebody whom the administrator appoints, signed in with a password of his own."""
        username = f"{username or role}.{self.county.code}"
        grant = {"role": role, "region_id": region_id}
        made = self.admin.post("/v1/staff", {"username": username, "display_name": name, "grants": [grant]})
        first = sign_in(self.address, username, made["temporary_password"], name)
        password = secrets.token_urlsafe(18)
        first.put("/v1/me/password", {"current_password": made["temporary_password"], "new_password": password})
        return sign_in(self.address, username, password, name)

    def survey_stock(self) -> str:
        """The community registers the compounds with the printed households, and what nobody printed as synthetic."""
        community = self.people["community"]
        for name, households in self.county.compounds:
            made = community.post("/v1/compounds", {"region_id": self.community_id, "name": name})
            self.compounds[name] = made["id"]
            self.invented[name] = invent(name, households, self.county.works)
            facts = [synthetic(key, value) for key, value in self.invented[name].compound.items()]
            if self.county.report is None:
                facts.append(
                    {
                        "key": "compound.households",
                        "value": str(households),
                        "kind": "attested",
                        "source": self.county.document,
                        "document": self.county.document,
                    }
                )
            community.post(f"/v1/compounds/{made['id']}/facts", {"facts": facts})
        return f"{len(self.compounds)} 个小区"

    def file_report(self) -> str:
        """The district files the printed report; what does not fit in it shows at once."""
        district = self.people["district"]
        report = district.post("/v1/reports", {"region_id": self.region_id, **(self.county.report or {})})
        self.played.discrepancies = district.all("/v1/discrepancies", region=self.region_id)
        for line in report["lines"]:
            if line["compound_id"] is None:
                meant = next(name for name in self.compounds if line["label"].startswith(name))
                district.post(
                    f"/v1/reports/{report['id']}/lines/{line['id']}/resolve",
                    {"compound_id": self.compounds[meant], "reason": "该行 1800 户；釜山新村另有一行 260 户"},
                )
        return f"{len(report['lines'])} 行，{len(self.played.discrepancies)} 处不符"

    def propose(self) -> str:
        """The street makes a project of each compound, with a plan, votes and surveys, and applies."""
        street = self.people["street"]
        for number, (name, compound_id) in enumerate(self.compounds.items(), start=1):
            no = f"{self.county.code}-{self.county.year}-{number:03d}"
            body = {"title": f"{name}改造", "region_id": self.street_id, "compound_ids": [compound_id], "no": no}
            project = street.post("/v1/projects", body)
            self.projects[no] = project["id"]
            invented = self.invented[name]
            street.post(f"/v1/projects/{project['id']}/plans", dict(invented.plan))
            # What the residents themselves are asked is counted, not made up as a figure.
            asked = ("survey.", "vote.") if self.county.has_roll else ()
            facts = [synthetic(key, value) for key, value in invented.project.items() if not key.startswith(asked)]
            street.post(f"/v1/projects/{project['id']}/facts", {"facts": facts})
            version = street.get(f"/v1/projects/{project['id']}")["version"]
            street.post(f"/v1/projects/{project['id']}/apply", version=version)
        return f"{len(self.projects)} 个项目申报"

    def except_gates(self) -> str:
        """The district lets the first project that misses a soft gate pass, with a reason; the others stay out."""
        district = self.people["district"]
        for no, project_id in self.projects.items():
            for gate in district.get(f"/v1/projects/{project_id}/gates")["gates"]:
                if not gate["passed"] and not gate["hard"]:
                    district.post(
                        f"/v1/projects/{project_id}/gates/{gate['id']}/except",
                        {
                            "reason": "“原则上”三分之二：其余住户已在逐户征询（演示）",
                            "document": "演示会议纪要〔2020〕1号",
                        },
                    )
                    return f"{no} {gate['title']}：按“原则上”的例外记录在案"
        return "没有需要例外的项目"

    def open_round(self, year: int) -> str:
        """The district opens the round of a year; its id."""
        found = self.people["district"].post(
            "/v1/rounds",
            {
                "region_id": self.region_id,
                "year": year,
                "title": f"{self.county.name}{year}年老旧小区改造竞争比选（演示）",
                "policy_id": self.county.policy,
                "caps": [self.county.cap],
                "reserve": self.county.reserve,
            },
        )
        return str(found["id"])

    def rank(self, who: Person, round_id: str) -> str:
        """The facts of a round frozen as they stand, and computed by the worker; the id of the run."""
        who.post(f"/v1/rounds/{round_id}/freeze", version=who.get(f"/v1/rounds/{round_id}")["version"])
        asked = who.post(f"/v1/rounds/{round_id}/runs")
        run = who.awaited(f"/v1/runs/{asked['id']}", {"done", "failed"})
        if run["state"] != "done":
            raise Refusal(
                zh=f"计算未完成：{run['error'] or run['state']}", en=f"the run did not finish: {run['state']}"
            )
        return str(run["id"])

    def compete(self) -> str:
        """The district has the round of the year ranked, opening it first."""
        district, played = self.people["district"], self.played
        played.round_id = played.round_id or self.open_round(self.county.year)
        played.run_id = self.rank(district, played.round_id)
        played.ranking = district.all(f"/v1/runs/{played.run_id}/ranking")
        played.results = [
            district.get(f"/v1/runs/{played.run_id}/projects/{row['project_id']}") for row in played.ranking
        ]
        return f"{len(played.ranking)} 个项目"

    def publish(self) -> str:
        """The city publishes; anybody reads it, and takes the bundle to verify."""
        city = self.people["city"]
        self.played.publication = city.post(f"/v1/runs/{self.played.run_id}/publish")
        anybody = httpx.get(f"{self.address}/public/rounds/{self.played.round_id}/ranking", timeout=30)
        anybody.raise_for_status()
        self.played.public = anybody.json()
        self.played.bundle = city.content(f"/v1/runs/{self.played.run_id}/bundle")
        return f"公示至 {self.played.publication['notice_until']}，{len(anybody.content):,} 字节"


def synthetic(key: str, value: str) -> Json:
    return {"key": key, "value": value, "kind": "synthetic", "source": SOURCE}
