"""Files on their way in: bytes to the disk beside a bare route that writes them, and how fast photographs become renditions."""

import io
import secrets
import time
from collections.abc import Callable
from itertools import count

from PIL import Image

from bench.load import burst, request
from bench.report import ROUNDS, Figure, paired
from services.core.files import images
from services.core.files.rules import RENDITION_SIDE, THUMBNAIL_SIDE

CLIENTS = 16
SECONDS = 4.0
SIZE = 3_000_000
"""A photograph as a phone sends it."""
TWELVE_MEGAPIXELS = (4000, 3000)
PHOTOGRAPHS = 5
ENVIRONMENT = {"STAFF_FILES_PER_DAY": "1000000", "STAFF_FILE_BYTES_PER_DAY": str(2**50)}
"""Without quotas: it is one person who sends."""


async def incoming(token: str, ours: int, floor: int) -> Figure:
    """Photographs of three megabytes by sixteen at once, each announced and sent in one request; fsync on both sides."""
    body = secrets.token_bytes(SIZE)
    headers = {
        "Authorization": f"Bearer {token}",
        "Tus-Resumable": "1.0.0",
        "Content-Type": "application/offset+octet-stream",
        "Upload-Length": str(SIZE),
    }
    announced, bare = request("POST", "/v1/uploads", headers=headers, body=body), request("POST", "/file", body=body)

    async def rate(port: int, make: Callable[[], bytes]) -> float:
        outcome = await burst(port, make, clients=CLIENTS, seconds=SECONDS, expected=b"HTTP/1.1 201")
        assert not outcome.wrong, outcome.first_wrong
        return outcome.rate * SIZE / 1e6

    return await paired(
        "uploads of 3 MB, to the disk",
        ours=lambda: rate(ours, lambda: announced),
        floor=lambda: rate(floor, lambda: bare),
        must=0.6,
        unit=" MB/s",
    )


def photograph(seed: int) -> bytes:
    """Twelve megapixels with as much in them as a wall of bricks has: some four megabytes."""
    small = Image.effect_noise((500, 375), 60 + seed)
    out = io.BytesIO()
    Image.merge("RGB", (small, small.rotate(90).resize(small.size), small.rotate(180))).resize(
        TWELVE_MEGAPIXELS, Image.Resampling.BICUBIC
    ).save(out, "JPEG", quality=92)
    return out.getvalue()


def renditions() -> Figure:
    """Rendition and thumbnail of photographs of twelve megapixels, on one core; Pillow (docs/adr/0027)."""
    photographs = [photograph(seed) for seed in range(PHOTOGRAPHS)]
    turn = count()
    best = 0.0
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(PHOTOGRAPHS):
            rendition = images.shrink(photographs[next(turn) % PHOTOGRAPHS], RENDITION_SIDE)
            images.shrink(rendition, THUMBNAIL_SIDE)
        best = max(best, PHOTOGRAPHS / (time.process_time() - started))
    name = "renditions of twelve megapixels, a second and core (Pillow)"
    return Figure(name, round(best, 1), 5, "least", f"{best:.1f}/s", "–")


async def measure(token: str, ours: int, floor: int) -> list[Figure]:
    """Both figures."""
    return [await incoming(token, ours, floor), renditions()]
