# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""WAV files that were written to a pipe, or never finished: their size is not in their header."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

#: Bytes of a header that are looked at; samples begin within.
HEADER = 1 << 16


def streamed(path: Path) -> int:
    """Return where the samples begin [bytes] if the header says there are none but there are; or 0.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEADER)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return 0
    (whole,) = struct.unpack("<I", head[4:8])
    place = 12
    while place + 8 <= len(head):
        name, length = struct.unpack("<4sI", head[place : place + 8])
        place += 8
        if name == b"data":
            # A file that is finished and empty says how long it is altogether.
            return place if length == 0 and place < size and whole + 8 != size else 0
        place += length + length % 2
    return 0


class Mended(io.RawIOBase):
    """Such a file with its true sizes in its header.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    begin : int
        Where its samples begin [bytes].
    """

    def __init__(self, path: Path, begin: int) -> None:
        super().__init__()
        self._file = path.open("rb")
        size = path.stat().st_size
        head = bytearray(self._file.read(begin))
        head[4:8] = struct.pack("<I", min(size - 8, 0xFFFFFFFF))
        head[begin - 4 : begin] = struct.pack("<I", min(size - begin, 0xFFFFFFFF))
        self._head = bytes(head)
        self._file.seek(0)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read bytes."""
        place = self._file.tell()
        content = self._file.read(len(buffer))
        mended = (
            self._head[place : place + len(content)] + content[max(0, len(self._head) - place) :]
        )
        buffer[: len(mended)] = mended
        return len(mended)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
