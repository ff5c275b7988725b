# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is said or typed, by a text classifier in a local folder as Hugging Face lays it out.

For those who have a larger model, such as DistilRoBERTa trained on emotions (paper D). Nothing is
downloaded: the folder holds ``config.json`` (with ``id2label``), ``tokenizer.json`` and
``model.onnx``, as ``optimum-cli export onnx`` writes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emo_music_ros import emotion
from emo_music_ros.encoding.text.encoder import encode_utterance
from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import open_network
from emo_music_ros.numerics import softmax
from emo_music_ros.options import option
from emo_music_ros.streams import Encoding, Estimate, FloatArray, Sample

_EXPORT = "Export the model: optimum-cli export onnx --task text-classification --model NAME FOLDER"


class HuggingFaceTextEncoder:
    """Judges every utterance on its own. Text is tokenised to its length, never padded.

    Parameters
    ----------
    options : HuggingFaceTextEncoder.Options
        What can be set.

    Raises
    ------
    ModelError
        If the package ``tokenizers`` or a file is missing, unreadable or does not fit the others,
        or a label has no place on the circumplex.
    """

    modality: ClassVar[str] = "text"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        folder: str = option("", "folder with config.json, tokenizer.json and model.onnx")
        longest: int = option(128, "longer text is cut, tokens", low=4, high=512)

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or HuggingFaceTextEncoder.Options()
        if not self.options.folder:
            raise ModelError("no folder of a text model is named", "Set the parameter `folder`")
        folder = Path(self.options.folder).expanduser()
        for name in ("config.json", "tokenizer.json", "model.onnx"):
            if not (folder / name).is_file():
                raise ModelError(f"{folder / name} is missing", _EXPORT)
        self._read_config(folder / "config.json")
        self._tokenizer = self._load_tokenizer(folder / "tokenizer.json")
        self._session = self._load_network(folder / "model.onnx")
        self._inputs = [entry.name for entry in self._session.get_inputs()]
        unknown = set(self._inputs) - {"input_ids", "attention_mask", "token_type_ids"}
        if unknown or "input_ids" not in self._inputs:
            raise ModelError(
                f"{folder / 'model.onnx'} takes {self._inputs}, not the tokens of a text", _EXPORT
            )
        self._classify("hello")  # tells now, not at the first utterance, what does not fit

    def _read_config(self, path: Path) -> None:
        try:
            config = json.loads(path.read_text("utf-8"))
            names = {int(number): str(label) for number, label in config["id2label"].items()}
            self._labels = tuple(names[number] for number in range(len(names)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{path} names no labels in id2label: {error!r}", "Use a text classifier"
            ) from error
        for label in self._labels:
            try:
                emotion.canonical(label)
            except KeyError as error:
                raise ModelError(
                    f"label '{label}' in {path} is no word of emotion known here",
                    "Name the labels in id2label, such as joy, anger, sadness, neutral",
                ) from error
        self._several = config.get("problem_type") == "multi_label_classification"
        self.version = str(config.get("_name_or_path") or path.parent.name)

    def _load_tokenizer(self, path: Path) -> Any:
        try:
            import tokenizers
        except ImportError as error:
            raise ModelError(
                "the Python package tokenizers is needed for a Hugging Face model",
                "Install it: pip install tokenizers",
            ) from error
        try:
            tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the package raises plain exceptions
            raise ModelError(
                f"{path} is no tokenizer: {error}", "Restore it from where the model is from"
            ) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length=self.options.longest)
        return tokenizer

    @staticmethod
    def _load_network(path: Path) -> Any:
        return open_network(str(path), str(path), _EXPORT)

    def _classify(self, text: str) -> NDArray[np.float32]:
        """Return the probabilities [labels] of a text that is not empty; their sum is one."""
        found = self._tokenizer.encode(text)
        columns = {
            "input_ids": found.ids,
            "attention_mask": found.attention_mask,
            "token_type_ids": found.type_ids,
        }
        feed = {name: np.array([columns[name]], np.int64) for name in self._inputs}
        try:
            logits = np.asarray(self._session.run(None, feed)[0], float)
        except Exception as error:  # onnxruntime raises its own kinds
            raise ModelError(
                f"the model in {self.options.folder} does not fit its tokenizer: {error}", _EXPORT
            ) from error
        if logits.shape != (1, len(self._labels)) or not np.isfinite(logits).all():
            raise ModelError(
                f"the model in {self.options.folder} answers {logits.shape}, not one number for "
                f"each of its {len(self._labels)} labels",
                _EXPORT,
            )
        if not self._several:
            return softmax(logits[0]).astype(np.float32)
        each = 1 / (1 + np.exp(-logits[0]))
        return (each / max(float(each.sum()), 1e-9)).astype(np.float32)  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Do nothing: no utterance depends on another."""

    def push(self, sample: Sample) -> list[Encoding]:
        """Return the encoding of an utterance, nothing if it holds no text."""
        return encode_utterance(sample, self._judge)

    def _judge(self, text: str, quality: float) -> tuple[Estimate, FloatArray]:
        found = self._classify(text)
        return emotion.from_labels(self._labels, found, quality), np.empty(0, np.float32)
