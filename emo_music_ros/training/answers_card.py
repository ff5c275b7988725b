# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The card of the recorded answers: what they are, from whom, and how often they are right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.simulation.answers import NAME, Answers, Table
from emo_music_ros.training.shared.cards import markdown_table as markdown

PURPOSE = """What the encoders of face, speech, text and physiology answered to people they never \
saw, with the label that held: so that a simulated listener is misread as real ones are. Only \
probabilities, confidence, quality and the true label are kept (of physiology also how far the \
heart rate was from the mean of this person's rest, and the time since the first answer), and a \
number that tells one person's answers from another's; no recording, text or id. Not for training \
encoders, and not for measuring them: the figures are in their own cards."""
LICENCE = "As the corpora and the weights that answered: research only, non-commercial of speech; \
those of physiology MIT."
LIMITS = (
    "The labels are what actors played, raters saw or a protocol asked for, not what people felt.",
    "No answer is of an older person for certain: ages are unknown, or 21 to 35 years.",
    "Modalities come from different people, so answers of two of them are independent given the "
    "label; in one person they are not.",
    "How often a label occurs here is not how often it occurs in life: draw by label, not over "
    "all rows.",
    "Of face and text nobody knows whose they are; a person's own bias can be drawn for speech "
    "and physiology only.",
)


def confusion(table: Table) -> tuple[str, str]:
    """Return the mean probability, and the share of the most probable label, of every label."""
    means, shares = [], []
    best = table.probabilities.argmax(axis=1)
    for number, label in enumerate(table.labels):
        rows = table.truth == number
        if not rows.any():
            continue
        count = int(rows.sum())
        share = np.bincount(best[rows], minlength=len(table.labels)) / count
        sure, clean = table.confidence[rows].mean(), table.quality[rows].mean()
        mean = table.probabilities[rows].mean(axis=0)
        means.append([label, count, *(f"{value:.2f}" for value in (*mean, sure, clean))])
        shares.append([label, count, *(f"{value:.2f}" for value in share)])
    head = ["truth", "rows", *table.labels]
    return markdown([*head, "confidence", "quality"], means), markdown(head, shares)


def write_card(folder: Path) -> Path:
    """Write ``answers.md`` beside the answers and return its path."""
    answers = Answers(folder)
    about = json.loads((folder / f"{NAME}.json").read_text("utf-8"))["modalities"]
    lines = [f"# Recorded answers: {NAME}", "", "## Purpose", PURPOSE]
    for name in answers.modalities:
        table = answers.table(name)
        right = float(np.mean(table.probabilities.argmax(axis=1) == table.truth))
        of_each = [np.mean(table.probabilities[r].argmax(axis=1) == n) for n, r in _by_label(table)]
        unit = "people" if table.people else "items, near copies together (people are not known)"
        means, shares = confusion(table)
        lines += [
            "",
            f"## {name}",
            f"{len(table)} answers, {len(np.unique(table.group))} {unit}; accuracy {right:.3f}, "
            f"unweighted average recall {np.mean(of_each):.3f}; credible from probability "
            f"{table.conformal:.3f} on.",
            "",
        ]
        lines += [
            f"- {source['corpus']} ({source['licence']}), {source['rows']} answers, groups "
            f"{source['groups'][0]} to {source['groups'][1]}. {source['left_out']}"
            for source in about[name]["sources"]
        ]
        lines += ["", "Mean probability, confidence and quality by true label:", "", means]
        lines += ["", "Share of the most probable label:", "", shares]
    lines += ["", "## Licence", LICENCE, "", "## Limits"]
    lines += [f"- {limit}" for limit in LIMITS]
    lines += ["", "## Make it again", "```"]
    lines += ["python -m emo_music_ros.training.answers --data FOLDER --out models", "```", ""]
    path = folder / f"{NAME}.md"
    path.write_text("\n".join(lines), "utf-8")
    return path


def _by_label(table: Table) -> list[tuple[int, NDArray[np.int64]]]:
    return [
        (number, np.flatnonzero(table.truth == number))
        for number in range(len(table.labels))
        if (table.truth == number).any()
    ]
