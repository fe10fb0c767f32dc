"""What a file is: decided by decoding it whole. Its name must agree with that; what the sender says of it counts for nothing."""

import hashlib
import re

from services.core.files import images
from services.core.files.errors import FileRefused
from services.core.files.rules import LONGEST_SIDE, MOST_PIXELS, PHOTOS, SUFFIXES, Media
from services.core.files.service import Examined
from services.core.kit.errors import FieldError

HEIF = re.compile(rb".{4}ftyp(heic|heix|hevc|hevx|heim|heis|mif1|msf1|avif|avis)", re.DOTALL)
PDF_HEAD, PDF_END = re.compile(rb"%PDF-(1\.[0-7]|2\.0)[\r\n \t]"), re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF\s*\Z")
PDF_TAIL = 2048
# What runs where it is opened, or what another program would take the file for.
ACTIVE_PDF = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA)\b")
PAGES = re.compile(rb"<!doctype html|<html|<script|<\?php", re.IGNORECASE)
ZIP_END, ZIP_END_BYTES, ZIP_COMMENT = b"PK\x05\x06", 22, 65_535


def examine(content: bytes, *, file_name: str, pdf: bool) -> Examined:
    """The file as it is; FileRefused says what is wrong with it. `pdf`: whether the sender may send one.

    Takes up to half a second of one core and 150 MB: to be called from a thread.
    """
    if not content:
        raise refused("文件是空的", "it is empty")
    found = _pdf(content) if content.startswith(b"%PDF-") else _photo(content)
    if found.media is Media.PDF and not pdf:
        raise refused("只接收 JPEG、PNG、WebP 图片", "only JPEG, PNG and WebP pictures are taken")
    _named_alike(file_name, found.media)
    if _second_nature(content, found.media):
        raise refused("文件里夹带了其他格式的内容", "it carries a second file inside")
    return found


def refused(zh: str, en: str) -> FileRefused:
    """The refusal, at the place of the file."""
    return FileRefused(errors=[FieldError("/file", zh, en)])


def _photo(content: bytes) -> Examined:
    if HEIF.match(content):
        raise refused(
            "暂不接收 HEIC、AVIF 格式，请在选择照片时选“压缩图”，或先转换为 JPEG",
            "HEIC and AVIF are not taken: choose the compressed picture, or convert it to JPEG first",
        )
    found = images.look(content)
    match found:
        case images.Unreadable():
            raise refused("不是完整的 JPEG、PNG 或 WebP 图片", "it is no whole JPEG, PNG or WebP picture")
        case images.TooLarge():
            raise refused(
                f"图片过大，不得超过 {MOST_PIXELS // 1_000_000} 百万像素、每边 {LONGEST_SIDE} 像素",
                f"it is too large: at most {MOST_PIXELS // 1_000_000} megapixels and {LONGEST_SIDE} pixels a side",
            )
        case images.Moving():
            raise refused("不接收动图", "moving pictures are not taken")
        case images.Picture():
            return Examined(
                content,
                hashlib.sha256(content).hexdigest(),
                found.media,
                found.width,
                found.height,
                found.taken_at,
                found.taken_place,
            )


def _pdf(content: bytes) -> Examined:
    """Never shown to the public nor opened by us: it must be whole, and passive as far as can be seen without opening it."""
    end = PDF_END.search(content[-PDF_TAIL:])
    whole = PDF_HEAD.match(content) and end is not None and int(end[1]) < len(content)
    if not whole:
        raise refused("不是完整的 PDF 文件", "it is no whole PDF")
    if ACTIVE_PDF.search(content):
        raise refused("PDF 带有脚本、附件或可执行动作", "the PDF holds scripts, attachments or actions")
    return Examined(content, hashlib.sha256(content).hexdigest(), Media.PDF)


def _named_alike(file_name: str, media: Media) -> None:
    """A name without a suffix says nothing wrong."""
    stem, dot, suffix = file_name.rpartition(".")
    if stem and dot and suffix.lower() not in SUFFIXES[media]:
        raise refused(
            f"文件名后缀与内容不符，内容是 {SUFFIXES[media][0]}",
            f"its name ends otherwise than its content, which is {SUFFIXES[media][0]}",
        )


def _second_nature(content: bytes, media: Media) -> bool:
    """Whether another program would take it for something else: an archive (which is read from its end), a page, a PDF."""
    if media in PHOTOS and (b"%PDF-" in content[:1024] or PAGES.search(content)):
        return True
    start = max(0, len(content) - ZIP_COMMENT - ZIP_END_BYTES)
    at = content.find(ZIP_END, start)
    while at != -1:
        comment = int.from_bytes(content[at + 20 : at + 22], "little")
        if at + ZIP_END_BYTES + comment == len(content):
            return True
        at = content.find(ZIP_END, at + 1)
    return False
