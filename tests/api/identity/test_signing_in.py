"""Signing in as staff: passwords, locks, codes, refresh rotation, revocation."""

import asyncio
import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.core.identity import rules, sign_in, tokens
from services.core.identity.passwords import hash_password
from services.core.kit.crypto import FieldCipher, field_cipher
from services.core.kit.errors import DomainError
from services.core.kit.settings import Settings
from services.core.kit.uow import SYSTEM, Actor, Database

PASSWORD = "correct horse battery staple"


class Person:
    """A member of staff with a real password."""

    def __init__(self, staff_id: UUID, username: str, path: str) -> None:
        self.id, self.username, self.path = staff_id, username, path


@pytest.fixture(scope="session")
async def password_hash() -> str:
    return await hash_password(PASSWORD)


@pytest.fixture
async def person(database: Database, region: Any, staff: Any, password_hash: str) -> Person:
    at = await region("county")
    signed_in = await staff("district", at)
    username = f"p{uuid4().hex[:20]}"
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE staff SET password_hash = $2, username = $3 WHERE id = $1",
            signed_in.staff_id, password_hash, username,
        )  # fmt: skip
    return Person(signed_in.staff_id, username, at.path)


async def try_in(api: httpx.AsyncClient, username: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await api.post("/v1/auth/staff", json={"username": username, "password": password, **more})


def bearer(pair: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['access_token']}"}


async def audits(database: Database, action: str, target: UUID) -> list[Any]:
    async with database.read() as connection:
        rows: list[Any] = await connection.fetch(
            "SELECT * FROM audit_entry WHERE action = $1 AND target_id = $2 ORDER BY id", action, target
        )
    return rows


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"].removeprefix("/problems/"))


async def test_a_sign_in_gives_tokens_that_work(api: httpx.AsyncClient, database: Database, person: Person) -> None:
    answer = await try_in(api, person.username.upper())
    assert answer.status_code == 200, answer.text
    pair = answer.json()
    assert pair["access_token"].startswith("jga_")
    assert pair["refresh_token"].startswith("jgr_")
    assert (pair["token_type"], pair["expires_in"], pair["refresh_expires_in"]) == ("Bearer", 900, 14 * 86400)
    assert answer.headers["cache-control"] == "no-store"
    me = (await api.get("/v1/me", headers=bearer(pair))).json()
    assert me["id"] == str(person.id)
    assert me["username"] == person.username
    assert [grant["role"] for grant in me["grants"]] == ["district"]
    assert me["grants"][0]["region_path"] == person.path
    assert "staff:write" in me["permissions"]
    assert "client:write" not in me["permissions"]
    [entry] = await audits(database, "staff.sign_in", person.id)
    assert (entry["outcome"], entry["actor_kind"], entry["actor_id"]) == ("done", "staff", person.id)
    assert entry["region_path"] == person.path


async def test_tokens_and_passwords_are_nowhere_in_the_database(
    api: httpx.AsyncClient, database: Database, person: Person
) -> None:
    pair = (await try_in(api, person.username)).json()
    async with database.read() as connection:
        kept = [
            str(row[0])
            for table in ("access_token", "refresh_token", "session", "audit_entry", "staff")
            for row in await connection.fetch(f"SELECT t::text FROM {table} t")
        ]
    assert not any(pair["access_token"] in text or pair["refresh_token"] in text or PASSWORD in text for text in kept)


async def test_every_failure_reads_alike(api: httpx.AsyncClient, database: Database, person: Person) -> None:
    nobody = await try_in(api, f"nobody-{uuid4().hex}")
    wrong = await try_in(api, person.username, "not the password at all")
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE staff SET disabled_at = now() WHERE id = $1", person.id)
    disabled = await try_in(api, person.username)
    bodies = [answer.json() for answer in (nobody, wrong, disabled)]
    for body in bodies:
        body.pop("request_id")
    assert bodies[0] == bodies[1] == bodies[2]
    assert {answer.status_code for answer in (nobody, wrong, disabled)} == {401}
    assert code_of(nobody) == "sign-in-refused"


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(api: httpx.AsyncClient, person: Person) -> None:
    async def best_of_three(username: str) -> float:
        taken = []
        for _ in range(3):
            started = time.process_time()  # the application runs in this process; other processes do not disturb it
            await try_in(api, username, "not the password at all")
            taken.append(time.process_time() - started)
        return min(taken)

    unknown, known = await best_of_three("nobody-of-this-name"), await best_of_three(person.username)
    # Without the dummy hash the unknown name answers some twenty times faster.
    assert 0.4 < unknown / known < 2.5


async def test_the_fifth_failure_locks_and_the_right_password_is_not_told_apart(
    api: httpx.AsyncClient, database: Database, person: Person
) -> None:
    for _ in range(5):
        assert (await try_in(api, person.username, "not the password at all")).status_code == 401
    right = await try_in(api, person.username)
    wrong = await try_in(api, person.username, "not the password at all")
    assert right.status_code == wrong.status_code == 401
    assert {**right.json(), "request_id": ""} == {**wrong.json(), "request_id": ""}
    entries = await audits(database, "staff.sign_in", person.id)
    assert [entry["outcome"] for entry in entries] == ["refused"] * 7
    assert [entry["details"]["locked"] for entry in entries] == [False] * 4 + [True] * 3
    async with database.begin(SYSTEM) as uow:
        row = await uow.driver.fetchrow("SELECT * FROM staff WHERE id = $1", person.id)
        assert timedelta(minutes=14) < row["locked_until"] - datetime.now(UTC) <= timedelta(minutes=15)
        await uow.driver.execute("UPDATE staff SET locked_until = now() WHERE id = $1", person.id)
    assert (await try_in(api, person.username)).status_code == 200
    async with database.read() as connection:
        row = await connection.fetchrow("SELECT * FROM staff WHERE id = $1", person.id)
    assert (row["failed_attempts"], row["lock_count"], row["locked_until"]) == (0, 0, None)


async def test_failures_at_the_same_time_are_all_counted(
    api: httpx.AsyncClient, database: Database, person: Person
) -> None:
    await asyncio.gather(*(try_in(api, person.username, "not the password at all") for _ in range(5)))
    async with database.read() as connection:
        assert await connection.fetchval("SELECT locked_until > now() FROM staff WHERE id = $1", person.id)


async def test_sign_ins_are_limited_per_client(settings: Settings, database: Database) -> None:
    from services.api.app import create_app

    app = create_app(settings.model_copy(update={"sign_in_per_client_minute": 2}))
    app.state.database = database
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answers = [await client.post("/v1/auth/refresh", json={"refresh_token": "jgr_x"}) for _ in range(3)]
        form = await client.post("/oauth/token", data={"grant_type": "client_credentials"})
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert int(answers[2].headers["retry-after"]) >= 1
    assert form.status_code == 429


async def test_an_authenticator_from_enrolment_to_removal(
    api: httpx.AsyncClient, database: Database, person: Person, settings: Settings
) -> None:
    headers = bearer((await try_in(api, person.username)).json())
    assert (await api.post("/v1/me/totp", json={"password": "wrong"}, headers=headers)).status_code == 403
    enrolled = await api.post(
        "/v1/me/totp", json={"password": PASSWORD}, headers={**headers, "Idempotency-Key": uuid4().hex}
    )
    assert enrolled.status_code == 201, enrolled.text
    made = enrolled.json()
    assert made["uri"] == (
        f"otpauth://totp/Jiugai:{person.username}?secret={made['secret']}"
        "&issuer=Jiugai&algorithm=SHA1&digits=6&period=30"
    )
    secret = base64.b32decode(made["secret"])
    async with database.read() as connection:
        sealed = await connection.fetchval("SELECT totp_secret FROM staff WHERE id = $1", person.id)
        assert secret not in sealed
        stored = await connection.fetch("SELECT body FROM idempotent_answer WHERE principal_id = $1", person.id)
        assert not any(made["secret"].encode() in row["body"] for row in stored)
    assert field_cipher(settings).open(sealed, table="staff", column="totp_secret", row=person.id) == secret
    assert (await try_in(api, person.username)).status_code == 200  # not on before it is confirmed

    if time.time() % rules.TOTP_SECONDS > rules.TOTP_SECONDS - 2:
        await asyncio.sleep(2)  # the step must not change between reading it and confirming
    now = rules.totp_step(datetime.now(UTC))
    wrong = f"{(int(rules.totp_code(secret, now)) + 1) % 10**6:06d}"
    if wrong not in {rules.totp_code(secret, now + drift) for drift in (-1, 0, 1, 2)}:
        refused = await api.post("/v1/me/totp/confirm", json={"otp": wrong}, headers=headers)
        assert (refused.status_code, code_of(refused)) == (409, "totp-code-wrong")
    confirm = {"otp": rules.totp_code(secret, now - 1)}
    assert (await api.post("/v1/me/totp/confirm", json=confirm, headers=headers)).status_code == 204
    again = await api.post("/v1/me/totp/confirm", json=confirm, headers=headers)
    assert code_of(again) == "totp-already-on"
    assert code_of(await api.post("/v1/me/totp", json={"password": PASSWORD}, headers=headers)) == "totp-already-on"

    asked = await try_in(api, person.username)
    assert (asked.status_code, code_of(asked)) == (401, "otp-required")
    hidden = await try_in(api, person.username, "not the password at all", otp=rules.totp_code(secret, now))
    assert code_of(hidden) == "sign-in-refused"
    right = await try_in(api, person.username, otp=rules.totp_code(secret, now))
    assert right.status_code == 200, right.text
    replayed = await try_in(api, person.username, otp=rules.totp_code(secret, now))
    assert (replayed.status_code, code_of(replayed)) == (401, "otp-wrong")

    removal = {"password": PASSWORD, "otp": rules.totp_code(secret, now + 1)}
    wrong_code = await api.post("/v1/me/totp/remove", json={**removal, "otp": "000000"}, headers=headers)
    assert code_of(wrong_code) == "totp-code-wrong"
    assert (await api.post("/v1/me/totp/remove", json=removal, headers=headers)).status_code == 204
    assert (await try_in(api, person.username)).status_code == 200


async def test_wrong_codes_lock_like_wrong_passwords(
    api: httpx.AsyncClient, database: Database, person: Person, settings: Settings
) -> None:
    sealed = field_cipher(settings).seal(bytes(20), table="staff", column="totp_secret", row=person.id)
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE staff SET totp_secret = $2, totp_confirmed_at = now(), totp_last_step = $3 WHERE id = $1",
            person.id, sealed, 2_000_000_000,
        )  # fmt: skip
    for _ in range(5):
        assert code_of(await try_in(api, person.username, otp="123456")) == "otp-wrong"
    assert code_of(await try_in(api, person.username)) == "sign-in-refused"


