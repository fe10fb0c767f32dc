"""Departments' systems: OAuth 2 client credentials (RFC 6749), secrets told once."""

import base64
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import httpx
import pytest

from services.core.kit.uow import Database
from tests.support.people import Client, Region

GRANT = {"grant_type": "client_credentials"}


def match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class Made:
    """A client, its secret, who made it and where."""

    def __init__(self, made: dict[str, Any], manager: Client, at: Region) -> None:
        self.id, self.secret, self.manager, self.at = made["id"], made["client_secret"], manager, at


@pytest.fixture
async def department(staff: Any, region: Any) -> Made:
    at = await region("city")
    manager = await staff("city", at)
    body = {"name": "燃气系统", "organisation": "燃气公司", "region_ids": [str(at.id)]}
    made = await manager.post("/v1/clients", json=body)
    assert made.status_code == 201, made.text
    return Made(made.json(), manager, at)


async def test_a_client_signs_in_by_header_or_body(api: httpx.AsyncClient, department: Made) -> None:
    by_header = await api.post("/oauth/token", data=GRANT, headers=basic(department.id, department.secret))
    by_body = await api.post(
        "/oauth/token", data={**GRANT, "client_id": department.id, "client_secret": department.secret}
    )
    for answer in (by_header, by_body):
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
        assert "fact:attest" in body["scope"].split()
        me = (await api.get("/v1/me", headers=bearer(body["access_token"]))).json()
        assert (me["kind"], me["id"], me["username"]) == ("client", department.id, None)
        assert [(grant["role"], grant["region_id"]) for grant in me["grants"]] == [
            ("department", str(department.at.id))
        ]


async def test_oauth_errors_have_the_form_of_the_rfc(
    api: httpx.AsyncClient, department: Made, database: Database
) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    right = basic(department.id, department.secret)
    wrong = basic(department.id, "jgs_wrong")
    both = {**GRANT, "client_id": department.id, "client_secret": department.secret}
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"data": GRANT, "headers": wrong}, 401, "invalid_client"),
        ({"data": GRANT, "headers": basic(str(uuid4()), department.secret)}, 401, "invalid_client"),
        ({"data": GRANT, "headers": basic("no-uuid", department.secret)}, 401, "invalid_client"),
        ({"data": GRANT}, 401, "invalid_client"),
        ({"data": GRANT, "headers": {"Authorization": "Basic %%%"}}, 401, "invalid_client"),
        ({"data": GRANT, "headers": {"Authorization": "Bearer x"}}, 401, "invalid_client"),
        ({"data": both, "headers": right}, 400, "invalid_request"),
        ({"data": {}, "headers": right}, 400, "invalid_request"),
        ({"json": GRANT, "headers": right}, 400, "invalid_request"),
        ({"content": "grant_type=client_credentials&grant_type=x", "headers": {**right, **form}}, 400, "invalid_request"),
        ({"data": {"grant_type": "password"}, "headers": right}, 400, "unsupported_grant_type"),
    ]  # fmt: skip
    for request, status, error in cases:
        answer = await api.post("/oauth/token", **request)
        assert (answer.status_code, answer.json()["error"]) == (status, error), request
        assert answer.headers["cache-control"] == "no-store"
        assert ("www-authenticate" in answer.headers) == (status == 401)
        assert department.secret not in answer.text
    async with database.read() as connection:
        refused = await connection.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'client.sign_in' AND target_id = $1 AND outcome = 'refused'",
            department.id,
        )
    assert refused == 1


async def test_a_rotated_secret_ends_the_old_one_and_its_tokens(api: httpx.AsyncClient, department: Made) -> None:
    token = (await api.post("/oauth/token", data=GRANT, headers=basic(department.id, department.secret))).json()
    url = f"/v1/clients/{department.id}/rotate-secret"
    assert (await department.manager.post(url)).status_code == 428
    rotated = await department.manager.post(url, headers=match(1))
    assert rotated.status_code == 200
    assert rotated.json()["client_secret"] != department.secret
    assert (await department.manager.post(url, headers=match(1))).status_code == 412
    assert (await api.get("/v1/me", headers=bearer(token["access_token"]))).status_code == 401
    old = await api.post("/oauth/token", data=GRANT, headers=basic(department.id, department.secret))
    new = await api.post("/oauth/token", data=GRANT, headers=basic(department.id, rotated.json()["client_secret"]))
    assert (old.status_code, new.status_code) == (401, 200)


