# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The length of MP3 files, counted: what their headers say of it is often an estimate."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

_BITRATES = {  # kbit/s by (version 1?, layer) and index
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44100, 48000, 32000)
#: Where the tag with the length may stand in the first frame: it begins with one of these.
_TAGS = (b"Xing", b"Info", b"VBRI")
#: Frames in a row that tell sound from bytes that look like a header.
_SURE = 3


@dataclass(frozen=True)
class Length:
    """Frames of sound that are there, and whether the file has a tag that says how many."""

    frames: int
    tagged: bool


def counted(path: Path) -> Length:
    """Count the frames of sound in an MP3 file, without decoding; 0 = it is none.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        if not file.seek(0, 2):
            return Length(0, False)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _count(data)


def _count(data: mmap.mmap) -> Length:
    place, frames, tagged, row = 0, 0, False, 0
    first = True
    while place + 4 <= len(data):
        if data[place : place + 3] == b"ID3" and place + 10 <= len(data):
            size = 0
            for byte in data[place + 6 : place + 10]:
                size = size << 7 | byte & 0x7F
            place += 10 + size
            continue
        size, samples = _frame(data[place : place + 4])
        follows = place + size
        if size and (row or _sound(data, place)):
            row += 1
            head = data[place : min(follows, place + 64)]
            if first and any(tag in head for tag in _TAGS):
                tagged = True  # this frame is silent and not played
            elif follows <= len(data):
                frames += samples
            first = False
            place = follows
            continue
        row = 0
        place = data.find(b"\xff", place + 1)
        if place < 0:
            break
    return Length(frames, tagged)


def _sound(data: mmap.mmap, place: int) -> bool:
    """Return whether several frames follow each other from here, or to the end of the file."""
    for _ in range(_SURE):
        size, _ = _frame(data[place : place + 4])
        if not size:
            return False
        place += size
        if place >= len(data):
            return True
    return True


def _frame(head: bytes) -> tuple[int, int]:
    """Return the bytes and samples of the frame that a header begins; 0 = it is no header."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0, 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rates, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or bits in (0, 15) or rates == 3:
        return 0, 0
    newest = version == 3
    rate = _RATES[rates] // {3: 1, 2: 2, 0: 4}[version]
    kilobits = _BITRATES[newest, layer][bits]
    if layer == 1:
        return (12000 * kilobits // rate + padding) * 4, 384
    samples = 576 if layer == 3 and not newest else 1152
    return samples // 8 * 1000 * kilobits // rate + padding, samples