async def test_refreshing_rotates_and_a_lost_answer_is_forgiven(api: httpx.AsyncClient, person: Person) -> None:
    first = (await try_in(api, person.username)).json()
    second = await api.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    again = await api.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert again.status_code == 200
    pairs = [first, second.json(), again.json()]
    assert len({pair["refresh_token"] for pair in pairs}) == len({pair["access_token"] for pair in pairs}) == 3
    assert len({pair["session_id"] for pair in pairs}) == 1
    for pair in pairs:
        assert (await api.get("/v1/me", headers=bearer(pair))).status_code == 200


async def test_a_refresh_token_that_comes_late_ends_the_session(
    api: httpx.AsyncClient, database: Database, person: Person
) -> None:
    first = (await try_in(api, person.username)).json()
    other = (await try_in(api, person.username)).json()
    second = (await api.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            "UPDATE refresh_token SET used_at = used_at - interval '31 seconds' WHERE digest = $1",
            tokens.token_digest(first["refresh_token"]),
        )
    stolen = await api.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (stolen.status_code, code_of(stolen)) == (401, "refresh-refused")
    for pair in (first, second):
        assert (await api.get("/v1/me", headers=bearer(pair))).status_code == 401
        gone = await api.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        assert gone.status_code == 401
    assert (await api.get("/v1/me", headers=bearer(other))).status_code == 200
    [entry] = await audits(database, "session.refresh_token_reused", UUID(first["session_id"]))
    assert entry["outcome"] == "refused"
    assert entry["region_path"] == person.path


