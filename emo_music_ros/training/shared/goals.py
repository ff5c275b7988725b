# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the encoders are meant to reach, beside which the report puts what was measured.

No bound lies below a published strong baseline. EEG has none: three people are a demonstration.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """One bound on one figure.

    `measure` is a measure of the results, or ``parameters``, ``flops``, ``p50_ms`` of their cost;
    `task` and `corpus` are parts of the names in the results. Of the modality ``bench``, `task` is
    part of the title of a comparison, `candidate` a row of it and `measure` ``p50_ms`` or
    ``times_ours``.
    """

    text: str
    modality: str
    measure: str
    least: float | None = None
    most: float | None = None
    task: str = ""
    corpus: str = ""
    candidate: str = "emo_music_ros"

    @property
    def bound(self) -> str:
        """The bound in words."""
        sign, value = (">=", self.least) if self.least is not None else ("<=", self.most)
        return f"{sign} {self.show(value)}"

    def show(self, value: float | None) -> str:
        """Return a figure or bound as it is printed."""
        if value is None or self.measure in ("parameters", "flops"):
            return f"{value or 0:,.0f}"
        return f"{value:g}" if value in (self.least, self.most) else f"{value:.3f}"

    def reached(self, value: float) -> bool:
        """Return whether a figure is within the bound."""
        if self.least is not None:
            return value >= self.least
        return self.most is not None and value <= self.most


GOALS = (
    Goal("face, FER2013 accuracy", "face", "accuracy", least=0.68, corpus="FER2013"),
    Goal("face network, parameters", "face", "parameters", most=0.5e6),
    Goal("face network, ms", "face", "p50_ms", most=1.0),
    Goal(
        "larger face network, FER2013 accuracy",
        "face",
        "accuracy",
        least=0.70,
        corpus="FER2013",
        candidate="emo_music_ros large",
    ),
    Goal(
        "larger face network, parameters",
        "face",
        "parameters",
        most=4e6,
        candidate="emo_music_ros large",
    ),
    Goal(
        "larger face network, ms",
        "face",
        "p50_ms",
        most=4.0,
        candidate="emo_music_ros large",
    ),
    Goal(
        "whole face step in a stream, called alone, ms",
        "bench",
        "p50_ms",
        most=4.0,
        task="Face step",
        candidate="the stream of the first row, called alone",
    ),
    Goal(
        "whole face step in a stream, in turn with other programs, ms",
        "bench",
        "p50_ms",
        most=4.0,
        task="Face step",
        candidate="stream, whole picture searched every 0.4 s",
    ),
    Goal("speech, RAVDESS UAR by actor", "speech", "UAR", least=0.68, corpus="RAVDESS"),
    Goal("speech network, parameters", "speech", "parameters", most=1e6, corpus="RAVDESS"),
    Goal(
        "speech, ms after an utterance of 3 s",
        "bench",
        "p50_ms",
        most=5.0,
        task="Speech, 3 s",
        candidate="after the utterance (3 s): statistics, network, answer",
    ),
    Goal("text, GoEmotions Ekman macro-F1", "text", "macro-F1", least=0.62, task="Ekman"),
    # Demszky et al. 2020, table 4: BERT.
    Goal("text, GoEmotions 28 labels macro-F1", "text", "macro-F1", least=0.46, task="28"),
    Goal("text, Chinese six classes macro-F1", "text", "macro-F1", least=0.68, corpus="SMP2020"),
    Goal("text, ms a sentence", "text", "p50_ms", most=15.0),
    Goal(
        "physiology, Stress-Predict AUC per person",
        "physiology",
        "AUC per person",
        least=0.80,
        corpus="Stress-Predict",
    ),
    Goal(
        "physiology, Stress-Predict UAR of windows",
        "physiology",
        "UAR",
        least=0.74,
        corpus="Stress-Predict",
    ),
    Goal(
        "physiology, WESAD stress or rest UAR",
        "physiology",
        "UAR",
        least=0.88,
        task="stress or rest",
        corpus="WESAD",
    ),
    Goal(
        "physiology, WESAD three classes UAR",
        "physiology",
        "UAR",
        least=0.68,
        task="baseline, stress or amusement",
        corpus="WESAD",
    ),
    Goal("physiology, ms an update", "physiology", "p50_ms", most=8.0),
    Goal("fusion, four states UAR, stitched", "fusion", "UAR", least=0.85, task="four states"),
    Goal("fusion, four states ECE, stitched", "fusion", "ECE", most=0.05, task="four states"),
    Goal("fusion, agreement is unknown", "fusion", "unknown", most=0.04, task="agreement"),
    Goal("fusion, contradiction is unknown", "fusion", "unknown", least=0.40, task="contradiction"),
    *(
        goal
        for corpus in ("Stress-Predict", "RAVDESS")
        for goal in (
            Goal(
                f"dynamic sampling, {corpus}, share of calls saved",
                "sampling",
                "calls saved",
                least=0.40,
                corpus=corpus,
            ),
            Goal(
                f"dynamic sampling, {corpus}, UAR lost against the full rate",
                "sampling",
                "UAR lost",
                most=0.01,
                corpus=corpus,
            ),
        )
    ),
    *(
        Goal(f"music, VGMIDI {axis} sign UAR", "music", "UAR", least=0.85, task=f"{axis} sign")
        for axis in ("valence", "arousal")
    ),
    *(
        Goal(
            f"music, recordings, {name}, correlation with listeners",
            "music",
            measure,
            least=least,
            task=task,
            corpus="Emotify",
        )
        for name, measure, task, least in (
            ("valence", "valence correlation", "mood of recordings", 0.45),
            ("arousal", "arousal correlation", "mood of recordings", 0.65),
            ("felt joy", "joyful_activation", "felt", 0.60),
            ("felt calm", "calmness", "felt", 0.55),
            ("liked", "liked", "felt", 0.35),
        )
    ),
    Goal(
        "music, features and forest of 30 s, librosa and scikit-learn against ours",
        "bench",
        "times_ours",
        least=3.0,
        task="features and mood of 30 s",
        candidate="features of paper B and forest, as in paper B",
    ),
)
