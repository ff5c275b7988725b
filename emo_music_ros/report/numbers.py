# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Figures as people read them; what is not known is a dash or says so."""

from __future__ import annotations

import math
from datetime import datetime

from emo_music_ros.dashboard.words import Words
from emo_music_ros.measures import Share
from emo_music_ros.report.recording import Session


def number(value: float, digits: int = -1) -> str:
    """Return a number as people read it; a dash for what is not known."""
    if not math.isfinite(value):
        return "–"
    if digits < 0:
        digits = 1 if 0 < abs(value) < 9.95 and not float(value).is_integer() else 0
    text = f"{value:.{digits}f}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def day(session: Session) -> str:
    """Return the day of a session, by the clock of this machine."""
    return datetime.fromtimestamp(session.began).strftime("%Y-%m-%d")


def when(session: Session) -> str:
    """Return day and time of a session."""
    return datetime.fromtimestamp(session.began).strftime("%Y-%m-%d %H:%M")


def clock(seconds: float) -> str:
    """Return a time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def percent(share: float) -> str:
    """Return a share as percent, without the sign."""
    return number(100 * share, 0)


def count_of(share: Share, words: Words) -> str:
    """Return both numbers of a share."""
    if not share.whole:
        return words("not_known")
    return words("of", part=number(share.part), whole=number(share.whole))


def share_of(share: Share, words: Words) -> str:
    """Return a share as percent with both numbers."""
    if not share.whole:
        return words("not_known")
    part, whole = number(share.part), number(share.whole)
    return words("percent_of", percent=percent(share.value), part=part, whole=whole)


def signed(share: float, words: Words) -> str:
    """Return a change as percent with its sign."""
    if math.isnan(share):
        return words("not_known")
    text = percent(share)
    return words("percent", percent=text if text.startswith("−") or text == "0" else f"+{text}")


def arrow(before: float, after: float, digits: int, words: Words) -> str:
    """Return two numbers, one after the other."""
    if math.isnan(before) and math.isnan(after):
        return "–"
    return words("arrow", before=number(before, digits), after=number(after, digits))
