"""Votes of owners: casting beside the floor's insert, and by schedule; one vote and sixteen; tally and recount beside plain SQL."""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import httpx

from bench.load import Outcome, burst, flow, request
from bench.report import ROUNDS, Figure, paired
from bench.stage import UNCHECKED
from services.core.identity import tokens
from services.core.kit.ids import new_id
from services.core.kit.uow import SYSTEM, Database
from services.core.votes.statements import RECOUNT, TALLY
from tests.support.people import LIFETIMES

OWNERS = 5000
VOTES = 16
BALLOTS = 1_000_000
RESIDENTS = 1000
CLIENTS = 16
SECONDS = 2.0
FLOW = 300
"""Ballots a second that come by schedule."""

# A compound of so many owners, each alone in a flat of his own: person, owner, flat and resident share an id.
REGISTER = (
    """
    INSERT INTO person (id, compound_id, region_path, name_sealed, name_index, surname_index, index_key, version, created_at)
    SELECT gen_random_uuid(), c.id, c.region_path, 'x', 'x', 'x', 'bench', 1, now()
    FROM compound c CROSS JOIN generate_series(1, $2::int) WHERE c.id = $1
    """,
    """
    INSERT INTO voting_owner (id, compound_id, region_path, kind, set_key, version, created_at)
    SELECT id, compound_id, region_path, 'persons', id::text, 1, now() FROM person WHERE compound_id = $1 AND $2 > 0
    """,
    """
    INSERT INTO owner_member (voting_owner_id, person_id)
    SELECT id, id FROM voting_owner WHERE compound_id = $1 AND $2 > 0
    """,
    """
    INSERT INTO property (id, compound_id, region_path, door_no, kind, area_by_register, voting_owner_id, version, created_at)
    SELECT id, compound_id, region_path, left(id::text, 18), 'dwelling', 50 + (random() * 5000)::int / 100.0, id, 1, now()
    FROM voting_owner WHERE compound_id = $1 AND $2 > 0
    """,
)
BIND = """
INSERT INTO binding (id, resident_id, property_id, person_id, kind, assurance, since)
SELECT gen_random_uuid(), id, id, id, 'owner', 'phone', now() FROM unnest($1::uuid[]) AS id
"""
ADD_RESIDENTS = """
INSERT INTO resident (id, openid, openid_digest, index_key, language, failed_attempts, lock_count, created_at)
SELECT id, id::text::bytea, id::text::bytea, 'bench', 'zh', 0, 0, now() FROM unnest($1::uuid[]) AS id
"""
ADD_VOTE = """
INSERT INTO vote (id, project_id, compound_id, region_path, scope, title, policy_version_id, assurance, interim, matters, status,
                  roll_revision, roll_digest, heads, area, opens_on, opened_at, closes_at, result_revision, version, created_at)
SELECT $1, p.id, c.id, c.region_path, 'compound', '表决', (SELECT id FROM policy_version LIMIT 1), 'phone', 'participation', 1,
       'open', 1, '-', $4::int, $4::int * 75.0, now()::date, now(), $3, 0, 1, now()
FROM compound c CROSS JOIN (SELECT id FROM project LIMIT 1) AS p WHERE c.id = $2
"""
ADD_MATTER = """
INSERT INTO vote_matter (vote_id, no, kind, title, thresholds)
VALUES ($1, 1, 'alter_or_rebuild', '改造', '{"quorum": {"heads": "2/3", "area": "2/3", "strict": false},
                                            "approval": {"heads": "3/4", "area": "3/4", "strict": false}}')
"""
ROLL = (
    """
    INSERT INTO roll_owner (vote_id, owner_id, kind, area)
    SELECT $1, voting_owner_id, 'persons', exclusive_area FROM property WHERE compound_id = $2
    """,
    """
    INSERT INTO roll_property (vote_id, property_id, owner_id, door, area)
    SELECT $1, id, voting_owner_id, door_no, exclusive_area FROM property WHERE compound_id = $2
    """,
)
# So many heads that no register knows: what counts them looks at the roll and at the ledger alone.
ROLL_ALONE = """
INSERT INTO roll_owner (vote_id, owner_id, kind, area)
SELECT $1, gen_random_uuid(), 'persons', 50 + (random() * 5000)::int / 100.0 FROM generate_series(1, $2::int)
"""
EVERYBODY = """
INSERT INTO ballot (id, vote_id, owner_id, n, entry, caster_id, choices, pending, positions, standing, channel, assurance, by_kind,
                    by_id, at)
SELECT gen_random_uuid(), vote_id, owner_id, 1, 'cast', owner_id, said, false,
       jsonb_build_object(owner_id, jsonb_build_object('n', 1, 'choices', said)), said, 'phone', 'phone', 'resident', owner_id,
       now()
FROM (SELECT vote_id, owner_id, CASE WHEN random() < 0.8 THEN '{approve}'::text[] ELSE '{reject}' END AS said
      FROM roll_owner WHERE vote_id = $1) AS r
"""
# What any program would ask: the last ballot of each head, joined with its area.
PLAIN = """
SELECT count(*), sum(r.area), count(*) FILTER (WHERE l.standing[1] = 'approve'),
       sum(r.area) FILTER (WHERE l.standing[1] = 'approve')
FROM (SELECT DISTINCT ON (owner_id) owner_id, standing FROM ballot WHERE vote_id = $1 ORDER BY owner_id, n DESC) AS l
JOIN roll_owner r ON r.vote_id = $1 AND r.owner_id = l.owner_id WHERE l.standing IS NOT NULL
"""


