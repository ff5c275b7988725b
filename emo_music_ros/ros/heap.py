# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The heap of a process with many threads, kept from growing for hours."""

from __future__ import annotations

import ctypes

#: Parameters of ``mallopt`` in malloc.h of glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8

_HEAPS = 1
#: Blocks of this size on, such as pictures, come from the system and go back to it.
_LARGE = 32 * 1024
_TRIM = 1024 * 1024
#: How often what is free within the heaps is given back [s]; it takes some milliseconds.
TRIM_EVERY = 60.0


def compact_heap() -> None:
    """Let all threads share one heap, and large blocks live outside of it; only glibc can.

    By itself it makes up to eight heaps a core for the dozens of threads of the nodes, and moves
    blocks of pictures and sound into them: what is free in one serves no other thread, and the
    process grows although it holds no more. Two heaps still grew by 2 to 3 MB an hour. To be
    called before the threads start.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, _HEAPS)
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, _TRIM)


def trim_heap() -> None:
    """Give back to the system what is free within the heaps; only glibc can do that."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
