# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The loader of VGMIDI, on a folder in its published format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emo_music_ros import emotion
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import vgmidi

ROWS = [
    ("A_N64_A_x_0", 1, -1),
    ("A_N64_A_y_0", -1, 1),
    ("B_NES_B_z_1", 1, 1),
    ("C_PS1_C_0", -1, -1),
]
HEADER = "file,piece,game,valence,arousal\n"


def write(folder: Path, header: str = HEADER, rows: Any = ROWS) -> Path:
    """A folder as it is published: four phrases, one piece with four listeners."""
    (folder / "phrases").mkdir()
    (folder / "pieces").mkdir()
    lines = [f"phrases/{name}.mid,x,A,{valence},{arousal}\n" for name, valence, arousal in rows]
    (folder / "labels.csv").write_text(header + "".join(lines), "utf-8")
    for name, *_ in rows:
        (folder / "phrases" / f"{name}.mid").write_bytes(b"MThd")
    (folder / "pieces" / "B_N64_B_x.mid").write_bytes(b"MThd")
    listener = {
        "age": "21-25",
        "gender": "Female",
        "valence": [0.0, 0.5, 1.0],
        "arousal": [-1.0] * 3,
    }
    older = {"age": "61-65", "gender": "Male", "valence": [1.0, 0.5, 0.0], "arousal": [1.0, 1.0]}
    content = {
        "pieces": {"p": {"name": "x", "midi": "B_N64_B_x.mid", "duration": 30, "measures": 3}},
        "listeners": {"p": [listener, listener, older]},
    }
    (folder / "listeners.json").write_text(json.dumps(content), "utf-8")
    return folder


def test_phrases(tmp_path: Path) -> None:
    corpus = vgmidi.load(write(tmp_path))
    assert [corpus.classes[label] for label in corpus.labels] == [
        "relaxed",
        "angry",
        "happy",
        "sad",
    ]
    assert corpus.classes == emotion.QUADRANTS
    assert corpus.people.tolist() == ["A", "A", "B", "C"]
    assert (corpus.unit, corpus.count) == ("series", 3)
    assert corpus.items[2] == tmp_path / "phrases" / "B_NES_B_z_1.mid"


def test_pieces(tmp_path: Path) -> None:
    pieces = vgmidi.load_pieces(write(tmp_path))
    assert pieces.listeners == 3
    assert pieces.series.tolist() == ["B"]
    assert pieces.durations == [30.0]
    np.testing.assert_allclose(pieces.ratings[0][:, 0], [1 / 3, 0.5, 2 / 3])
    # The last measure was rated by two only.
    np.testing.assert_allclose(pieces.ratings[0][:, 1], [-1 / 3, -1 / 3, -1])
    assert np.isnan(pieces.groups["listeners from 55 years"][0]).all()  # one is too few
    assert np.isnan(pieces.groups["men"][0]).all()
    np.testing.assert_allclose(pieces.groups["women"][0][:, 0], [0.0, 0.5, 1.0])


def test_two_older_listeners_are_a_mean(tmp_path: Path) -> None:
    write(tmp_path)
    content = json.loads((tmp_path / "listeners.json").read_text("utf-8"))
    content["listeners"]["p"][0]["age"] = "71-75"
    (tmp_path / "listeners.json").write_text(json.dumps(content), "utf-8")
    older = vgmidi.load_pieces(tmp_path).groups["listeners from 55 years"][0]
    np.testing.assert_allclose(older[:, 0], [0.5, 0.5, 0.5])


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        ("file,valence\n", ROWS, "row 1"),
        (HEADER, [*ROWS[:2], ("B_0", 0, 1)], "row 3"),
        (HEADER, [], "holds no phrase"),
    ],
)
def test_odd_labels_are_named(tmp_path: Path, header: str, rows: Any, said: str) -> None:
    write(tmp_path, header, rows)
    with pytest.raises(InputError, match=said):
        vgmidi.load(tmp_path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="labels.csv"):
        vgmidi.load(tmp_path)
    with pytest.raises(InputError, match="listeners.json"):
        vgmidi.load_pieces(tmp_path)
    write(tmp_path)
    (tmp_path / "phrases" / "A_N64_A_y_0.mid").unlink()
    with pytest.raises(InputError, match="A_N64_A_y_0"):
        vgmidi.load(tmp_path)
    (tmp_path / "pieces" / "B_N64_B_x.mid").unlink()
    with pytest.raises(InputError, match="B_N64_B_x"):
        vgmidi.load_pieces(tmp_path)


@pytest.mark.parametrize("content", ["{", "{}", '{"pieces": {"p": {}}, "listeners": {}}'])
def test_truncated_listeners_are_named(tmp_path: Path, content: str) -> None:
    write(tmp_path)
    (tmp_path / "listeners.json").write_text(content, "utf-8")
    with pytest.raises(InputError, match="listeners.json"):
        vgmidi.load_pieces(tmp_path)
