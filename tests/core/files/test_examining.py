"""What a file is found to be: sound pictures and what their cameras wrote; everything else is refused and told why."""

import io
import struct
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import ExifTags, Image

from services.core.files import images
from services.core.files.errors import FileRefused
from services.core.files.examining import examine
from services.core.files.rules import RENDITION_SIDE, THUMBNAIL_SIDE, Media
from tests.support.pictures import (
    GPS,
    SHOT,
    TAKEN_PLACE,
    archive,
    jpeg,
    moving,
    pdf,
    png,
    twofold,
    webp,
)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that says it is huge."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "name", "media"),
    [
        (jpeg(), "photo.JPG", Media.JPEG),
        (jpeg(), "wx_tmp", Media.JPEG),
        (twofold(), "portrait.jpeg", Media.JPEG),
        (png(), "屏幕截图.png", Media.PNG),
        (png(mode="RGBA"), "a.png", Media.PNG),
        (png(mode="P"), "a.png", Media.PNG),
        (png(mode="I;16"), "a.png", Media.PNG),
        (webp(), "a.webp", Media.WEBP),
    ],
)
def test_a_sound_picture_is_what_it_is(content: bytes, name: str, media: Media) -> None:
    found = examine(content, file_name=name, pdf=False)
    assert (found.media, found.width, found.height) == (media, 64, 48)
    assert (found.taken_at, found.taken_place) == (None, None)


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "a.jpg", "it is empty"),
        (b"GIF89a" + bytes(100), "a.gif", "no whole"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "no whole"),
        (bytes.fromhex("00000018") + b"ftypheic" + bytes(100), "a.heic", "HEIC"),
        (archive(), "a.jpg", "no whole"),
        (jpeg()[:-200], "a.jpg", "no whole"),
        (jpeg(800, 600)[:2000], "a.jpg", "no whole"),
        (png(300, 300)[:-60], "a.png", "no whole"),
        (webp()[:-20], "a.webp", "no whole"),
        (png()[:60] + b"\x00" + png()[61:], "a.png", "no whole"),
        (bomb(30_000, 30_000), "a.png", "too large"),
        (bomb(40_000, 2), "a.png", "too large"),
        (moving(), "a.webp", "moving"),
        (jpeg(), "a.png", "its name ends otherwise"),
        (png(), "a.html", "its name ends otherwise"),
        (jpeg() + archive(), "a.jpg", "second file"),
        (png() + archive(), "a.png", "second file"),
        (jpeg() + b"<script>alert(1)</script>", "a.jpg", "second file"),
        (png() + b"<?php system('id');", "a.png", "second file"),
        (pdf(), "a.pdf", "only JPEG"),
    ],
)
def test_anything_else_is_refused_and_told_why(content: bytes, name: str, why: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        examine(content, file_name=name, pdf=False)
    (error,) = refusal.value.errors
    assert error.pointer == "/file"
    assert why in error.en
    assert error.zh


def test_a_page_hidden_in_the_comment_of_a_jpeg_is_found() -> None:
    content = jpeg()
    comment = b"<html><script>alert(1)</script>"
    hidden = content[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + content[2:]
    with pytest.raises(FileRefused):
        examine(hidden, file_name="a.jpg", pdf=False)


def test_what_a_png_unfolds_in_its_texts_is_bounded() -> None:
    packed = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))
    content = png()
    with pytest.raises(FileRefused):
        examine(content[:33] + packed + content[33:], file_name="a.png", pdf=False)


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        (pdf(), True),
        (pdf(b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), False),
        (pdf(b"/OpenAction<</S/Launch/F(cmd.exe)>>"), False),
        (pdf(b"/Names<</EmbeddedFiles 3 0 R>>/AF[<</Type/EmbeddedFile>>]"), False),
        (pdf()[:-10], False),
        (pdf() + b"trailing", False),
        (pdf() + archive(), False),
        (b"%PDF-9.9" + pdf()[8:], False),
    ],
)
def test_a_pdf_is_taken_whole_and_passive_from_whoever_may_send_one(content: bytes, taken: bool) -> None:
    if taken:
        assert examine(content, file_name="决议.pdf", pdf=True).media is Media.PDF
    else:
        with pytest.raises(FileRefused):
            examine(content, file_name="决议.pdf", pdf=True)