async def _compound(database: Database, owners: int) -> UUID:
    compound_id = new_id()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("SET LOCAL statement_timeout = 0")
        await uow.driver.execute(UNCHECKED)
        await uow.driver.execute(
            "INSERT INTO compound (id, no, name, region_id, region_path, version, created_at)"
            " SELECT $1::uuid, 'V-' || $1::uuid::text, '表决小区', id, path, 1, now() FROM region WHERE level = 'county' LIMIT 1",
            compound_id,
        )
        for statement in REGISTER:
            await uow.driver.execute(statement, compound_id, owners, timeout=600)
    return compound_id


async def _vote(database: Database, compound_id: UUID, *, cast: bool = False, strangers: int = 0) -> UUID:
    """A vote of the owners of a compound, or of so many strangers; everybody's ballot is cast, or nobody's."""
    vote_id = new_id()
    async with database.begin(SYSTEM) as uow:
        await uow.driver.execute("SET LOCAL statement_timeout = 0")
        await uow.driver.execute(UNCHECKED)
        closes_at = datetime.now(UTC) + timedelta(days=1)
        await uow.driver.execute(ADD_VOTE, vote_id, compound_id, closes_at, strangers or OWNERS)
        await uow.driver.execute(ADD_MATTER, vote_id)
        if strangers:
            await uow.driver.execute(ROLL_ALONE, vote_id, strangers, timeout=600)
        else:
            for statement in ROLL:
                await uow.driver.execute(statement, vote_id, compound_id, timeout=600)
        if cast:
            await uow.driver.execute(EVERYBODY, vote_id, timeout=600)
    return vote_id


async def _residents(database: Database, compound_id: UUID) -> list[str]:
    """Tokens of so many residents, each of whom owns a flat."""
    async with database.begin(SYSTEM) as uow:
        rows = await uow.driver.fetch("SELECT id FROM property WHERE compound_id = $1 LIMIT $2", compound_id, RESIDENTS)
        ids = [row["id"] for row in rows]
        await uow.driver.execute(ADD_RESIDENTS, ids)
        await uow.driver.execute(BIND, ids)
        return [
            (
                await tokens.open_session(
                    uow, kind="resident", principal_id=one, user_agent="bench", lifetimes=LIFETIMES
                )
            ).access_token
            for one in ids
        ]


async def measure(database: Database, token: str, ours: int, floor: int) -> list[Figure]:
    """The figures of votes; `token` is of staff who see all."""
    compound_id = await _compound(database, OWNERS)
    votes = [await _vote(database, compound_id) for _ in range(VOTES)]
    residents = await _residents(database, compound_id)
    async with database.read() as reader:
        await reader.execute("VACUUM ANALYZE")
        await reader.execute("CHECKPOINT")  # what was seeded is on disk, and log segments wait to be used again
    casting = await _casting(residents, votes, ours, floor)
    counted = await _vote(database, compound_id, cast=True)
    async with database.read() as reader:  # as autovacuum does within a minute of such a day
        await reader.execute("ANALYZE ballot, roll_owner, vote_matter")
    tally = await _tally(counted, token, ours, floor)
    return [*casting, tally, await _recount(database, compound_id)]


