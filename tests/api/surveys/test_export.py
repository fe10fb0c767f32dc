"""The answers as a table: stable columns over versions, nothing that a spreadsheet takes for a formula, on record who took it."""

import csv
import io
import zipfile
from typing import Any

from tests.api.surveys.world import ADVICE, SATISFIED, WISH, MakeRegion, MakeStaff, World

Json = dict[str, Any]
MENU: Json = {
    "id": "menu", "kind": "multiple", "title": "改哪些",
    "options": [{"id": "a", "label": "甲"}, {"id": "b", "label": "乙"}],
}  # fmt: skip


async def exported(world: World, survey: Json) -> list[list[str]]:
    answer = await world.clerk.get(f"/v1/surveys/{survey['id']}/export", params={"format": "csv"})
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_columns_stay_where_they_are_over_versions(world: World) -> None:
    building = await world.register.building("3")
    homes = await world.register.homes(3, building_id=building)
    survey = await world.opened(WISH, MENU)
    await world.counted(survey, [(homes[0], {"join": "yes", "menu": ["b"]})])
    (head, first) = await exported(world, survey)
    assert head[6:] == ["是否同意纳入改造？ join", "改哪些：甲 menu.a", "改哪些：乙 menu.b"]
    assert (first[0], first[3], first[4]) == ("3", "纸质 paper", "1")
    assert first[6:] == ["同意", "0", "1"]
    more = {**MENU, "title": "想改哪些", "options": [*MENU["options"], {"id": "c", "label": "丙"}]}
    await world.act(survey, "questionnaires", {"questions": [SATISFIED, more, {**WISH, "title": "同意吗？"}]})
    await world.counted(survey, [(homes[1], {"join": "no", "menu": ["c"], "satisfied": 4})])
    (later, _, second) = await exported(world, survey)
    assert later[: len(head)] == head
    assert later[len(head) :] == ["满意程度 satisfied", "想改哪些：丙 menu.c"]
    assert second[6:] == ["不同意", "0", "0", "4", "1"]


async def test_only_what_counts_is_in_it(world: World) -> None:
    homes = await world.register.homes(2)
    survey = await world.opened(WISH)
    await world.counted(survey, [(homes[0], {"join": "no"})])
    await world.counted(survey, [(homes[0], {"join": "yes"})])
    await world.enter(survey, homes[1], {"join": "no"})
    lines = await exported(world, survey)
    assert [line[6] for line in lines[1:]] == ["同意"]


async def test_no_cell_is_a_formula(world: World) -> None:
    homes = await world.register.homes(2)
    area = {"id": "area", "kind": "number", "title": "=1+1"}
    survey = await world.opened(ADVICE, area)
    await world.counted(
        survey, [(homes[0], {"advice": "=HYPERLINK(1)", "area": "80.25"}), (homes[1], {"advice": "@x"})]
    )
    lines = await exported(world, survey)
    assert lines[0][7] == "'=1+1 area"
    assert [line[6] for line in lines[1:]] == ["'=HYPERLINK(1)", "'@x"]
    answer = await world.clerk.get(f"/v1/surveys/{survey['id']}/export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=HYPERLINK(1)</t>" in sheet
    assert "<v>80.25</v>" in sheet


async def test_who_takes_it_is_on_record(world: World, region: MakeRegion, staff: MakeStaff) -> None:
    survey = await world.draft()
    await exported(world, survey)
    stranger = await staff("community", await region("street", world.root))
    assert (await stranger.get(f"/v1/surveys/{survey['id']}/export")).status_code == 404
    async with world.database.read() as reader:
        rows = await reader.fetch(
            "SELECT actor_id FROM audit_entry WHERE action = 'survey.exported' AND target_id = $1", survey["id"]
        )
    assert [row["actor_id"] for row in rows] == [world.clerk.staff_id]
