"""Imports and exports after a merge: closed compounds take nothing new and are in no export."""

from tests.api.exchange.sheets import Clerk, csv
from tests.api.selection.world import MakeStaff

HEAD = "小区编号,小区名称,所属区域,户数"


async def test_a_row_about_a_merged_compound_is_refused_and_its_name_is_free(clerk: Clerk, staff: MakeStaff) -> None:
    await clerk.bring(csv(HEAD, ",一号院,何家社区,120", ",二号院,何家社区,80"))
    before = await clerk.compounds()
    first, second = before["一号院"], before["二号院"]
    district = await staff("district", clerk.at)
    merged = await district.post(
        f"/v1/compounds/{first['id']}/merge",
        json={"compound_ids": [second["id"]], "name": "昌盛园", "document": "8号", "reason": "合并"},
        headers={"If-Match": f'"{first["version"]}"'},
    )
    assert merged.status_code == 201, merged.text

    refused = await clerk.bring(csv(HEAD, f"{first['no']},一号院,何家社区,130"))
    assert (refused["state"], await clerk.places(refused["id"])) == ("refused", [(2, "A", "compound-closed")])
    done = await clerk.bring(csv(HEAD, ",二号院,何家社区,90"))
    assert (done["state"], done["created"]) == ("done", 1)
    assert set(await clerk.compounds()) == {"昌盛园", "二号院"}
    exported = (await clerk.export()).decode("utf-8-sig")
    assert "昌盛园" in exported
    assert "一号院" not in exported