def test_time_and_place_are_read_out() -> None:
    found = examine(jpeg(shot=SHOT, gps=GPS), file_name="a.jpg", pdf=False)
    assert found.taken_at == datetime(2026, 11, 20, 7, 4, 5, tzinfo=UTC)
    assert found.taken_place == pytest.approx(TAKEN_PLACE)


@pytest.mark.parametrize(
    ("shot", "at"),
    [
        ({**SHOT, ExifTags.Base.OffsetTimeOriginal: "+09:00"}, datetime(2026, 11, 20, 6, 4, 5, tzinfo=UTC)),
        ({**SHOT, ExifTags.Base.OffsetTimeOriginal: "-03:30"}, datetime(2026, 11, 20, 18, 34, 5, tzinfo=UTC)),
        ({ExifTags.Base.DateTimeOriginal: "0000:00:00 00:00:00"}, None),
        ({ExifTags.Base.DateTimeOriginal: "yesterday"}, None),
        ({**SHOT, ExifTags.Base.OffsetTimeOriginal: "Asia"}, None),
    ],
)
def test_a_cameras_time(shot: dict[int, Any], at: datetime | None) -> None:
    assert examine(jpeg(shot=shot), file_name="a.jpg", pdf=False).taken_at == at


@pytest.mark.parametrize(
    "gps",
    [
        {},
        {**GPS, ExifTags.GPS.GPSLatitude: (0.0, 0.0, 0.0), ExifTags.GPS.GPSLongitude: (0.0, 0.0, 0.0)},
        {**GPS, ExifTags.GPS.GPSLatitude: (91.0, 0.0, 0.0)},
        {key: value for key, value in GPS.items() if key != ExifTags.GPS.GPSLatitudeRef},
    ],
)
def test_no_place_is_better_than_a_wrong_one(gps: dict[int, Any]) -> None:
    assert examine(jpeg(gps=gps), file_name="a.jpg", pdf=False).taken_place is None


def test_a_picture_lying_on_its_side_is_measured_as_it_is_shown() -> None:
    found = examine(jpeg(640, 480, orientation=6), file_name="a.jpg", pdf=False)
    assert (found.width, found.height) == (480, 640)
    shown = opened(images.shrink(jpeg(640, 480, orientation=6), THUMBNAIL_SIDE))
    assert (shown.width, shown.height) == (240, 320)


def opened(content: bytes) -> Image.Image:
    """A picture, decoded."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(
    "content",
    [
        jpeg(3000, 2000, shot=SHOT, gps=GPS),
        png(3000, 2000, "RGBA"),
        png(3000, 2000, "P"),
        png(3000, 2000, "I;16"),
        webp(3000, 2000),
    ],
)
def test_a_rendition_is_small_and_holds_the_picture_alone(content: bytes) -> None:
    shown = opened(images.shrink(content, RENDITION_SIDE))
    assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (2048, 1365))
    assert not shown.getexif()
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(shown.info)
    assert b"2026:11:20" not in images.shrink(content, RENDITION_SIDE)


def test_a_small_picture_is_not_blown_up_and_what_was_transparent_is_white() -> None:
    empty = Image.new("RGBA", (40, 30), (10, 20, 30, 0))
    out = io.BytesIO()
    empty.save(out, "PNG")
    shown = opened(images.shrink(out.getvalue(), RENDITION_SIDE))
    assert shown.size == (40, 30)
    assert shown.getpixel((20, 15)) == (255, 255, 255)


def test_grey_of_sixteen_bits_keeps_its_shades() -> None:
    deep = Image.new("I;16", (256, 1))
    for x in range(256):
        deep.putpixel((x, 0), x * 257)
    out = io.BytesIO()
    deep.resize((256, 64)).save(out, "PNG")
    low, high = opened(images.shrink(out.getvalue(), RENDITION_SIDE)).convert("L").getextrema()
    assert (low, high) == pytest.approx((0, 255), abs=3)
