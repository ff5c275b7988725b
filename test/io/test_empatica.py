# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.io.empatica import read_e4
from emo_music_ros.io.layouts import kind_of, read_signal

BEGIN = 1600000000.0


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text", "kind", "rate", "count", "first"),
    [
        ("BVP.csv", "1600000000.00\n64.000000\n-1.5\n2\n", "ppg", 64.0, 2, [-1.5]),
        ("EDA.csv", "1600000001.00\n4.000000\n0.5\n", "eda", 4.0, 1, [0.5]),
        ("TEMP.csv", "1600000000.00\n4.000000\n33.1\n", "temperature", 4.0, 1, [33.1]),
        (
            "ACC.csv",
            "1600000000.0,1600000000.0,1600000000.0\n32,32,32\n64,-32,0\n",
            "acceleration",
            32.0,
            1,
            [1.0, -0.5, 0.0],
        ),
    ],
)
def test_empatica_export(tmp_path: Path, name, text, kind, rate, count, first):
    path = written(tmp_path / name, text)
    signal = read_signal(path, kind_of(path))
    assert (signal.kind, signal.rate, len(signal.values)) == (kind, rate, count)
    np.testing.assert_allclose(signal.values[0], first)
    assert signal.begin >= 1600000000.0
    if kind == "acceleration":
        assert signal.channels == ("x", "y", "z")


def test_missing_values_are_nan_for_training_and_replay_alike(tmp_path: Path):
    written(tmp_path / "BVP.csv", f"{BEGIN}\n64.0\n1.0\nx\n\n3.0\n")
    written(tmp_path / "ACC.csv", f"{BEGIN},{BEGIN},{BEGIN}\n32,32,32\n64,,64\n64,-64\n")
    blocks = {block.kind: block for block in read_e4(tmp_path)}
    np.testing.assert_array_equal(blocks["ppg"].samples[:, 0], [1, np.nan, 3])
    np.testing.assert_array_equal(blocks["acceleration"].samples, [[1, np.nan, 1], [1, -1, np.nan]])
    for name, kind in (("BVP.csv", "ppg"), ("ACC.csv", "acceleration")):
        signal = read_signal(tmp_path / name, kind)
        np.testing.assert_array_equal(signal.values, blocks[kind].samples)
        assert (signal.begin, signal.rate) == (BEGIN, blocks[kind].rate)


def test_results_and_marks_of_an_export_are_left_out(tmp_path: Path):
    written(tmp_path / "EDA.csv", f"{BEGIN}\n4.0\n0.5\n")
    written(tmp_path / "IBI.csv", f"{BEGIN}, IBI\n1.5,0.8\n")
    written(tmp_path / "HR.csv", f"{BEGIN}\n1.0\n70\n")
    written(tmp_path / "tags.csv", f"{BEGIN}\n")
    assert {block.kind for block in read_e4(tmp_path)} == {"eda"}


@pytest.mark.parametrize("text", ["", f"{BEGIN}\n", f"{BEGIN}\n4.0\n", f"{BEGIN}\nnan\n1\n", "\0"])
def test_a_file_that_was_cut_short_is_named(tmp_path: Path, text: str):
    written(tmp_path / "BVP.csv", f"{BEGIN}\n64.0\n1.0\n")
    path = written(tmp_path / "EDA.csv", text)
    for read in (lambda: list(read_e4(tmp_path)), lambda: read_signal(path, "eda")):
        with pytest.raises(InputError, match=r"EDA\.csv") as caught:
            read()
        assert caught.value.remedy


def test_decimal_commas_and_milliseconds_are_read_and_told(tmp_path: Path):
    written(tmp_path / "BVP.csv", "1600000000,00\n64,000000\n-1,5\n2,25\n")
    written(tmp_path / "EDA.csv", "\ufeff1600000000500\r\n4.0\r\n0.5\r\n")
    written(tmp_path / "ACC.csv", f"{BEGIN};{BEGIN};{BEGIN}\n32;32;32\n64;-64;0\n64;;")
    notes: list[str] = []
    blocks = {block.kind: block for block in read_e4(tmp_path, notes=notes)}
    assert blocks["ppg"].samples[:, 0].tolist() == [-1.5, 2.25]
    assert blocks["ppg"].rate == 64
    assert blocks["eda"].time == pytest.approx(BEGIN + 0.5)
    assert blocks["acceleration"].samples[0].tolist() == [1, -1, 0]
    assert len(notes) == 2
    assert any("BVP.csv" in note and "comma" in note for note in notes)
    assert any("EDA.csv" in note and "milliseconds" in note for note in notes)
