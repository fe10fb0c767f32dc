"""What arrives at Open311's door that should not: markup, control characters, places on the Moon, endless lists."""

from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import httpx
import pytest

from services.api.open311.formats import Format, written
from services.core.kit.uow import Database
from tests.api.hotline.open311 import V2, App, connected, parsed
from tests.api.hotline.town import Town, everything
from tests.api.selection.world import MakeStaff


@pytest.fixture
async def sender(api: httpx.AsyncClient, town: Town, staff: MakeStaff) -> App:
    """An app for the community."""
    return await connected(api, await staff("city", town.at), [str(town.at.id)])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"lat": None}, "lat"),
    ({"lat": None, "long": None}, "lat"),
    ({"lat": "", "long": " "}, "lat"),
    ({"lat": "115.9", "long": "28.6"}, "lat"),  # exchanged
    ({"lat": "0", "long": "0"}, "lat"),
    ({"lat": "-28.6629"}, "lat"),
    ({"lat": "91"}, "lat"),
    ({"long": "181"}, "lat"),
    ({"lat": "nan"}, "lat"),
    ({"lat": "inf"}, "lat"),
    ({"lat": "1e1"}, "lat"),
    ({"lat": "28,66"}, "lat"),
    ({"lat": "２８.66"}, "lat"),
    ({"lat": "28.66" + "0" * 500}, "lat"),
    ({"service_code": None}, "service_code"),
    ({"address_id": "1' OR '1'='1"}, "address_id"),
    ({"phone": "not a number"}, "phone"),
    ({"phone": "1" * 5000}, "phone"),
    ({"first_name": "***"}, "first_name"),
    ({"email": "nobody"}, "email"),
    ({"description": "a" * 4001}, "description"),
    ({"description": "bell \a rings"}, "description"),
    ({"description": "nothing \0 here"}, "description"),
    ({"description": "turned \u202e round"}, "description"),
    ({"address_string": "two\nlines"}, "address_string"),
    ({"media_url": "javascript:alert(1)"}, "media_url"),
    ({"media_url": "file:///etc/passwd"}, "media_url"),
    ({"attribute[x]": "a" * 501}, "attributes"),
    ({f"attribute[{n}]": "1" for n in range(21)}, "attributes"),
    ({"device_id": "x" * 201}, "device_id"),
]


@pytest.mark.parametrize(("over", "named"), WRONG, ids=lambda value: str(value)[:40])
async def test_what_is_wrong_is_400_and_named(sender: App, town: Town, over: dict[str, Any], named: str) -> None:
    answer = await sender.send(over)
    assert answer.status_code == 400, answer.text
    assert {one["code"] for one in answer.json()} <= {400, 422}
    assert all(set(one) == {"code", "description"} for one in answer.json())
    assert named in answer.text
    assert (await town.clerk.get("/v1/complaints")).json()["items"] == []


async def test_an_unknown_service_is_404(sender: App) -> None:
    for code in ("nothing", "leak'--", "漏水", "\u0001", "a\0b", "x" * 201):
        answer = await sender.send(service_code=code)
        assert answer.status_code in {400, 404}, code
        assert (answer.status_code == 404) is (len(code) < 200 and code.isprintable()), code


async def test_a_category_that_is_not_anonymous_wants_somebody(sender: App) -> None:
    answer = await sender.send(service_code="money")
    assert (answer.status_code, answer.json()[0]["code"]) == (400, 409)
    assert (await sender.send(service_code="money", phone="13812345678")).status_code == 201


async def test_only_a_form_is_read(sender: App) -> None:
    path = f"{V2}/requests.json"
    ways: list[dict[str, Any]] = [
        {"json": {"api_key": sender.key, "service_code": "leak"}},
        {"files": {"api_key": (None, sender.key)}},
        {"content": b"\xff\xfe", "headers": {"content-type": "text/plain"}},
    ]
    for sent in ways:
        answer = await sender.api.post(path, **sent)
        assert (answer.status_code, type(answer.json())) == (400, list)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    twice = await sender.api.post(path, content=f"api_key={sender.key}&api_key=x&service_code=leak", headers=headers)
    assert twice.status_code == 400
    bytes_of_none = await sender.api.post(
        path, content=f"api_key={sender.key}&service_code=%ff%fe&lat=28.6&long=115.9", headers=headers
    )
    assert bytes_of_none.status_code == 404
    large = await sender.api.post(path, content=b"description=" + b"x" * 2_000_000, headers=headers)
    assert (large.status_code, large.json()[0]["code"]) == (400, 413)


