# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A picture of what was felt and why: states, what each modality said, what moved them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emo_music_ros.emotion import STATES, UNKNOWN
from emo_music_ros.errors import StorageError
from emo_music_ros.fusion.explanation import changes, table_of
from emo_music_ros.states import STATE_COLOURS
from emo_music_ros.streams import Emotion

#: At most so many changes are written beside their lines.
WRITTEN = 8


def draw(moments: Sequence[tuple[float, Emotion]], path: Path, title: str = "") -> None:
    """Draw moments into a file, whose ending says in which form (svg, png, pdf).

    Parameters
    ----------
    moments : sequence of (float, Emotion)
        Time [s] and emotion, evenly spaced; at least two.
    path : pathlib.Path
        The file.
    title : str
        What they are of.

    Raises
    ------
    StorageError
        If the file cannot be written, or its ending is none of a picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    times = np.array([time for time, _ in moments])
    emotions = [emotion for _, emotion in moments]
    names = list(
        dict.fromkeys(part.modality for emotion in emotions for part in emotion.contributions)
    )
    figure = Figure(figsize=(10, 5.5 + 0.35 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    states, said, moved = figure.subplots(
        3, 1, sharex=True, height_ratios=(3, max(0.6 * len(names), 1), 2)
    )
    _states(states, times, emotions)
    _said(said, times, emotions, names)
    _moved(moved, times, emotions, names)
    found = changes(moments)
    for change in found:
        for axes in (states, said, moved):
            axes.axvline(change.time, color="#333333", linewidth=0.8, linestyle=":")
    for number, change in enumerate(found[:WRITTEN]):
        states.annotate(
            change.modality or UNKNOWN,
            (change.time, 1.0),
            (2, -10 - 10 * (number % 3)),
            textcoords="offset points",
            fontsize=8,
        )
    states.set_title(title)
    moved.set_xlabel("time [s]")
    moved.set_xlim(times[0], times[-1])
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise StorageError(
            f"the picture '{path}' cannot be written: {error}",
            "Name a file that ends in .svg, .png or .pdf, in a folder that can be written",
        ) from error


def _states(axes: Any, times: Any, emotions: Sequence[Emotion]) -> None:
    """Draw the probabilities of the states on each other, and grey where it is unknown."""
    table = np.array([table_of(emotion.estimate) for emotion in emotions]).T
    axes.stackplot(times, table, labels=STATES, colors=[STATE_COLOURS[name] for name in STATES])
    hidden = np.array([emotion.state == UNKNOWN for emotion in emotions])
    axes.fill_between(
        times,
        0,
        1,
        where=hidden,
        step="mid",
        facecolor="white",
        edgecolor="#999999",
        alpha=0.7,
        label=UNKNOWN,
    )
    axes.set(ylim=(0, 1), ylabel="probability")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)


def _said(axes: Any, times: Any, emotions: Sequence[Emotion], names: Sequence[str]) -> None:
    """Draw for every modality the state it spoke for most, stronger the surer it was."""
    from matplotlib.colors import to_rgba

    image = np.ones((max(len(names), 1), len(times), 4))
    for column, emotion in enumerate(emotions):
        for part in emotion.contributions:
            if part.probabilities:
                best = int(np.argmax(part.probabilities))
                image[names.index(part.modality), column] = to_rgba(
                    STATE_COLOURS[STATES[best]], part.probabilities[best]
                )
    step = times[1] - times[0]
    axes.imshow(
        image,
        aspect="auto",
        interpolation="nearest",
        extent=(times[0] - step / 2, times[-1] + step / 2, len(image) - 0.5, -0.5),
    )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylabel("says")


def _moved(axes: Any, times: Any, emotions: Sequence[Emotion], names: Sequence[str]) -> None:
    """Draw how far each modality moved the result."""
    for name in names:
        effect = [
            max((part.effect for part in emotion.contributions if part.modality == name), default=0)
            for emotion in emotions
        ]
        axes.plot(times, effect, label=name, linewidth=1.2)
    axes.set(ylim=(0, 1), ylabel="moved it by")
    if names:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
