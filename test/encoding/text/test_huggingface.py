# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emo_music_ros.encoding.text.huggingface import HuggingFaceTextEncoder
from emo_music_ros.errors import ModelError
from emo_music_ros.streams import AudioBlock, Utterance

onnx = pytest.importorskip("onnx")
tokenizers = pytest.importorskip("tokenizers")

WORDS = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "happy": 3, "sad": 4, "very": 5}
LABELS = ["joy", "sadness", "neutral"]


def make_tokenizer(path: Path) -> None:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(WORDS, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_padding(length=512)  # as some published tokenizers have it
    tokenizer.save(str(path))


def make_network(path: Path, inputs: tuple[str, ...] = ("input_ids", "attention_mask")) -> None:
    """One row of logits a word, added up: what the words say, and nothing about their order."""
    from onnx import TensorProto, helper, numpy_helper

    table = np.zeros((len(WORDS), len(LABELS)), np.float32)
    table[WORDS["happy"], 0] = 3.0
    table[WORDS["sad"], 1] = 3.0
    table[WORDS["[UNK]"], 2] = 0.5
    nodes = [
        helper.make_node("Gather", ["table", inputs[0]], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["logits"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "words",
        [helper.make_tensor_value_info(name, TensorProto.INT64, [1, "n"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(LABELS)])],
        [
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([1], np.int64), "axis"),
        ],
    )
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    path.write_bytes(model.SerializeToString())


def make_config(path: Path, labels: list[str], **more: Any) -> None:
    names = {str(number): label for number, label in enumerate(labels)}
    path.write_text(json.dumps({"id2label": names, "_name_or_path": "tiny", **more}), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_tokenizer(tmp_path / "tokenizer.json")
    make_network(tmp_path / "model.onnx")
    make_config(tmp_path / "config.json", LABELS)
    return tmp_path


def encoder(folder: Path, **options: Any) -> HuggingFaceTextEncoder:
    return HuggingFaceTextEncoder(HuggingFaceTextEncoder.Options(folder=str(folder), **options))


def test_it_answers_with_the_labels_of_the_folder(folder: Path) -> None:
    (encoding,) = encoder(folder).push(Utterance(3.0, "very happy", source="recorded:test"))
    estimate = encoding.estimate
    assert estimate.labels == tuple(LABELS)
    wanted = np.exp([3.0, 0.0, 0.0]) / np.exp([3.0, 0.0, 0.0]).sum()
    np.testing.assert_allclose(estimate.probabilities, wanted, atol=1e-6)
    assert estimate.valence > 0.4
    assert encoding.time == 3.0
    assert encoding.source == "recorded:test"


def test_the_label_follows_the_words(folder: Path) -> None:
    model = encoder(folder)
    for text, label in (("sad", "sadness"), ("happy", "joy"), ("table chair", "neutral")):
        (encoding,) = model.push(Utterance(0.0, text))
        assert encoding.estimate.labels[int(encoding.estimate.probabilities.argmax())] == label


def test_text_is_neither_padded_nor_longer_than_asked(folder: Path) -> None:
    model = encoder(folder, longest=8)
    lengths: list[int] = []
    session = model._session

    class Watched:
        def run(self, names: Any, feed: dict[str, Any]) -> Any:
            lengths.append(feed["input_ids"].shape[1])
            return session.run(names, feed)

    model._session = Watched()
    model.push(Utterance(0.0, "happy"))
    model.push(Utterance(0.0, "happy " * 40))
    assert lengths == [3, 8]


def test_labels_that_go_together_are_scaled_to_one(folder: Path) -> None:
    make_config(folder / "config.json", LABELS, problem_type="multi_label_classification")
    (encoding,) = encoder(folder).push(Utterance(0.0, "happy sad"))
    probabilities = encoding.estimate.probabilities
    assert float(probabilities.sum()) == pytest.approx(1.0, abs=1e-5)
    assert probabilities[0] == pytest.approx(probabilities[1])


def test_nothing_comes_of_no_text(folder: Path) -> None:
    model = encoder(folder)
    assert model.push(Utterance(0.0, "  ")) == []
    assert model.push(AudioBlock(0.0, np.zeros(10, np.float32), 16000)) == []


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.onnx"])
def test_a_missing_or_odd_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=name):
        encoder(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        encoder(folder)


def test_files_that_do_not_fit_each_other_are_told(folder: Path) -> None:
    make_config(folder / "config.json", ["joy", "sadness"])
    with pytest.raises(ModelError, match="2 labels"):
        encoder(folder)
    make_config(folder / "config.json", LABELS)
    make_network(folder / "model.onnx", ("pixels",))
    with pytest.raises(ModelError, match="pixels"):
        encoder(folder)


def test_unknown_labels_and_no_folder_are_refused(folder: Path) -> None:
    make_config(folder / "config.json", ["LABEL_0", "LABEL_1", "LABEL_2"])
    with pytest.raises(ModelError, match="LABEL_0"):
        encoder(folder)
    with pytest.raises(ModelError, match="no folder"):
        HuggingFaceTextEncoder()


def test_the_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def refuse(name: str, *more: Any, **named: Any) -> Any:
        if name == "tokenizers":
            raise ImportError(name)
        return load(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ModelError, match="pip install tokenizers"):
        encoder(folder)
