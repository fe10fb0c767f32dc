"""What the residents of a county decide: a survey of every household, two votes of the owners, three rounds of consultation.

Played by HTTP like the rest. What each household says comes of the fixed seed, and every owner of the register is made up.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from services.cli.demo.play import CountyPlay, Json, Person
from services.cli.demo.synthetic import SEED
from services.cli.embedded import Refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")
BATCH = 200
ROUNDS_POLICY = "yichang"
TOGETHER = ("neighbourhood_committee", "grid_staff", "owners_committee")
WISH: Json = {
    "id": "join",
    "kind": "single",
    "title": "是否同意纳入改造？",
    "required": True,
    "options": [{"id": "yes", "label": "同意"}, {"id": "no", "label": "不同意"}],
}
VOTES = (("menu", "改造内容", "ordinary"), ("renovation_plan", "改造方案", "alter_or_rebuild"))
NOTICE_DAYS = 5


@dataclass
class Residents:
    """What residents decide in one county. `pass_time`: lets a vote's notices and its voting be over; nobody waits for them."""

    play: CountyPlay
    pass_time: Callable[[str], None]
    surveys: list[Json] = field(default_factory=list)
    votes: list[Json] = field(default_factory=list)
    rounds: list[Json] = field(default_factory=list)

    def survey(self) -> str:
        """Papers of the households keyed by one clerk and confirmed by another; the shares are of all households."""
        clerk, second = self._people["street"], self._second()
        for project_id, name, compound_id in self._projects():
            drafted = clerk.post(
                "/v1/surveys",
                {
                    "title": f"{name}改造意愿调查（演示）",
                    "purpose": "join",
                    "project_id": project_id,
                    "questions": [WISH],
                    "decisive": {"question": "join", "choices": ["yes"]},
                },
            )
            path = f"/v1/surveys/{drafted['id']}"
            self._act(clerk, path, "open")
            dice = self._dice("survey", name)
            answers = [
                {
                    "property_id": home["id"],
                    "channel": "paper",
                    "answers": {"join": "yes" if dice.randint(1, 100) <= 88 else "no"},
                }
                for home in self._homes(compound_id)
                if dice.randint(1, 100) <= 93
            ]
            for part in _batches(answers):
                entered = clerk.post(f"{path}/responses/batch", {"responses": part})["items"]
                second.post(f"{path}/responses/confirm", {"response_ids": [one["response_id"] for one in entered]})
            self._act(clerk, path, "close")
            self._act(clerk, path, "publish", {"questions": ["join"]})
            self.surveys.append({"name": name, **clerk.get(f"{path}/results")})
        return f"{len(self.surveys)} 个项目，{sum(one['counted'] for one in self.surveys)} 户作答并经第二人核对"

    def vote(self) -> str:
        """Two votes a project, on what is renovated and on the plan: roll, announcement, ballots at the meeting, result."""
        street = self._people["street"]
        for project_id, name, compound_id in self._projects():
            for rule, title, kind in VOTES:
                made = street.post(
                    "/v1/votes",
                    {
                        "project_id": project_id,
                        "compound_id": compound_id,
                        "title": f"{name}{title}表决（演示）",
                        "plan_version": 1,
                        "matters": [{"title": title, "rule": rule, "kind": kind}],
                        "roll_days": NOTICE_DAYS,
                        "result_days": NOTICE_DAYS,
                    },
                )
                self.votes.append({"name": name, "title": title, **self._held(street, made["id"], f"{rule} {name}")})
        passed = sum(matter["passed"] for vote in self.votes for matter in vote["matters"])
        return f"{len(self.votes)} 次表决，{passed} 次通过"

    def _held(self, street: Person, vote_id: str, seed: str) -> Json:
        path = f"/v1/votes/{vote_id}"
        self._act(street, path, "roll/publish")
        self.pass_time(vote_id)
        today = datetime.now(SHANGHAI).date()
        days = {"opens_on": _day(today), "closes_on": _day(today + timedelta(days=7))}
        self._act(street, path, "notify", days)
        self._act(street, path, "open")
        dice = self._dice("vote", seed)
        willing = dice.randint(72, 96)
        known = (line for line in street.all(f"{path}/roll", limit="100") if line["kind"] != "unknown")
        heads = dict.fromkeys(line["owner_id"] for line in known)
        ballots = [
            {
                "owner_id": head,
                "channel": "meeting",
                "choices": {"1": "approve" if dice.randint(1, 100) <= willing else dice.choice(("reject", "abstain"))},
            }
            for head in heads
            if dice.randint(1, 100) <= 85
        ]
        for part in _batches(ballots):
            answers = street.post(f"{path}/ballots/batch", {"ballots": part})["answers"]
            refused = [one["refused"] for one in answers if one["refused"]]
            if refused:
                raise Refusal(zh=f"选票被拒：{refused[0]['zh']}", en=f"a ballot was refused: {refused[0]['en']}")
        self.pass_time(vote_id)
        self._act(street, path, "close")
        self._act(street, path, "publish")
        self.pass_time(vote_id)
        self._act(street, path, "finalise")
        return street.get(f"{path}/tally")

    def consult(self) -> str:
        """Three rounds on the plan as Yichang has them, each asking those who were not for it yet, to the last door."""
        self._people["city"].post(
            f"/v1/regions/{self.play.community_id}/policy", {"policy_id": ROUNDS_POLICY, "number": 1}
        )
        community = self._people["community"]
        for project_id, name, compound_id in self._projects():
            begun = community.post(
                "/v1/consultations", {"compound_id": compound_id, "matter": "plan", "project_id": project_id}
            )
            path = f"/v1/consultations/{begun['id']}"
            dice = self._dice("consultation", name)
            for number, (actors, agreeing) in enumerate(((TOGETHER[2:], 70), (TOGETHER[1:2], 80), (TOGETHER, 100)), 1):
                if number > 1:
                    self._act(community, path, "rounds")
                asked = community.all(f"{path}/rounds/{number}/targets", limit="100")
                self._visited(community, path, asked, actors, dice, agreeing)
            self._act(community, path, "close", {})
            told = community.get(f"{path}/rounds")["items"]
            self.rounds.append({"name": name, "rounds": told, **community.get(path)})
        doors, agreed = (sum(one[key] for one in self.rounds) for key in ("doors", "agreed"))
        return f"{doors} 户，三轮后 {agreed} 户同意（做法借自宜昌 as Yichang does it）"

    @staticmethod
    def _visited(
        community: Person, path: str, asked: list[Json], actors: Iterable[str], dice: random.Random, agreeing: int
    ) -> None:
        today = _day(datetime.now(SHANGHAI).date())
        visits = [
            {
                "property_id": door["property_id"],
                "visited_on": today,
                "outcome": "agreed" if dice.randint(1, 100) <= agreeing else dice.choice(("undecided", "not_home")),
                "visitors": [{"actor": actor} for actor in actors],
            }
            for door in asked
        ]
        for part in _batches(visits):
            community.post(f"{path}/visits", {"visits": part})

    @property
    def _people(self) -> dict[str, Person]:
        return self.play.people

    def _second(self) -> Person:
        """Whoever reads the papers a second time: another clerk of the same street."""
        return self.play.person("street", self.play.street_id, f"{self.play.county.street}（复核）", "second")

    def _projects(self) -> Iterator[tuple[str, str, str]]:
        """Id of every project, and name and id of its compound: projects were made in the order of the compounds."""
        for project_id, (name, compound_id) in zip(
            self.play.projects.values(), self.play.compounds.items(), strict=True
        ):
            yield project_id, name, compound_id

    def _homes(self, compound_id: str) -> list[Json]:
        return self._people["community"].all(f"/v1/compounds/{compound_id}/properties", limit="100")

    @staticmethod
    def _act(who: Person, path: str, action: str, body: Json | None = None) -> Json:
        """An act on a record as it stands."""
        return who.post(f"{path}/{action}", body, version=who.get(path)["version"])

    @staticmethod
    def _dice(*of: str) -> random.Random:
        return random.Random(f"{SEED}:{':'.join(of)}")  # noqa: S311 - to be repeated, not to be secret


def _batches(items: list[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while part := list(islice(rest, BATCH)):
        yield part


def _day(day: date) -> str:
    return day.isoformat()
