"""Cases that everybody may read: made public by staff in their own words, on a map of coarse spots, and as answers of a site."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.core.hotline import publishing
from services.core.hotline.public_rules import PER_DEGREE, Box, spot
from services.core.kit.uow import SYSTEM, Database
from tests.api.hotline.test_contact_board import project
from tests.api.hotline.test_photos import MakeResident, sent
from tests.api.hotline.town import MakeTown, Town
from tests.api.selection.world import MakeStaff
from tests.support.people import Client

SECRET = "王伟家，13800001234，三单元 502"
HERE = {"lat": 28.66291, "lon": 115.90984, "crs": "wgs84"}
PLACE = (115.90984, 28.66291)
ASKED, ANSWERED = "有居民反映楼道漏水。", "已更换立管。"


@pytest.fixture
async def city(staff: MakeStaff, town: Town) -> Client:
    """Who may make projects."""
    return await staff("city", town.at)


async def case(town: Town, city: Client, project_id: str, **over: Any) -> str:
    """A complaint of the project, with a place; its id."""
    said = {"description": SECRET, "place": HERE, "project_id": project_id, **over}
    return str((await town.call(**said))["id"])


async def publish(town: Town, complaint_id: str, *, answer: str | None = None, question: str = ASKED) -> httpx.Response:
    """Makes it public in the version that it has."""
    return await town.do(complaint_id, "publish", {"question": question, "answer": answer})


async def answered(town: Town, complaint_id: str) -> None:
    """Answers and makes it public with the answer."""
    assert (await town.do(complaint_id, "reply", {"text": "王先生，已修。"})).status_code == 200
    done = await publish(town, complaint_id, answer=ANSWERED)
    assert done.status_code == 200, done.text


async def on_map(api: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """What the map shows."""
    told = await api.get("/public/complaints.geojson", params=query)
    assert told.status_code == 200, told.text
    features: list[dict[str, Any]] = told.json()["features"]
    return features


async def answers(api: httpx.AsyncClient, project_id: str) -> list[dict[str, Any]]:
    """What the site tells."""
    told = await api.get(f"/public/projects/{project_id}/answers")
    assert told.status_code == 200, told.text
    items: list[dict[str, Any]] = told.json()["items"]
    return items


async def test_a_case_is_public_in_staffs_words_and_at_a_coarse_spot(
    town: Town, city: Client, api: httpx.AsyncClient
) -> None:
    site = await project(city, town)
    complaint = await case(town, city, site)
    assert await on_map(api, project=site) == [], "nothing is public by itself"
    assert (await api.get(f"/public/projects/{site}/answers")).status_code == 404
    before = (await town.clerk.get(f"/v1/complaints/{complaint}/publication")).json()
    assert (before["public"], before["question"]) == (False, None)
    made = await publish(town, complaint)
    assert made.status_code == 200, made.text
    (feature,) = await on_map(api, project=site)
    assert feature["geometry"] == {"type": "Point", "coordinates": [115.909, 28.663]}
    assert feature["properties"]["question"] == ASKED
    assert feature["properties"]["answered_on"] is None
    told = await api.get("/public/complaints.geojson", params={"project": site})
    assert told.headers["content-type"] == "application/geo+json"
    for hidden in (
        complaint,
        "王伟",
        "1380000",
        "502",
        str(HERE["lat"]),
        str(HERE["lon"]),
    ):
        assert hidden not in told.text
    no = (await town.get(complaint))["no"]
    assert no not in told.text
    assert await answers(api, site) == [], "not answered yet"
    await answered(town, complaint)
    (item,) = await answers(api, site)
    assert (item["question"], item["answer"]) == (ASKED, ANSWERED)
    assert "王先生" not in json.dumps(item, ensure_ascii=False), "the reply itself is the reporter's"
    feed = await api.get(f"/public/projects/{site}/answers", params={"format": "feed"})
    assert feed.headers["content-type"] == "application/feed+json"
    assert feed.json()["version"] == "https://jsonfeed.org/version/1.1"
    assert [one["id"] for one in feed.json()["items"]] == [f"urn:uuid:{item['id']}"]
    assert ANSWERED in feed.json()["items"][0]["content_text"]


async def test_what_may_not_be_public(town: Town, towns: MakeTown, city: Client) -> None:
    site = await project(city, town)
    complaint = await case(town, city, site)
    early = await publish(town, complaint, answer=ANSWERED)
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (422, "/answer")
    named = await publish(town, complaint, question="请拨打 13800001234")
    assert (named.status_code, named.json()["errors"][0]["pointer"]) == (422, "/question")
    long = await publish(town, complaint, question="漏" * 301)
    assert long.status_code == 422
    stale = await town.clerk.post(
        f"/v1/complaints/{complaint}/publish", json={"question": ASKED}, headers={"If-Match": '"99"'}
    )
    assert stale.status_code == 412
    elsewhere = (await towns()).clerk
    foreign = await elsewhere.post(
        f"/v1/complaints/{complaint}/publish", json={"question": ASKED}, headers={"If-Match": '"1"'}
    )
    assert foreign.status_code == 404
    assert (await town.do(complaint, "unpublish")).status_code == 409, "it is not public"
    assert (await town.do(complaint, "reject", {"text": "不属受理范围"})).status_code == 200
    assert (await publish(town, complaint)).json()["type"] == "/problems/complaint-not-publishable"


async def test_what_is_no_case_any_more_is_not_shown(
    town: Town, city: Client, api: httpx.AsyncClient, resident: MakeResident
) -> None:
    site = await project(city, town)
    back, rejected, merged, into = [await case(town, city, site, address=str(number)) for number in range(4)]
    for one in (back, rejected, merged, into):
        assert (await publish(town, one)).status_code == 200
    assert len(await on_map(api, project=site)) == 4
    assert (await town.do(back, "unpublish")).status_code == 200
    assert (await town.do(rejected, "reject", {"text": "不属受理范围"})).status_code == 200
    together = await town.do(into, "merge", {"others": [merged]}, by=city)
    assert together.status_code == 200, together.text
    assert len(await on_map(api, project=site)) == 1
    await answered(town, into)
    assert len(await answers(api, site)) == 1
    assert (await town.do(into, "reopen", {"text": "又漏了"}, by=city)).status_code == 200
    assert await answers(api, site) == [], "taken up again, it is not answered"
    assert len(await on_map(api, project=site)) == 1


async def test_contents_that_nobody_found_fit_keep_a_case_from_the_public(
    town: Town, city: Client, api: httpx.AsyncClient, resident: MakeResident, database: Database
) -> None:
    site, me = await project(city, town), await resident()
    photo = await sent(me, 7)
    said = town.said(place=HERE, project_id=site, files=[photo])
    complaint = (await me.post("/v1/me/complaints", json=said)).json()["id"]
    assert (await publish(town, complaint)).status_code == 200
    for state, shown in (("pending", 0), ("review", 0), ("refused", 0), ("passed", 1)):
        async with database.begin(SYSTEM) as uow:
            await uow.driver.execute("UPDATE file SET check_state = $2 WHERE id = $1", UUID(photo), state)
        assert len(await on_map(api, project=site)) == shown, state
    (feature,) = await on_map(api, project=site)
    assert photo not in json.dumps(feature)


async def test_a_rectangle_is_compared_with_the_spot_not_with_the_place(
    town: Town, city: Client, api: httpx.AsyncClient
) -> None:
    site = await project(city, town)
    assert (await publish(town, await case(town, city, site))).status_code == 200
    lon, lat = spot(*PLACE)
    close = 0.0001

    async def found(west: float, south: float, east: float, north: float) -> int:
        return len(await on_map(api, project=site, bbox=f"{west},{south},{east},{north}"))

    assert await found(lon - close, lat - close, lon + close, lat + close) == 1
    x, y = PLACE
    assert (lon, lat) != (x, y)
    assert await found(x - close, y - close, x + close, y + close) == 0, "around the place itself"
    for bbox in ("1,2,3", "a,b,c,d", "116,28,115,29", "115,28,121,29", "nan,28,116,29", "115,28,116,inf"):
        answer = await api.get("/public/complaints.geojson", params={"bbox": bbox})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?bbox"), bbox


async def test_filters_and_pages(town: Town, city: Client, api: httpx.AsyncClient) -> None:
    site, other = await project(city, town), await project(city, town, title="另一个")
    own = [await case(town, city, site, address=str(number)) for number in range(3)]
    lift = await case(town, city, other, category="lift")
    for one in (*own, lift):
        assert (await publish(town, one)).status_code == 200
    assert len(await on_map(api, project=other, category="lift")) == 1
    assert await on_map(api, project=other, category="leak") == []
    first = (await api.get("/public/complaints.geojson", params={"project": site, "limit": 2})).json()
    assert (len(first["features"]), first["has_more"]) == (2, True)
    rest = await on_map(api, project=site, limit=2, cursor=first["next_cursor"])
    assert len(rest) == 1
    assert len({one["id"] for one in (*first["features"], *rest)}) == 3
    moved = await town.get(own[0])
    about = {"category": "leak", "kind": moved["kind"], "hazard": moved["hazard"], "project_id": other}
    version = {"If-Match": f'"{moved["version"]}"'}
    assert (await city.put(f"/v1/complaints/{own[0]}", json=about, headers=version)).status_code == 200
    assert (len(await on_map(api, project=site)), len(await on_map(api, project=other))) == (2, 2)


async def test_a_page_of_the_longest_answers_is_small(
    town: Town, city: Client, api: httpx.AsyncClient, database: Database
) -> None:
    site = await project(city, town)
    for number in range(9):
        await answered(town, await case(town, city, site, address=str(number)))
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE complaint_publication SET question = $2, answer = $3 WHERE project_id = $1",
            UUID(site), "𠀀" * 300, "𠀀" * 1000,
        )  # fmt: skip
    seen, cursor = 0, None
    for form in ("json", "feed"):
        whole = await api.get(f"/public/projects/{site}/answers", params={"limit": 100, "format": form})
        assert len(whole.content) <= 32_768
    while True:
        query = {"limit": 100, **({"cursor": cursor} if cursor else {})}
        page = await api.get(f"/public/projects/{site}/answers", params=query)
        assert len(page.content) <= 32_768
        seen += len(page.json()["items"])
        cursor = page.json()["next_cursor"]
        assert (f"cursor={cursor}" in page.headers.get("link", "")) == (cursor is not None)
        if cursor is None:
            break
    assert seen == 9
    whole = await api.get("/public/complaints.geojson", params={"limit": 100, "project": site})
    assert len(whole.content) <= 32_768
    assert whole.json()["has_more"] is False
    for wrong in ("x", "WyIyMDI2LTAxLTAxIiwiMSJd"):
        assert (await api.get(f"/public/projects/{site}/answers", params={"cursor": wrong})).status_code == 422


async def test_a_corrected_word_does_not_send_an_answer_round_again(
    town: Town, city: Client, api: httpx.AsyncClient
) -> None:
    site = await project(city, town)
    complaint = await case(town, city, site)
    await answered(town, complaint)
    (first,) = await answers(api, site)
    assert (await publish(town, complaint, answer="已更换立管，请放心。")).status_code == 200
    (again,) = await answers(api, site)
    assert (again["id"], again["answered_at"]) == (first["id"], first["answered_at"])
    assert again["answer"] != first["answer"]
    assert (await town.do(complaint, "unpublish")).status_code == 200
    assert await answers(api, site) == []
    assert (await publish(town, complaint, answer=ANSWERED)).status_code == 200
    (anew,) = await answers(api, site)
    assert anew["answered_at"] > first["answered_at"]


@pytest.mark.parametrize(
    ("place", "middle"),
    [((121.5, 29.8), (121.501, 29.801)), ((-0.0001, -0.0001), (-0.001, -0.001)), ((0.0, 0.0), (0.001, 0.001))],
)
def test_the_grid(place: tuple[float, float], middle: tuple[float, float]) -> None:
    assert spot(*place) == middle
    assert abs(spot(*place)[0] - place[0]) < 0.5001 / PER_DEGREE


MANY = """
INSERT INTO complaint (id, code, no, channel, category, kind, hazard, anonymous, state, region_path, created_at)
SELECT gen_random_uuid(), lpad(n::text, 20, '0'), n::text, 'phone', 'leak', 'complaint', false, true, 'closed', '1.', now()
FROM generate_series(1, 20000) AS n
"""


async def test_the_map_and_the_answers_are_found_by_indexes(fresh_database: Database) -> None:
    async with fresh_database.begin(SYSTEM) as uow:
        driver = uow.driver
        await driver.execute("ALTER TABLE complaint DISABLE TRIGGER ALL")
        await driver.execute(MANY.replace("'closed'", "'answered'"))
        await driver.execute("ALTER TABLE complaint_publication DROP CONSTRAINT fk_complaint_publication_project_id")
        await driver.execute(
            """INSERT INTO complaint_publication (id, complaint_id, project_id, spot, question, answer, published_at, answered_at)
               SELECT gen_random_uuid(), id, (ARRAY[$1, $2]::uuid[])[1 + (row_number() OVER () % 200 = 0)::int],
                      point(100 + random() * 20, 20 + random() * 20), 'q', 'a', now(), now() FROM complaint""",
            UUID(int=1), UUID(int=2),
        )  # fmt: skip
        await driver.execute("ANALYZE complaint, complaint_publication")

        async def used(statement: str, *values: Any) -> str:
            rows = await driver.fetch(f"EXPLAIN (FORMAT json) {statement}", *values)
            return str(rows[0][0])

        box = Box(110, 30, 110.2, 30.2)
        plan = await used(
            publishing.INSIDE, UUID(int=2**128 - 1), None, None, 21, ((box.west, box.south), (box.east, box.north))
        )
        assert "ix_complaint_publication_spot" in plan
        plan = await used(publishing.EVERYWHERE, UUID(int=2**128 - 1), None, None, 21)
        assert "pk_complaint_publication" in plan
        plan = await used(publishing.ANSWERS, UUID(int=2), uow.now + timedelta(days=1), UUID(int=2**128 - 1), 21)
        assert "ix_complaint_publication_answers" in plan
        assert "Seq Scan" not in plan.replace("'Relation Name': 'complaint_category'", "")
