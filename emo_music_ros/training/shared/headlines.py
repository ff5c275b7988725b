# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The table of models in the README: ours, the best baseline and the trivial answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emo_music_ros.training.shared.cards import markdown_table, number, with_interval

BEGIN = "<!-- Written by emo-music evaluate --save docs, from docs/results. -->"
END = "<!-- Up to here. -->"
HEADER = ("model", "trained on", "measure", "ours [95 %]", "best baseline", "trivial", "weights")


@dataclass(frozen=True)
class Headline:
    """One figure of the table.

    `measure` is one of the results; `task` and `corpus` are beginnings of the names there, `text`
    says the measure in words. `model`, `trained` and `weights` are empty below the first row of a
    model.
    """

    modality: str
    task: str
    corpus: str
    measure: str
    text: str
    model: str = ""
    trained: str = ""
    weights: str = ""


HEADLINES = (
    Headline(
        "face", "7 expressions", "FER2013", "accuracy",
        "accuracy, 7 classes (no subject ids: pictures, not people)",
        "face", "FER2013, FER+, RAF-DB", "research only",
    ),
    Headline(
        "speech", "emotions", "RAVDESS", "UAR",
        "RAVDESS, unweighted average recall, 8 classes, folds by speaker",
        "speech", "RAVDESS, EMO-DB, EMOVO", "research only, non-commercial",
    ),
    Headline("speech", "emotions", "EMO-DB", "UAR", "the same for EMO-DB, 6 classes"),
    Headline("speech", "emotions", "EMOVO", "UAR", "the same for EMOVO, 7 classes"),
    Headline(
        "text", "7 words of Ekman", "GoEmotions", "macro-F1", "macro-F1, English, 7 classes",
        "text", "GoEmotions, SMP2020", "research only",
    ),
    Headline("text", "28 labels", "GoEmotions", "macro-F1", "macro-F1, English, 28 labels"),
    Headline("text", "6 emotions, Chinese", "SMP2020", "macro-F1", "macro-F1, Chinese, 6 classes"),
    Headline(
        "physiology", "stress or calm", "Stress-Predict", "AUC per person",
        "AUC of stress, mean over people, one left out",
        "physiology", "Stress-Predict, 27 people", "MIT",
    ),
    Headline(
        "physiology", "stress or calm", "Stress-Predict", "UAR",
        "the same windows, unweighted average recall",
    ),
    Headline(
        "physiology", "stress or rest", "WESAD", "UAR",
        "unweighted average recall, stress or rest, one person left out",
        "physiology_states", "WESAD, 12 people", "research only, non-commercial",
    ),
    Headline(
        "physiology", "baseline, stress or amusement", "WESAD", "UAR",
        "the same for baseline, stress or amusement",
    ),
    Headline(
        "eeg", "three states", "Muse", "UAR",
        "unweighted average recall, 3 states, one person left out; 3 people carry no interval: a "
        "demonstration",
        "eeg", "Muse mental state, 3 people", "research only",
    ),
    Headline(
        "music", "valence sign", "VGMIDI", "UAR",
        "balanced accuracy of the sign of valence, one series left out",
        "music", "VGMIDI, 13 series; Emotify, 320 tracks", "research only",
    ),
    Headline("music", "arousal sign", "VGMIDI", "UAR", "the same for arousal"),
    Headline(
        "music", "mood of recordings", "Emotify", "valence correlation",
        "correlation with the valence that listeners of recordings felt, tracks left out",
    ),
    Headline("music", "mood of recordings", "Emotify", "arousal correlation", "the same, arousal"),
    Headline(
        "fusion", "four states, stitched", "Recorded answers", "UAR",
        "unweighted average recall, 4 states of face, voice and words, stitched across corpora",
        "fusion", "recorded answers", "research only",
    ),
    Headline(
        "fusion", "8 emotions", "RAVDESS", "UAR",
        "the same, 8 emotions of real voice and face, 5 folds by actor",
    ),
)  # fmt: skip


def table(found: Mapping[str, Any]) -> str:
    """Return the table of results by modality, as :func:`report.load` gives them."""
    rows = []
    for line in HEADLINES:
        measured = [
            result
            for result in found.get(line.modality, {}).get("results", [])
            if result["task"].startswith(line.task)
            and result["corpus"].startswith(line.corpus)
            and not result["leaky"]
            and line.measure in result["measures"]
        ]
        ours = next((one for one in measured if one["candidate"] == "emo_music_ros"), None)
        cells = ["not run", "", ""]
        if ours is not None:
            figure = ours["measures"][line.measure]
            same = [one for one in measured if (one["task"], one["corpus"], one["protocol"])
                    == (ours["task"], ours["corpus"], ours["protocol"])]  # fmt: skip
            cells = [
                with_interval(figure),
                _best_baseline(same, line.measure),
                number(figure["trivial"]),
            ]
        model = f"[{line.model}](models/{line.model}.md)" if line.model else ""
        rows.append([model, line.trained, line.text, *cells, line.weights])
    return markdown_table(HEADER, rows)


def insert(readme: str, found: Mapping[str, Any]) -> str:
    """Return a README with its table of results replaced; unchanged if it has none."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{table(found)}\n\n{end}{after}" if end else readme


def _best_baseline(results: list[Mapping[str, Any]], measure: str) -> str:
    """Return the highest figure of a model not of this project, and its name.

    Controls, which know what no model may, do not count.
    """
    others = [
        result
        for result in results
        if not result["origin"].startswith("this project")
        and not result["candidate"].startswith("emo_music_ros")
        and "(control)" not in result["candidate"]
    ]
    if not others:
        return "not run"
    best = max(others, key=lambda result: float(result["measures"][measure]["value"]))
    return f"{with_interval(best['measures'][measure])}, {best['candidate']}"
