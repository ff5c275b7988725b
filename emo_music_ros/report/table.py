# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The log of sessions as csv: one row a second, as the session log of paper B."""

from __future__ import annotations

import csv
import io
import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from emo_music_ros.emotion import STATES
from emo_music_ros.report.recording import Session

COLUMNS = (
    *("session", "person", "time", "seconds", "state", "present", "valence", "arousal"),
    *("dominance", "confidence", *(f"p_{state}" for state in STATES), "heart_rate"),
    *("track_id", "title", "artist", "event", "input"),
)
#: What a spreadsheet would take as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: How long a heart rate holds [s].
_HOLD = 10.0


def table(sessions: Sequence[Session]) -> str:
    """Return sessions as csv: a row for every second in which something was told, and event.

    Times are UTC; `event` tells of tracks and stops, `input` which signals were simulated.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, each in enumerate(sessions, start=1):
        writer.writerows(_rows(number, each))
    return file.getvalue()


def _rows(number: int, session: Session) -> Iterator[list[str]]:
    events = _events(session)
    moments = {int(each.time): each for each in session.moments}
    pulses = [(time, rate) for time, rate in session.heart if math.isfinite(rate)]
    source = "simulated: " + " ".join(session.simulated) if session.simulated else ""
    for second in sorted({*moments, *events}):
        moment = moments.get(second)
        time = moment.time if moment is not None else float(second)
        state = [""] * (6 + len(STATES))
        if moment is not None:
            axes = (moment.valence, moment.arousal, moment.dominance, moment.confidence)
            told = moment.probabilities or (math.nan,) * len(STATES)
            state = [moment.state, str(int(moment.present)), *map(_number, (*axes, *told))]
        listen = next((x for x in reversed(session.listens) if x.began <= time), None)
        if listen is not None and listen.ended <= time:
            listen = None
        track = (listen.track_id, listen.title, listen.artist) if listen else ("", "", "")
        yield [
            str(number),
            _cell(session.person),
            _stamp(session.began + time),
            f"{time:.2f}",
            *state,
            _number(_held(pulses, time)),
            *map(_cell, track),
            _cell("; ".join(events.get(second, ()))),
            source,
        ]


def _events(session: Session) -> dict[int, list[str]]:
    """Return what happened, by second."""
    found: dict[int, list[str]] = {}
    for listen in session.listens:
        found.setdefault(int(listen.began), []).append("track started")
        if math.isfinite(listen.ended):
            found.setdefault(int(listen.ended), []).append(f"track {listen.ending}")
    for stop in session.stops:
        told = f"stopped by the system: {stop.reason}" if stop.reason else "stopped by a person"
        found.setdefault(int(stop.time), []).append(told)
    for rating in session.ratings:
        told = f"rated {rating.value:g} by {rating.rater}"
        found.setdefault(int(rating.time), []).append(told)
    return found


def _held(pulses: Sequence[tuple[float, float]], time: float) -> float:
    place = bisect_right(pulses, (time, math.inf)) - 1
    return pulses[place][1] if place >= 0 and time - pulses[place][0] <= _HOLD else math.nan


def _stamp(unix: float) -> str:
    return datetime.fromtimestamp(unix, timezone.utc).isoformat(timespec="milliseconds")


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else ""


def _cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
