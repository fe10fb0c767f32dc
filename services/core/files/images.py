"""Pictures: what one is, what its camera wrote into it, and what is shown instead of it."""

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from PIL import ExifTags, Image, ImageCms, ImageOps

from services.core.files.rules import LONGEST_SIDE, MOST_PIXELS, RENDITION_SIDE, THUMBNAIL_SIDE, Media
from services.core.kit.calendar import SHANGHAI
from services.core.kit.geo import Crs, Place

FORMATS = {"JPEG": Media.JPEG, "MPO": Media.JPEG, "PNG": Media.PNG, "WEBP": Media.WEBP}
"""MPO is a JPEG with a second picture of the same scene behind it, as phones make them; the first is what counts."""
OPENED = ("JPEG", "PNG", "WEBP")
QUALITY = {RENDITION_SIDE: 85, THUMBNAIL_SIDE: 75}
NEARLY = 0.95
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class Unreadable:
    """No picture that we know, or not all of one."""


class TooLarge:
    """More pixels than are taken."""


class Moving:
    """More than one frame."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was decoded to its end. `taken_place`: latitude and longitude in WGS-84, as EXIF has them."""

    media: Media
    width: int
    height: int
    taken_at: datetime | None
    taken_place: tuple[float, float] | None


def look(content: bytes) -> Picture | Unreadable | TooLarge | Moving:
    """What the bytes are. The size is read first, so nothing is unfolded that is too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about EXIF that is damaged, which is told by its absence
            with Image.open(io.BytesIO(content), formats=OPENED) as image:
                width, height = image.size
                if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
                    return TooLarge()
                media = FORMATS[image.format or ""]
                if media is not Media.JPEG and getattr(image, "n_frames", 1) > 1:
                    return Moving()
                exif = image.getexif()
                turned = exif.get(ExifTags.Base.Orientation) in {5, 6, 7, 8}
                image.draft(
                    "RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
                )  # a JPEG is read to its end at an eighth of its size
                image.load()
                shown = (height, width) if turned else (width, height)
                return Picture(media, *shown, _or_none(_taken_at, exif), _or_none(_taken_place, exif))
    except Image.DecompressionBombError:
        return TooLarge()
    except Exception:  # noqa: BLE001 - a decoder fed with hostile bytes raises whatever it likes
        return Unreadable()


def shrink(content: bytes, side: int) -> bytes:
    """A JPEG of at most so many pixels a side, upright, in sRGB, with nothing in it but the picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=OPENED) as image:
            image.draft("RGB", _decoded_as(image.size, side))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            plain = _plain(upright)
            out = io.BytesIO()
            plain.save(out, "JPEG", quality=QUALITY[side], exif=b"", icc_profile=None, comment=b"")
            return out.getvalue()


def _decoded_as(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The least size that will do: a JPEG is read at a half, a quarter or an eighth at a fraction of the cost, and at a half a
    photograph of twelve megapixels is 2,000 pixels wide. Nobody misses the other forty-eight.
    """
    width, height = size
    share = min(1.0, NEARLY * side / max(size))
    return max(1, int(width * share)), max(1, int(height * share))


def _plain(image: Image.Image) -> Image.Image:
    """Pixels alone: colours as sRGB has them, what was transparent white."""
    profile = image.info.get("icc_profile")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGBA", over.size, "white")
        image = Image.alpha_composite(ground, over).convert("RGB")
    elif image.mode.startswith("I"):  # sixteen bits of grey
        image = image.point(lambda value: value / 256).convert("L")
    if image.mode not in {"RGB", "L", "CMYK"}:
        image = image.convert("RGB")
    if profile:
        with contextlib.suppress(
            ImageCms.PyCMSError, OSError, ValueError
        ):  # a damaged profile: the numbers as they are
            there, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, there, srgb, outputMode="RGB") or image
    made = Image.new("RGB", image.size)
    made.paste(image.convert("RGB"))
    return made


def _or_none(read: Callable[[Any], Any], exif: Image.Exif) -> Any:
    """What a camera wrote may be anything."""
    try:
        return read(exif)
    except (ValueError, TypeError, KeyError, IndexError, ZeroDivisionError, OverflowError, AttributeError):
        return None


def _taken_at(exif: Image.Exif) -> datetime | None:
    """When the shutter opened. A camera that names no offset is taken to stand in China, which has one time."""
    inside = exif.get_ifd(ExifTags.IFD.Exif)
    written = inside.get(ExifTags.Base.DateTimeOriginal)
    if not isinstance(written, str):
        return None
    local = datetime.strptime(written.strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - its zone follows
    offset = inside.get(ExifTags.Base.OffsetTimeOriginal)
    zone: Any = SHANGHAI
    if isinstance(offset, str) and (text := offset.strip("\0 ")):
        hours, minutes = text[1:].split(":")
        away = timedelta(hours=int(hours), minutes=int(minutes))
        zone = timezone(-away if text[0] == "-" else away)
    return local.replace(tzinfo=zone)


def _taken_place(exif: Image.Exif) -> tuple[float, float] | None:
    """Where, by the camera's receiver. (0, 0) is what a receiver without a fix writes."""
    inside = exif.get_ifd(ExifTags.IFD.GPSInfo)
    lat = _degrees(inside[ExifTags.GPS.GPSLatitude], inside[ExifTags.GPS.GPSLatitudeRef], "S")
    lon = _degrees(inside[ExifTags.GPS.GPSLongitude], inside[ExifTags.GPS.GPSLongitudeRef], "W")
    Place(lat, lon, Crs.WGS84)  # ValueError where there is no such place
    return None if lat == lon == 0 else (round(lat, 7), round(lon, 7))


def _degrees(parts: Any, side: str, negative: str) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if side.strip("\0 ").upper() == negative else value