async def _casting(residents: list[str], votes: list[UUID], ours: int, floor: int) -> list[Figure]:
    turn = count()

    def over(chosen: list[UUID]) -> Callable[[], bytes]:
        def cast() -> bytes:
            """Each owner in his turn, saying something else than the last time round: every request adds a line."""
            number = next(turn)
            said = ("approve", "reject")[number // len(residents) % 2]
            return request(
                "POST",
                f"/v1/votes/{chosen[number % len(chosen)]}/ballots",
                headers={
                    "Authorization": f"Bearer {residents[number % len(residents)]}",
                    "Content-Type": "application/json",
                },
                body=b'{"choices":{"1":"%s"}}' % said.encode(),
            )

        return cast

    async def rate(port: int, make: Callable[[], bytes]) -> float:
        return _sound(await burst(port, make, clients=CLIENTS, seconds=SECONDS, expected=b"HTTP/1.1 20")).rate

    async def p99() -> float:
        """Milliseconds, while requests come by schedule."""
        outcome = await flow(ours, over(votes[:1]), per_second=FLOW, seconds=2.5 * SECONDS, expected=b"HTTP/1.1 20")
        return statistics.quantiles(_sound(outcome).took, n=100)[-1] * 1000

    for _ in range(2):  # warm: connections, plans, and each page written whole once since the checkpoint
        await p99()
    slowest = [await p99() for _ in range(ROUNDS)]
    bare = request(
        "POST",
        "/write",
        headers={"Content-Type": "application/json"},
        body=b'{"key":"compound.hazards","value":"7","source":"bench"}',
    )
    return [
        Figure(
            f"casting at {FLOW} a second by schedule, p99 (ms)",
            round(statistics.median(slowest), 1),
            50,
            "most",
            f"{min(slowest):.0f} to {max(slowest):.0f} ms",
            "–",
        ),
        await paired(
            "casting a ballot",
            ours=lambda: rate(ours, over(votes[:1])),
            floor=lambda: rate(floor, lambda: bare),
            must=0.25,
        ),
        await paired(
            "16 clients on one vote, beside 16 votes",
            ours=lambda: rate(ours, over(votes[:1])),
            floor=lambda: rate(ours, over(votes)),
            must=0.8,
        ),
    ]


def _sound(outcome: Outcome) -> Outcome:
    """The same; an answer that is not the one expected ends the benchmark."""
    if outcome.wrong:
        sys.exit(f"{outcome.wrong} of {outcome.requests} answers were wrong, the first: {outcome.first_wrong!r}")
    return outcome


async def _tally(vote_id: UUID, token: str, ours: int, floor: int) -> Figure:
    httpx.put(f"http://127.0.0.1:{floor}/statement", content=TALLY.encode()).raise_for_status()

    async def rate(port: int, asked: bytes) -> float:
        return _sound(await burst(port, lambda: asked, clients=CLIENTS, seconds=SECONDS)).rate

    counted = request("GET", f"/v1/votes/{vote_id}/tally", headers={"Authorization": f"Bearer {token}"})
    bare = request("GET", f"/statement?of={vote_id}")
    return await paired(
        f"tally of {OWNERS:,} owners", ours=lambda: rate(ours, counted), floor=lambda: rate(floor, bare), must=0.5
    )


async def _recount(database: Database, compound_id: UUID) -> Figure:
    """Every figure of a million ballots, beside the plain join; told with it, the same with the digest that a certificate adds."""
    vote_id = await _vote(database, compound_id, cast=True, strangers=BALLOTS)
    ours: list[float] = []
    with_digest: list[float] = []
    plain: list[float] = []
    async with database.read() as reader:
        await reader.execute("SET statement_timeout = 0")
        await reader.execute("VACUUM ANALYZE ballot, roll_owner", timeout=600)
        for _ in range(ROUNDS):
            for took, asked in ((ours, TALLY), (plain, PLAIN), (with_digest, RECOUNT)):
                begun = time.perf_counter()
                await reader.fetch(asked, vote_id, timeout=600)
                took.append(time.perf_counter() - begun)
        await reader.execute("RESET statement_timeout")
    ratio = statistics.median(a / b for a, b in zip(ours, plain, strict=True))
    return Figure(
        f"recount of {BALLOTS:,} ballots (times the plain join)", round(ratio, 2), 1.5, "most",
        f"{statistics.median(ours):.2f} s, with the digest {statistics.median(with_digest):.2f} s",
        f"{statistics.median(plain):.2f} s",
    )  # fmt: skip
