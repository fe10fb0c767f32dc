"""Passwords are argon2id at one cost, off the event loop."""

import asyncio
import time

from services.core.identity import passwords


def parameters(known_hash: str) -> list[str]:
    """Algorithm, version and cost of a hash."""
    return known_hash.split("$")[:4]


async def test_the_hash_of_nobody_costs_what_every_hash_costs() -> None:
    made = await passwords.hash_password("correct horse battery staple")
    assert parameters(made) == parameters(passwords.NOBODY) == ["", "argon2id", "v=19", "m=65536,t=3,p=4"]
    assert await passwords.verify("correct horse battery staple", made)
    assert not await passwords.verify("correct horse battery stapler", made)
    assert not await passwords.verify("correct horse battery staple", None)
    assert not await passwords.verify("none", "none")


async def test_one_password_typed_on_two_keyboards_is_one() -> None:
    made = await passwords.hash_password("caf\u00e9 au lait 2026")
    assert await passwords.verify("cafe\u0301 au lait 2026", made)


async def test_hashing_does_not_stop_the_loop() -> None:
    hashing = asyncio.gather(*(passwords.hash_password("correct horse battery staple") for _ in range(4)))
    longest, turns = 0.0, 0
    while not hashing.done():
        started = time.perf_counter()
        await asyncio.sleep(0.001)
        longest, turns = max(longest, time.perf_counter() - started), turns + 1
    assert len(set(await hashing)) == 4
    assert turns > 10
    assert longest < 0.5


async def test_temporary_passwords_differ_and_are_long() -> None:
    made = {passwords.temporary_password() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) >= 16
