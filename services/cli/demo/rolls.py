"""The register of a county's compounds, sent as a file by the community: every owner made up, and marked so.

Nobody's number is used: phones are of an area code with a subscriber number that does not exist, identity numbers are left out.
"""

import csv
import io
import random

from services.cli.demo.play import CountyPlay
from services.cli.demo.synthetic import SEED
from services.cli.embedded import Refusal

TITLES = (
    "小区编号", "楼栋", "单元", "门牌号", "房屋类型", "专有面积", "面积来源", "业主类型", "业主", "电话", "演示数据",
)  # fmt: skip
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗", "伟芳娜敏静强磊军洋勇艳杰娟涛明超霞平刚"
AREA_CODE = "0852"
FLATS_OF_ENTRANCE, ENTRANCES = 12, 3
OVER = {"done", "refused", "cancelled", "failed"}


def enter_rolls(play: CountyPlay) -> str:
    """The community sends the roll of all compounds in one file; what the register then holds."""
    community = play.people["community"]
    numbers = {name: str(community.get(f"/v1/compounds/{made}")["no"]) for name, made in play.compounds.items()}
    rows = [row for name, households in play.county.compounds for row in roll(numbers[name], name, households)]
    content = io.StringIO()
    csv.writer(content).writerows([TITLES, *rows])
    sent = community.send(
        "/v1/imports",
        {"kind": "properties", "region": play.community_id},
        ("名册.csv", content.getvalue().encode()),
    )
    found = community.awaited(f"/v1/imports/{sent['id']}", OVER)
    if found["state"] != "done":
        raise Refusal(zh=f"名册未导入：{found['state']}", en=f"the roll was not imported: {found['state']}")
    figures = [community.get(f"/v1/compounds/{made}/register") for made in play.compounds.values()]
    heads, properties = (sum(one[key] for one in figures) for key in ("heads", "properties"))
    return f"{properties} 处房屋，{heads} 个表决人（业主均为合成 owners all synthetic）"


def roll(no: str, name: str, households: int) -> list[tuple[str, ...]]:
    """A flat for each household. The same name gives the same owners, on every machine."""
    dice = random.Random(f"{SEED}:{name}")  # noqa: S311 - to be repeated, not to be secret
    rows: list[tuple[str, ...]] = []
    for number in range(households):
        entrance, flat = divmod(number, FLATS_OF_ENTRANCE)
        building, entrance = divmod(entrance, ENTRANCES)
        floor, door = divmod(flat, 2)
        place = (no, str(building + 1), str(entrance + 1), f"{floor + 1}{door + 1:02}", "住宅")
        area = (f"{dice.randint(4200, 9800) / 100:.2f}", "登记")
        dealt = dice.randint(1, 100)
        if dealt <= 2:
            rows.append((*place, *area, "不明", "", "", "是"))
        elif dealt <= 5:
            rows.append((*place, *area, "公有", "原产权单位（演示）", "", "是"))
        else:
            owners = [dice.choice(SURNAMES) + given for given in dice.sample(GIVEN, 2 if dealt <= 40 else 1)]
            phones = [f"{AREA_CODE}{0:04}{number:04}", *["-"] * (len(owners) - 1)]
            rows.append((*place, *area, "自然人", "、".join(owners), "、".join(phones), "是"))
    return rows
