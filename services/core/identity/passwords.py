"""Passwords: argon2id off the event loop, two at a time, with the same work for a name that nobody has."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from services.core.identity.rules import normal_password

HASHER = PasswordHash((Argon2Hasher(),))
# Each hash takes 64 MiB and a tenth of a second of a core; more at once would starve requests rather than serve sign-ins.
THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
# The hash of a random password nobody knows, with the hasher's own cost (a test compares them).
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$pWTiqck8dCX3qQVCv6lFmQ$jI2ll5U6PFZK5cQ4avyG5LMZ8GxyOar4RQenPGE5YsA"


async def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, HASHER.hash, normal_password(password))


async def verify(password: str, known_hash: str | None) -> bool:
    """Whether the password has this hash. Without a hash (nobody of that name) it takes as long, and is False."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, _matches, normal_password(password), known_hash)


def _matches(password: str, known_hash: str | None) -> bool:
    """An account whose hash is no hash has no password: nothing matches, in the same time."""
    try:
        return HASHER.verify(password, known_hash or NOBODY) and known_hash is not None
    except UnknownHashError:
        HASHER.verify(password, NOBODY)
        return False


def temporary_password() -> str:
    """A password to hand over once, that its owner must replace."""
    return secrets.token_urlsafe(12)
