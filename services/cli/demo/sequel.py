"""After the first ranking: an upheld objection, the plan of the year, a drop and its supplement, and the round of the next year."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

import httpx

from services.cli.demo.play import CountyPlay, Json, Person, synthetic
from services.cli.embedded import Refusal

SHANGHAI = ZoneInfo("Asia/Shanghai")
VOTES = ("vote.menu.passed", "vote.plan.passed", "vote.plan.approval_share")
IMPROVED = 2


@dataclass
class Sequel:
    """What follows in one county. `end_notice` lets the notice of a round be over: nobody waits five working days for it."""

    play: CountyPlay
    end_notice: Callable[[str], None]
    supplement: Json = field(default_factory=dict)
    plan: Json = field(default_factory=dict)
    improved: list[str] = field(default_factory=list)
    next_ranking: list[Json] = field(default_factory=list)
    next_bundle: bytes = b""

    @property
    def _people(self) -> dict[str, Person]:
        return self.play.people

    def correct(self) -> str:
        """While the notice runs the street objects, the district upholds: the fact is corrected, all is computed and shown anew."""
        district, played = self._people["district"], self.play.played
        project = next(row for row in played.ranking if row["outcome"] == "later")
        name, compound_id = self._compound_of(project["no"])
        said = {
            "project_id": project["project_id"],
            "ground": "facts",
            "what": f"{name}的安全隐患漏登 2 处（演示）",
            "received_on": _today().isoformat(),
        }
        objection = self._people["street"].post(f"/v1/rounds/{played.round_id}/objections", said)
        ruling = {"reason": "现场复核属实（演示）", "document": f"演示复核意见〔{self.play.county.year}〕1号"}
        district.post(f"/v1/objections/{objection['id']}/uphold", ruling)
        hazards = int(self.play.invented[name].compound["compound.hazards"]) + 2
        corrected = {"facts": [synthetic("compound.hazards", str(hazards))]}
        self._people["community"].post(f"/v1/compounds/{compound_id}/facts", corrected)
        self.play.compete()
        self.play.publish()
        rank = next(row["rank"] for row in played.ranking if row["no"] == project["no"])
        return f"{name}由第 {project['rank']} 名改为第 {rank} 名；原公示作废留存，重新公示至 {played.publication['notice_until']}"

    def confirm(self) -> str:
        """When the notice is over the city confirms: the three lists are the plan of the year."""
        self.end_notice(self.play.played.round_id)
        body = {"issued_on": _today().isoformat(), "document": f"演示联合发文〔{self.play.county.year}〕1号"}
        self._people["city"].post(f"/v1/runs/{self.play.played.run_id}/confirm", body)
        totals = self._read_plan()["totals"]
        return "、".join(
            f"{title} {totals[name]['projects']} 个"
            for name, title in (("implement", "实施"), ("reserve", "谋划"), ("later", "储备"))
        )

    def replace(self) -> str:
        """An event stops a project; the district proposes, the city publishes; after the notice the first ready reserve enters."""
        district, played = self._people["district"], self.play.played
        for project in (row for row in played.ranking if row["outcome"] == "in"):
            body = {
                "dropped_project_id": project["project_id"],
                "ground": "emergency",
                "note": "汛期地基沉降，须先行加固（演示）",
            }
            proposed = district.post(f"/v1/rounds/{played.round_id}/supplements", body)
            if any(one["passes"] for one in proposed["candidates"]):
                break
            district.post(f"/v1/supplements/{proposed['id']}/cancel")
        else:
            raise Refusal(zh="没有可以增补的项目", en="no reserve could take the place of any project")
        path, year = f"/v1/supplements/{proposed['id']}", self.play.county.year
        published = self._people["city"].post(f"{path}/publish", {"document": f"演示增补公示〔{year}〕2号"})
        self.end_notice(played.round_id)
        self.supplement = self._people["city"].post(f"{path}/confirm", {"document": f"演示调整通知〔{year}〕3号"})
        self.plan = self._read_plan()
        added = next(row for row in played.ranking if row["project_id"] == self.supplement["added_project_id"])
        skipped = sum(not one["passes"] for one in self.supplement["candidates"] if one["rank"] < added["rank"])
        return f"{project['no']} 退出，{added['no']} 增补（跳过 {skipped} 个），公示至 {published['notice_until']}"

    def improve(self) -> str:
        """Those that were not chosen apply again; two of them first improve their plan and have it voted anew."""
        street = self._people["street"]
        waiting = [
            row
            for row in self.play.played.ranking
            if row["outcome"] in {"reserve", "later"} and row["project_id"] != self.supplement["added_project_id"]
        ]
        for row in waiting[-IMPROVED:]:
            name, _ = self._compound_of(row["no"])
            path = f"/v1/projects/{row['project_id']}"
            street.post(f"{path}/plans", {**self.play.invented[name].plan, "management_mode": "业主自管与物业服务结合"})
            voted = [synthetic(key, self._passed(name, key)) for key in VOTES]
            street.post(f"{path}/facts", {"facts": voted})
            self.improved.append(row["no"])
        for row in waiting:
            path = f"/v1/projects/{row['project_id']}"
            street.post(f"{path}/apply", version=street.get(path)["version"])
        return f"{len(waiting)} 个再次申报，其中 {'、'.join(self.improved)} 完善了方案并重新表决"

    def compete_again(self) -> str:
        """The next year's round: who improved comes first, within half of each cap."""
        district, played = self._people["district"], self.play.played
        run_id = self.play.rank(district, self.play.open_round(self.play.county.year + 1))
        self.next_ranking = district.all(f"/v1/runs/{run_id}/ranking")
        published = self._people["city"].post(f"/v1/runs/{run_id}/publish")
        self.next_bundle = self._people["city"].content(f"/v1/runs/{run_id}/bundle")
        carried = [row["no"] for row in self.next_ranking if row["reason"]["carried"]]
        if set(carried) - set(self.improved) or not carried:
            raise Refusal(zh=f"滚动优先有误：{carried}", en=f"carry-over touched {carried}, not {self.improved}")
        return f"滚动优先 {'、'.join(carried)}；公示至 {published['notice_until']}（上年轮次 {played.round_id[:8]}）"

    def _passed(self, name: str, key: str) -> str:
        return self.play.invented[name].project[key] if key == "vote.plan.approval_share" else "true"

    def _compound_of(self, no: str) -> tuple[str, str]:
        """The name and the id of a project's compound: projects are numbered in the order of the compounds."""
        return list(self.play.compounds.items())[int(no.rsplit("-", 1)[1]) - 1]

    def _read_plan(self) -> Json:
        """The plan of the year as anybody reads it."""
        answer = httpx.get(
            f"{self.play.address}/public/plans/{self.play.county.year}",
            params={"region": self.play.region_id, "limit": "100"},
            timeout=30,
        )
        answer.raise_for_status()
        found: Json = answer.json()
        return found


def _today() -> date:
    return datetime.now(SHANGHAI).date()
