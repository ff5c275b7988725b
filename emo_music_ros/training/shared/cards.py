# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Model cards: what a person has to know before relying on a model, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Figure:
    """One measured number of a model card.

    `low` and `high` are the 95 % interval over people (NaN: not defined), `baseline`
    what the trivial answer gets (NaN: there is none), `scope` on whom it was measured.
    """

    name: str
    value: float
    baseline: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    scope: str = ""


@dataclass(frozen=True)
class Card:
    """What a person has to know before relying on a model. Texts are Markdown.

    Parameters
    ----------
    name : str
        File name of the model without ending.
    purpose : str
        What it takes, what it answers, and what it must not be used for.
    data : str
        Corpus, source, size, people.
    licence : str
        Of the weights, such as ``research only (RAVDESS, CC BY-NC-SA 4.0)``.
    split : str
        How training, validation and test were parted; person-independent or why not.
    network : str
        Architecture, number of parameters, input and output.
    figures : sequence of Figure
        Only measured ones.
    limits : sequence of str
        Where it fails, and who it fails on.
    reproduce : str
        Command that trains it again.
    extra : mapping of str to str
        Further sections, title to text.
    """

    name: str
    purpose: str
    data: str
    licence: str
    split: str
    network: str
    figures: Sequence[Figure]
    limits: Sequence[str]
    reproduce: str
    extra: Mapping[str, str] = field(default_factory=dict)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table; floats get three decimals, NaN becomes a dash."""

    def cell(value: Any) -> str:
        if isinstance(value, (float, np.floating)):
            return f"{value:.3f}" if np.isfinite(value) else "-"
        return str(value)

    lines = [list(header), ["---"] * len(header), *([cell(v) for v in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float | None) -> str:
    """Return a figure with three decimals, or a dash if it is not known."""
    if value is None or isinstance(value, float) and not math.isfinite(value):
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def with_interval(entry: Mapping[str, float] | None) -> str:
    """Return the value of a measure and its interval in square brackets, if it has one."""
    if entry is None:
        return "-"
    if entry["low"] is None or not math.isfinite(entry["low"]):
        return number(entry["value"])
    return f"{number(entry['value'])} [{number(entry['low'])}, {number(entry['high'])}]"


def write_card(card: Card, folder: Path) -> Path:
    """Write ``<name>.md`` and return its path."""
    rows = [
        (
            figure.name,
            figure.value,
            f"{figure.low:.3f} to {figure.high:.3f}" if np.isfinite(figure.low) else "-",
            figure.baseline,
            figure.scope,
        )
        for figure in card.figures
    ]
    sections = {
        "Purpose": card.purpose,
        "Data": card.data,
        "Licence of the weights": card.licence,
        "Split": card.split,
        "Network": card.network,
        "Figures": markdown_table(
            ("measure", "value", "95 % interval", "trivial baseline", "on"), rows
        ),
        **card.extra,
        "Limits": "\n".join(f"- {limit}" for limit in card.limits),
        "Train it again": f"```\n{card.reproduce}\n```",
    }
    text = f"# Model card: {card.name}\n" + "".join(
        f"\n## {title}\n{body.strip()}\n" for title, body in sections.items()
    )
    path = folder / f"{card.name}.md"
    path.write_text(text, "utf-8")
    return path