async def test_a_disabled_client_is_out_at_once(api: httpx.AsyncClient, department: Made) -> None:
    header = basic(department.id, department.secret)
    token = (await api.post("/oauth/token", data=GRANT, headers=header)).json()["access_token"]
    disabled = await department.manager.post(f"/v1/clients/{department.id}/disable", headers=match(1))
    assert disabled.json() == {"id": department.id, "version": 2}
    assert (await api.get("/v1/me", headers=bearer(token))).status_code == 401
    assert (await api.post("/oauth/token", data=GRANT, headers=header)).status_code == 401
    seen = (await department.manager.get(f"/v1/clients/{department.id}")).json()
    assert seen["disabled_at"] is not None


async def test_clients_are_listed_without_their_secrets(department: Made, database: Database) -> None:
    listed = await department.manager.get("/v1/clients")
    [item] = listed.json()["items"]
    assert (item["id"], item["name"], item["organisation"]) == (department.id, "燃气系统", "燃气公司")
    assert "secret" not in listed.text
    async with database.read() as connection:
        kept = await connection.fetchval("SELECT c::text FROM client c WHERE id = $1", department.id)
    assert department.secret not in kept


async def test_a_client_has_neither_password_nor_authenticator(api: httpx.AsyncClient, department: Made) -> None:
    header = basic(department.id, department.secret)
    token = bearer((await api.post("/oauth/token", data=GRANT, headers=header)).json()["access_token"])
    change = {"current_password": "x", "new_password": "a different battery staple"}
    assert (await api.put("/v1/me/password", json=change, headers=token)).status_code == 403
    assert (await api.post("/v1/me/totp", json={"password": "x"}, headers=token)).status_code == 403
    assert (await api.post("/v1/me/totp/confirm", json={"otp": "123456"}, headers=token)).status_code == 403
    sessions = (await api.get("/v1/me/sessions", headers=token)).json()["items"]
    assert [session["current"] for session in sessions] == [True]
    assert (await api.post("/v1/auth/sign-out", headers=token)).status_code == 204
    assert (await api.get("/v1/me", headers=token)).status_code == 401


async def test_the_same_request_again_makes_no_second_client_and_tells_no_secret(staff: Any, region: Any) -> None:
    at = await region("city")
    manager = await staff("city", at)
    body = {"name": "供水系统", "organisation": f"供水公司 {uuid4().hex}", "region_ids": [str(at.id)]}
    key = {"Idempotency-Key": uuid4().hex}
    first = await manager.post("/v1/clients", json=body, headers=key)
    again = await manager.post("/v1/clients", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 409)
    assert again.headers["content-type"] == "application/problem+json"
    assert again.json()["type"] == "/problems/secret-told-once"
    assert again.json()["id"] == first.json()["id"]
    assert first.json()["client_secret"] not in again.text
    english = await manager.post("/v1/clients", json=body, headers=key | {"Accept-Language": "en"})
    assert english.json()["title"] == "This was done already; its secret is told only once"
    assert english.headers["idempotency-replayed"] == "true"
    listed = (await manager.get("/v1/clients")).json()["items"]
    assert [one["organisation"] for one in listed].count(body["organisation"]) == 1


async def test_a_client_answers_for_the_bureau_that_it_was_given(api: httpx.AsyncClient, department: Made) -> None:
    url = f"/v1/clients/{department.id}"
    token = (await api.post("/oauth/token", data=GRANT, headers=basic(department.id, department.secret))).json()

    async def told() -> list[str | None]:
        me = (await api.get("/v1/me", headers=bearer(token["access_token"]))).json()
        return [grant["bureau"] for grant in me["grants"]]

    assert await told() == [None]
    given = await department.manager.put(f"{url}/bureau", json={"bureau": "finance"}, headers=match(1))
    assert (given.status_code, given.json()["version"]) == (200, 2), given.text
    assert await told() == ["finance"]
    assert (await department.manager.get(url)).json()["grants"][0]["bureau"] == "finance"
    stale = await department.manager.put(f"{url}/bureau", json={"bureau": "ndrc"}, headers=match(1))
    assert stale.status_code == 412
    wrong = await department.manager.put(f"{url}/bureau", json={"bureau": "财政局"}, headers=match(2))
    assert wrong.status_code == 422
    taken = await department.manager.put(f"{url}/bureau", json={"bureau": None}, headers=match(2))
    assert (taken.status_code, await told()) == (200, [None])