async def test_refreshes_at_the_same_time_all_answer(api: httpx.AsyncClient, person: Person) -> None:
    first = (await try_in(api, person.username)).json()
    answers = await asyncio.gather(
        *(api.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}) for _ in range(4))
    )
    assert [answer.status_code for answer in answers] == [200] * 4


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_expired_tokens_are_worth_nothing(
    api: httpx.AsyncClient, database: Database, person: Person, kind: str
) -> None:
    pair = (await try_in(api, person.username)).json()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute(
            f"UPDATE {kind} SET expires_at = now() WHERE digest = $1", tokens.token_digest(pair[kind])
        )
    me = await api.get("/v1/me", headers=bearer(pair))
    refreshed = await api.post("/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert (me.status_code, refreshed.status_code) == ((401, 200) if kind == "access_token" else (200, 401))


async def test_an_access_token_does_not_refresh_and_a_refresh_token_opens_nothing(
    api: httpx.AsyncClient, person: Person
) -> None:
    pair = (await try_in(api, person.username)).json()
    crossed = await api.post("/v1/auth/refresh", json={"refresh_token": pair["access_token"]})
    assert crossed.status_code == 401
    me = await api.get("/v1/me", headers={"Authorization": f"Bearer {pair['refresh_token']}"})
    assert me.status_code == 401


async def test_signing_out_ends_this_session_alone(api: httpx.AsyncClient, person: Person) -> None:
    here, there = (await try_in(api, person.username)).json(), (await try_in(api, person.username)).json()
    assert (await api.post("/v1/auth/sign-out", headers=bearer(here))).status_code == 204
    assert (await api.get("/v1/me", headers=bearer(here))).status_code == 401
    refreshed = await api.post("/v1/auth/refresh", json={"refresh_token": here["refresh_token"]})
    assert refreshed.status_code == 401
    assert (await api.get("/v1/me", headers=bearer(there))).status_code == 200


async def test_own_sessions_are_listed_and_revoked_one_by_one(api: httpx.AsyncClient, person: Person) -> None:
    here, there = (await try_in(api, person.username)).json(), (await try_in(api, person.username)).json()
    first = (await api.get("/v1/me/sessions", params={"limit": 1}, headers=bearer(here))).json()
    second = (
        await api.get("/v1/me/sessions", params={"limit": 1, "cursor": first["next_cursor"]}, headers=bearer(here))
    ).json()
    listed = first["items"] + second["items"]
    assert [item["id"] for item in listed] == [there["session_id"], here["session_id"]]
    assert [item["current"] for item in listed] == [False, True]
    url = f"/v1/me/sessions/{there['session_id']}/revoke"
    assert (await api.post(url, headers=bearer(here))).status_code == 204
    assert (await api.post(url, headers=bearer(here))).status_code == 404
    assert (await api.get("/v1/me", headers=bearer(there))).status_code == 401


async def test_a_new_password_ends_the_other_sessions(api: httpx.AsyncClient, person: Person) -> None:
    here, there = (await try_in(api, person.username)).json(), (await try_in(api, person.username)).json()
    new = "a different battery staple"
    url, headers = "/v1/me/password", bearer(here)
    wrong = await api.put(url, json={"current_password": "wrong", "new_password": new}, headers=headers)
    assert (wrong.status_code, code_of(wrong)) == (403, "password-wrong")
    for bad in ("short", person.username, "password1234", PASSWORD):
        refused = await api.put(url, json={"current_password": PASSWORD, "new_password": bad}, headers=headers)
        assert refused.status_code == 422, bad
        assert refused.json()["errors"][0]["pointer"] == "/new_password"
        assert bad not in refused.text
    changed = await api.put(url, json={"current_password": PASSWORD, "new_password": new}, headers=headers)
    assert changed.status_code == 204, changed.text
    assert (await api.get("/v1/me", headers=headers)).status_code == 200
    assert (await api.get("/v1/me", headers=bearer(there))).status_code == 401
    assert (await try_in(api, person.username)).status_code == 401
    assert (await try_in(api, person.username, new)).status_code == 200


async def test_guessing_a_password_with_a_stolen_token_locks(api: httpx.AsyncClient, person: Person) -> None:
    headers = bearer((await try_in(api, person.username)).json())
    body = {"current_password": "wrong", "new_password": "a different battery staple"}
    for _ in range(5):
        assert (await api.put("/v1/me/password", json=body, headers=headers)).status_code == 403
    right = await api.put("/v1/me/password", json={**body, "current_password": PASSWORD}, headers=headers)
    assert (right.status_code, code_of(right)) == (403, "password-wrong")


async def test_who_must_change_the_password_may_do_nothing_else(
    api: httpx.AsyncClient, database: Database, person: Person
) -> None:
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE staff SET must_change_password = true WHERE id = $1", person.id)
    headers = bearer((await try_in(api, person.username)).json())
    me = (await api.get("/v1/me", headers=headers)).json()
    assert me["must_change_password"] is True
    assert me["permissions"] == ["me"]
    assert (await api.get("/v1/staff", headers=headers)).status_code == 403
    body = {"current_password": PASSWORD, "new_password": "a different battery staple"}
    assert (await api.put("/v1/me/password", json=body, headers=headers)).status_code == 204
    assert (await api.get("/v1/staff", headers=headers)).status_code == 200


async def test_a_password_changed_between_proof_and_transaction_does_not_count(
    database: Database, person: Person, settings: Settings
) -> None:
    proof = await sign_in.prove_by_username(database, username=person.username, password=PASSWORD)
    assert proof.matches
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("UPDATE staff SET password_hash = 'another' WHERE id = $1", person.id)
    cipher: FieldCipher = field_cipher(settings)
    async with database.begin(Actor("anonymous")) as uow:
        refused = await sign_in.sign_in(
            uow, proof=proof, otp=None, cipher=cipher, lifetimes=tokens.Lifetimes.of(settings), user_agent=""
        )
    assert isinstance(refused, DomainError)


@pytest.mark.parametrize(
    "body",
    [
        {"username": "somebody", "password": "x" * 1025},
        {"username": "somebody", "password": "nul\x00"},
        {"username": "some\x00body", "password": "x"},
        {"username": "somebody", "password": "x", "otp": "12345"},
        {"username": "somebody", "password": "x", "more": 1},
        {"username": "somebody"},
    ],
)
async def test_malformed_sign_ins_are_refused_without_an_echo(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await api.post("/v1/auth/staff", json=body)
    assert answer.status_code == 422
    assert "somebody" not in answer.text