async def test_the_error_form_everywhere(api: httpx.AsyncClient) -> None:
    for path, status in (
        ("requests/none.json", 404), ("requests.csv", 404), ("nothing.json", 404), ("requests/none", 404),
        ("requests.json?status=half", 400), ("requests.json?start_date=2026-01-01", 400),
        ("requests.json?start_date=1767225600", 400), ("requests.json?start_date=2026-01-01T00:00:00", 400),
        ("requests.json?start_date=9999-12-31T23:59:59Z", 400), ("requests.json?end_date=0001-01-01T00:00:00Z", 400),
        ("requests.json?start_date=2026-01-01T00:00:00Z&end_date=2026-04-02T00:00:01Z", 400),
        ("requests.json?start_date=2026-02-01T00:00:00Z&end_date=2026-01-01T00:00:00Z", 400),
        ("requests.json?service_request_id=" + ",".join(str(n) for n in range(101)), 400),
        ("requests.json?service_code=" + ",".join(f"s{n}" for n in range(101)), 400),
        ("requests.json?jurisdiction_id=%00", 400), ("requests/%00.json", 400), ("services/%00.json", 400),
    ):  # fmt: skip
        answer = await api.get(f"{V2}/{path}")
        assert answer.status_code == status, f"{path}: {answer.text}"
        if ".json" in path:
            assert answer.headers["content-type"] == "application/json; charset=utf-8"
            assert all(set(one) == {"code", "description"} for one in answer.json()), path
        else:
            assert parsed(answer).tag == "errors"
    unescaped = await api.get(f"{V2}/requests.json?start_date=2026-01-01T00:00:00+08:00")
    assert unescaped.status_code == 200, "a plus that nobody escaped"
    for method in ("put", "delete", "post"):
        answer = await api.request(method, f"{V2}/services.xml")
        assert (answer.status_code, parsed(answer).findtext("error/code")) == (400, "405")


async def test_markup_stays_words(sender: App, town: Town) -> None:
    """In the XML and everywhere else: what somebody wrote opens and closes nothing."""
    evil = "</description><status>closed</status>]]><![CDATA[<!ENTITY x SYSTEM 'file:///etc/passwd'>&x; \"'"
    number = await sender.taken(description=evil)
    root = parsed(await sender.api.get(f"{V2}/requests/{number}.xml"))
    assert [one.text for one in root.iter("status")] == ["open"]
    wrong = parsed(await sender.api.get(f"{V2}/requests/%3C%2Ferrors%3E%26.xml"))
    assert [one.tag for one in wrong] == ["error"]


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\ufffe", "\x1b[31m", "]]>", "<!--", "&amp;", "\u2028", "𠮷🏠"])
def test_any_text_makes_a_document_that_can_be_read(text: str) -> None:
    document = written(Format.XML, "errors", [{"code": 400, "description": text}])
    root = ElementTree.fromstring(document)  # noqa: S314 - our own
    told = root.findtext("error/description")
    assert told is not None
    assert len(told) == len(text)
    if text.isprintable() or text == "\u2028":
        assert told == text


async def test_nothing_of_the_key_or_of_the_words_is_left_in_the_clear(
    sender: App, town: Town, database: Database
) -> None:
    secret = f"门牌 {uuid4().hex}"
    await sender.taken(
        description=secret, address_string=secret, account_id=secret, media_url="https://e.cn/" + secret[3:]
    )
    async with database.read() as reader:
        clients = await reader.fetchval("SELECT string_agg(k::text, ' ') FROM client_key k")
    kept = await everything(database) + clients
    assert secret not in kept
    assert secret.removeprefix("门牌 ") not in kept
    assert sender.key not in kept
