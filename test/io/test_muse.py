# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.io.layouts import kind_of, read_signal
from emo_music_ros.io.muse import MUSE_CHANNELS, read_muse

BEGIN = 1700000000.0
HEAD = "timestamps,TP9,AF7,AF8,TP10,Right AUX\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def recording(path: Path, stamps: np.ndarray) -> Path:
    rows = [f"{time:.4f},{i},{-i},,0.5,7" for i, time in enumerate(stamps)]
    return written(path, HEAD + "\n".join(rows) + "\n")


def test_muse(tmp_path: Path):
    rows = "".join(f"{1700000000 + i / 256:.4f},{i},{-i},,0.5\n" for i in range(512))
    path = written(tmp_path / "museMonitor.csv", "timestamps,TP9,AF7,AF8,TP10\n" + rows)
    assert kind_of(path) == "eeg"
    signal = read_signal(path, "eeg")
    assert signal.rate == 256.0
    assert signal.channels == ("TP9", "AF7", "AF8", "TP10")
    assert signal.begin == 1700000000.0
    assert np.isnan(signal.values[:, 2]).all()
    np.testing.assert_array_equal(signal.values[:, 0], np.arange(512))


def test_a_pause_is_a_gap_for_training_and_replay_alike(tmp_path: Path):
    stamps = BEGIN + np.arange(1024) / 256
    stamps[512:] += 100.0
    path = recording(tmp_path / "muse.csv", stamps)
    signal = read_signal(path, "eeg")
    assert signal.rate == 256.0
    assert signal.channels == MUSE_CHANNELS  # what is plugged in beside them is no electrode
    assert signal.runs == ((0, 0.0), (512, pytest.approx(102.0, abs=1e-3)))
    blocks = list(read_muse(path))
    np.testing.assert_array_equal(np.concatenate([b.samples for b in blocks]), signal.values)
    assert [block.time - BEGIN for block in blocks] == pytest.approx([0, 1, 102, 103], abs=1e-3)
    lost = round(100 * 256)
    assert [block.first_index for block in blocks] == [0, 256, 512 + lost, 768 + lost]


def test_packets_stamped_in_bunches_have_the_rate_of_the_device(tmp_path: Path):
    stamps = BEGIN + np.arange(1200) // 12 * 12 / 256
    blocks = list(read_muse(recording(tmp_path / "take.csv", stamps)))
    assert {block.rate for block in blocks} == {256.0}
    assert [block.first_index for block in blocks] == [0, 256, 512, 768, 1024]


def test_other_rates_and_times_from_a_start_are_kept(tmp_path: Path):
    path = recording(tmp_path / "muse.csv", np.arange(100) / 10)
    signal = read_signal(path, "eeg")
    assert signal.rate == pytest.approx(10.0)
    assert signal.begin == 0.0
    slow = recording(tmp_path / "slow.csv", np.arange(20.0))
    assert read_signal(slow, "eeg").rate == pytest.approx(1.0)


def test_other_signals_of_the_device_have_their_own_columns(tmp_path: Path):
    rows = "".join(f"{BEGIN + i / 64:.6f},{i},2,3\n" for i in range(128))
    path = written(tmp_path / "ppg.csv", "timestamps,PPG1,PPG2,PPG3\n" + rows)
    signal = read_signal(path, kind_of(path))
    assert signal.channels == ("PPG1", "PPG2", "PPG3")
    assert signal.rate == pytest.approx(64.0, rel=1e-3)


def test_rows_without_time_and_a_row_cut_short_are_left_out(tmp_path: Path):
    path = recording(tmp_path / "muse.csv", BEGIN + np.arange(256) / 256)
    with path.open("a") as file:
        file.write(",1,2,3,4,5\n17000000")
    assert len(read_signal(path, "eeg").values) == 256
    assert sum(len(block.samples) for block in read_muse(path)) == 256


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column timestamps, TP9, AF7, AF8, TP10"),
        ("timestamps,TP9,AF8,TP10\n1,2,3,4\n", "no column AF7$|no column AF7[.]"),
        (HEAD, "holds no samples"),
        (HEAD + "1,2,3,4,5,6\n", "holds no samples"),
        (HEAD + "1,2,3,4,5,6\n" * 9, "stand still"),
    ],
    ids=["empty", "column", "no rows", "one row", "one time"],
)
def test_unusable_files_are_named_with_the_cause(tmp_path: Path, text: str, words: str):
    path = written(tmp_path / "odd.csv", text)
    with pytest.raises(InputError, match=words) as caught:
        list(read_muse(path))
    assert "odd.csv" in caught.value.cause
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("begin", "scale", "words"),
    [
        (BEGIN * 1e3, 1e3, "unix time in milliseconds"),
        (BEGIN * 1e6, 1e6, "unix time in microseconds"),
        (0.0, 1e3, "in milliseconds"),
        (0.0, 1e6, "in microseconds"),
    ],
)
def test_stamps_in_other_units_are_found_out_and_told(tmp_path: Path, begin, scale, words):
    path = recording(tmp_path / "muse.csv", begin + np.arange(512) / 256 * scale)
    signal = read_signal(path, "eeg")
    assert signal.rate == 256.0
    assert signal.runs == ((0, 0.0),)
    assert signal.begin == pytest.approx(BEGIN if begin else 0.0)
    assert any(words in note for note in signal.notes)


def test_lines_left_out_are_counted(tmp_path: Path):
    path = recording(tmp_path / "muse.csv", BEGIN + np.arange(256) / 256)
    with path.open("a") as file:
        file.write(",1,2,3,4,5\n17000000")
    notes: list[str] = []
    assert sum(len(block.samples) for block in read_muse(path, notes=notes)) == 256
    assert "1 lines without a time" in " ".join(notes)
    assert "cut short" in " ".join(notes)
