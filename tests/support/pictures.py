"""Pictures and documents, made on the spot: sound ones, and what people send instead."""

import io
import zipfile
from typing import Any

from PIL import ExifTags, Image

# Nanchang's Fenggang town, as a phone writes it.
GPS: dict[int, Any] = {
    ExifTags.GPS.GPSLatitudeRef: "N",
    ExifTags.GPS.GPSLatitude: (28.0, 39.0, 46.44),
    ExifTags.GPS.GPSLongitudeRef: "E",
    ExifTags.GPS.GPSLongitude: (115.0, 54.0, 35.28),
}
TAKEN_PLACE = (28.6629, 115.9098)
SHOT: dict[int, Any] = {ExifTags.Base.DateTimeOriginal: "2026:11:20 15:04:05"}


def picture(width: int = 64, height: int = 48, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """A gradient; another seed is another picture."""
    image = Image.linear_gradient("L").resize((width, height)).rotate(90 * (seed % 4))
    image.putpixel((seed % width, seed // width % height), seed % 256)
    return image.convert(mode)


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def jpeg(
    width: int = 64,
    height: int = 48,
    *,
    shot: dict[int, Any] | None = None,
    gps: dict[int, Any] | None = None,
    orientation: int | None = None,
    seed: int = 0,
) -> bytes:
    """A JPEG with the EXIF that is asked for."""
    exif = Image.Exif()
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    if shot is not None:
        exif.get_ifd(ExifTags.IFD.Exif).update(shot)
    if gps is not None:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return _saved(picture(width, height, seed=seed), "JPEG", exif=exif)


def png(width: int = 64, height: int = 48, mode: str = "RGB", *, seed: int = 0) -> bytes:
    """A PNG."""
    return _saved(picture(width, height, mode, seed), "PNG")


def webp(width: int = 64, height: int = 48) -> bytes:
    """A WebP."""
    return _saved(picture(width, height), "WEBP")


def moving() -> bytes:
    """An animated WebP."""
    return _saved(picture(), "WEBP", save_all=True, append_images=[picture(seed=1)])


def twofold() -> bytes:
    """A JPEG with a second picture behind it, as phones make them (MPO)."""
    return _saved(picture(), "MPO", save_all=True, append_images=[picture(seed=1)])


def archive() -> bytes:
    """A ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("Evil.class", b"\xca\xfe\xba\xbe")
    return out.getvalue()


def pdf(extra: bytes = b"") -> bytes:
    """The least PDF."""
    body = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R"
        + extra
        + b">>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    )
    table = b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000060 00000 n \ntrailer<</Size 3/Root 1 0 R>>\n"
    return body + table + b"startxref\n%d\n%%%%EOF\n" % len(body)
