"""Which encoding a text is in: by its marks, or by what its bytes would say in each.

Files of spreadsheets come in the code page of the computer that wrote them. Cyrillic words in
cp1251 are runs of bytes from 0xE0 on; Chinese text in GBK is pairs whose first byte is from 0xB0
to 0xD7, where the common characters are; accented letters in cp1252 stand alone among others.
"""

from __future__ import annotations

import codecs
import re

#: Share of the bytes above 127 that have to fit an encoding for it to be taken.
FITS = 0.7
#: Share of them that belong to whole UTF-8 characters in UTF-8 with some strays.
VALID = 0.75
_RUN = re.compile(rb"[\x80-\xff]+")
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def encoding_of(start: bytes) -> str:
    """The encoding that a byte order mark or the zeros of UTF-16 announce, else a guess."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if len(start) >= 4 and start[1::2].count(0) > 0.4 * len(start[1::2]):
        return "utf-16-le"
    if len(start) >= 4 and start[0::2].count(0) > 0.4 * len(start[0::2]):
        return "utf-16-be"
    return _code_page(start)


def _code_page(start: bytes) -> str:
    """utf-8 (whose strays are read as Windows-1252), cp1251 or gb18030."""
    high = sum(len(run) for run in _RUN.findall(start))
    if not high or sum(len(found) for found in _UTF8.findall(start)) >= VALID * high:
        return "utf-8"
    runs = _RUN.findall(start)
    words = [run for run in runs if len(run) >= 2]
    small = sum(byte >= 0xE0 or byte == 0xB8 for run in words for byte in run)
    letters = sum(byte >= 0xC0 or byte in (0xA8, 0xB8) for run in words for byte in run)
    pairs = [run for run in words if len(run) % 2 == 0]
    common = sum(2 for run in pairs for first in run[::2] if 0xB0 <= first <= 0xD7)
    if common >= FITS * high and small < 0.5 * high:
        try:
            start.decode("gb18030")
        except UnicodeDecodeError as problem:
            if problem.start < len(start) - 4:
                return "utf-8"
        return "gb18030"
    if small >= 0.5 * high and letters >= FITS * high:
        return "cp1251"
    return "utf-8"
