# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A session over time: how the person seemed, the tracks that sounded, the pulse."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from emo_music_ros.dashboard.words import Words
from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.report.fonts import family
from emo_music_ros.report.recording import Session
from emo_music_ros.states import STATE_COLOURS

#: Stands for the colour of the text around a picture, which may be light or dark.
INK = "#0a0b0c"
_SOFT = "#888888"
#: Seconds without a word after which a line is broken.
_GAP = 5.0
#: Size of a picture of its own [inch].
SIZE = (10.0, 4.4)
#: Pulses are drawn within these limits [1/min].
_PULSE = (35.0, 180.0)


def svg(session: Session, words: Words) -> str:
    """Return a session as SVG that takes the colour of the text around it."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE)
    FigureCanvasSVG(figure)
    draw(figure, (0.07, 0.11, 0.92, 0.8), session, words)
    file = io.StringIO()
    # text stays text: the browser has the fonts
    with matplotlib.rc_context({"svg.fonttype": "none"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    drawn = file.getvalue()
    return drawn[drawn.index("<svg") :].replace(INK, "currentColor")


def draw(
    figure: Any,
    place: tuple[float, float, float, float],
    session: Session,
    words: Words,
    drawable: Callable[[str], str] = str,
) -> None:
    """Draw a session into a part of a figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Where.
    place : (float, float, float, float)
        Left, bottom, width and height as shares of the figure.
    drawable : callable
        Makes of a title one that the fonts can draw.
    """
    left, bottom, width, height = place
    pulse = [(time, rate) for time, rate in session.heart if _PULSE[0] <= rate <= _PULSE[1]]
    parts = [("feels", 0.5), ("state", 0.07), ("tracks", 0.11), ("pulse", 0.24)]
    if not pulse:
        parts = [("feels", 0.72), ("state", 0.08), ("tracks", 0.14)]
    top = bottom + height
    end = max(session.length, 1.0) / 60
    for name, share in parts:
        size = share * height
        axes = figure.add_axes((left, top - size, width, size))
        top -= size + 0.03 * height
        _plain(axes, end)
        if name == "tracks":
            _tracks(axes, session, drawable)
        else:
            {"feels": _feels, "state": _state, "pulse": _pulse}[name](axes, session, words)
        for stop in session.stops:
            axes.axvline(stop.time / 60, color="#C0392B", linewidth=1.2, linestyle="--")
        if name == parts[-1][0]:
            axes.tick_params(bottom=True, labelbottom=True)
            axes.set_xlabel(words("axis_minutes"), color=INK, fontfamily=family(), labelpad=1)


def _plain(axes: Any, end: float) -> None:
    axes.set_xlim(0, end)
    axes.patch.set_alpha(0)
    axes.tick_params(colors=INK, labelsize=9, bottom=False, labelbottom=False)
    for side in axes.spines.values():
        side.set_color(_SOFT)
        side.set_linewidth(0.6)


def _feels(axes: Any, session: Session, words: Words) -> None:
    known = [each for each in session.moments if each.state != UNKNOWN]
    for name, colour, wide in (("valence", INK, 1.8), ("arousal", "#999999", 1.0)):
        points = _broken([(each.time, getattr(each, name)) for each in known])
        axes.plot(points[:, 0] / 60, points[:, 1], color=colour, linewidth=wide,
                  label=words(f"axis_{name}"))  # fmt: skip
    axes.axhline(0, color=_SOFT, linewidth=0.6)
    axes.set_ylim(-1, 1)
    axes.set_yticks([-1, 0, 1], ["−1", "0", "1"])
    for each in session.stops:
        axes.text(each.time / 60, 1.03, words("stop"), color="#C0392B", fontsize=8, ha="center",
                  fontfamily=family(), clip_on=False)  # fmt: skip
    _legend(axes, words)


def _legend(axes: Any, words: Words) -> None:
    """Name lines and colours above the picture."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lines = [line for line in axes.get_lines() if isinstance(line, Line2D)][:2]
    patches = [
        Patch(color=STATE_COLOURS[name], label=words.named(name)) for name in (*STATES, UNKNOWN)
    ]
    legend = axes.legend(
        handles=[*lines, *patches], loc="lower left", bbox_to_anchor=(0, 1.06), ncol=7,
        frameon=False, fontsize=9, prop={"family": family(), "size": 9}, borderaxespad=0,
        handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_color(INK)


def _state(axes: Any, session: Session, words: Words) -> None:
    axes.set_yticks([])
    axes.set_ylim(0, 1)
    for name in (*STATES, UNKNOWN):
        times = [each.time for each in session.moments if each.state == name]
        spans = [(begin / 60, (end - begin + 1) / 60) for begin, end in _stretches(times)]
        if spans:
            axes.broken_barh(spans, (0, 1), color=STATE_COLOURS[name], linewidth=0)


def _tracks(axes: Any, session: Session, drawable: Callable[[str], str]) -> None:
    axes.set_yticks([])
    axes.set_ylim(0, 1)
    whole = axes.figure.get_figwidth() * axes.get_position().width * 72  # points
    for number, listen in enumerate(session.listens):
        end = listen.ended if math.isfinite(listen.ended) else session.length
        wide = max(end - listen.began, 0.0)
        colour = ("#8FB8D9", "#C9DDEE")[number % 2]
        axes.broken_barh([(listen.began / 60, wide / 60)], (0, 1), color=colour, linewidth=0)
        title = _short(drawable(listen.title), whole * wide / max(session.length, 1.0))
        if title:
            axes.text(listen.began / 60, 0.45, f" {title}", fontsize=7.5, va="center",
                      color="#111111", parse_math=False, clip_on=True,
                      fontfamily=family())  # fmt: skip


def _pulse(axes: Any, session: Session, words: Words) -> None:
    points = _broken(
        [(time, rate) for time, rate in session.heart if _PULSE[0] <= rate <= _PULSE[1]], 30.0
    )
    axes.plot(points[:, 0] / 60, points[:, 1], color="#D55E00", linewidth=1.2, marker=".",
              markersize=2)  # fmt: skip
    low, high = np.nanmin(points[:, 1]), np.nanmax(points[:, 1])
    axes.set_ylim(min(low, 60) - 5, max(high, 90) + 5)
    axes.set_ylabel(f"{words('pulse')} /min", color=INK, fontsize=7.5, fontfamily=family())


def _broken(points: list[tuple[float, float]], gap: float = _GAP) -> Any:
    """Return points [n, 2] with NaN where nothing was said for longer than `gap` [s]."""
    found: list[tuple[float, float]] = []
    for time, value in points:
        if found and time - found[-1][0] > gap:
            found.append((time, math.nan))
        found.append((time, value))
    return np.array(found, float).reshape(-1, 2)


def _stretches(times: list[float]) -> list[tuple[float, float]]:
    """Return first and last time of every run of seconds."""
    found: list[tuple[float, float]] = []
    for time in times:
        if found and time - found[-1][1] <= 1.9:
            found[-1] = found[-1][0], time
        else:
            found.append((time, time))
    return found


def _short(title: str, points: float) -> str:
    """Return a title as far as there is room for it."""
    room = int(points / 4.6) - 1
    wide = sum(2 if ord(each) > 0x2E7F else 1 for each in title)
    if room < 3:
        return ""
    if wide <= room:
        return title
    short = ""
    for each in title:
        room -= 2 if ord(each) > 0x2E7F else 1
        if room < 1:
            break
        short += each
    return f"{short}…"
