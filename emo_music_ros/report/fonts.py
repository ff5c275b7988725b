# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Fonts of pictures and PDF files: the one that comes with matplotlib, and what is installed."""

from __future__ import annotations

from functools import lru_cache

#: Families that have what the first one lacks, the usual ones of Linux.
WIDE = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC"),
    *("WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Droid Sans Fallback", "Unifont"),
)
FIRST = "DejaVu Sans"


@lru_cache(maxsize=1)
def family() -> list[str]:
    """Return the families to look for a character in, one after the other."""
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    return [FIRST, *(name for name in WIDE if name in installed)]


def missing(text: str) -> set[str]:
    """Return the characters that no font here has."""
    return {each for each in text if each.isprintable() and ord(each) not in _known()}


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    found: set[int] = set()
    for name in family():
        found.update(get_font(findfont(FontProperties(family=[name]))).get_charmap())
    return frozenset(found)
