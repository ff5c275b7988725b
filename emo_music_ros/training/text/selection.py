# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The text network with the settings that are best on the validation texts."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from emo_music_ros.encoding.text.hashed import BUCKETS
from emo_music_ros.training.shared.work import Work
from emo_music_ros.training.text.calibration import calibrate
from emo_music_ros.training.text.corpora import BilingualCorpora
from emo_music_ros.training.text.fitting import WRITTEN, fit, with_words
from emo_music_ros.training.text.linear import fit_words
from emo_music_ros.training.text.network import TextNetwork, TextSettings, TokenReader

#: The best of them on the validation texts is trained.
CHOICES = (
    TextSettings(),
    TextSettings(narrow=48, word_rate=0.02, epochs=8),
)


def fitted(
    material: BilingualCorpora, work: Work, seed: int
) -> tuple[dict[str, NDArray[Any]], TextSettings]:
    """Return the trained and calibrated weights of the best choice, and the choice."""
    english, chinese = material.english_split[0], material.chinese_split[0]
    learnt = (
        material.english_texts.subset(english),
        material.chinese_texts.subset(chinese),
        material.written_texts,
    )
    rows = [english, chinese, *([part.labels, *part.words] for part in learnt)]
    code = [fit, calibrate, TextNetwork, TokenReader]
    best: tuple[float, dict[str, NDArray[Any]], TextSettings] | None = None
    for settings in CHOICES:
        state = work.recall(
            "text network",
            [settings, seed, BUCKETS, rows, code],
            lambda settings=settings: fit(*learnt, settings, seed),  # type: ignore[misc]
        )
        score = float(state["scores"].mean())
        if best is None or score > best[0]:
            best = (score, state, settings)
    assert best is not None
    _, state, settings = best
    added = work.recall(
        "text words",
        [settings, seed, BUCKETS, rows, code, with_words, fit_words, WRITTEN],
        lambda: with_words(state, *learnt, settings),
    )
    return state | added, settings
