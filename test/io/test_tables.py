# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.io.layouts import kind_of, read_signal
from emo_music_ros.io.tables import picture_times, timed_texts


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_csv_with_rate_and_unit(tmp_path: Path):
    path = written(
        tmp_path / "eda.csv", "# rate: 4\n# unit: uS\nleft,right\n1,2\n3,nan\n,5\nx,6\n7\n"
    )
    signal = read_signal(path, kind_of(path))
    assert (signal.kind, signal.rate, signal.unit) == ("eda", 4.0, "uS")
    assert signal.channels == ("left", "right")
    nan = np.nan
    expected = [[1, 2], [3, nan], [nan, 5], [nan, 6], [7, nan]]
    np.testing.assert_array_equal(signal.values, np.array(expected, np.float32))


def test_csv_without_channel_names(tmp_path: Path):
    signal = read_signal(written(tmp_path / "ppg.csv", "# rate: 64\n1\n2\n"), "ppg")
    assert signal.channels == ("ppg1",)
    assert signal.unit == "a.u."
    assert len(signal.values) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ppg\n1\n2\n",
        "# rate: 0\nppg\n1\n",
        "# rate: fast\n1\n",
        "# rate: 64\nppg\n",
        "timestamps,a\n1,2\n",
        "\x00\x00\x01",
    ],
)
def test_unusable_csv_is_named(tmp_path: Path, text):
    path = written(tmp_path / "ppg.csv", text)
    with pytest.raises(InputError, match="ppg.csv"):
        read_signal(path, "ppg")


def test_picture_times(tmp_path: Path):
    path = written(tmp_path / "images.csv", "time_s,file\n2,b.png\n0.5,a.png\nx,c.png\n")
    assert picture_times(path).entries == [(0.5, tmp_path / "a.png"), (2.0, tmp_path / "b.png")]
    with pytest.raises(InputError, match="names no picture"):
        picture_times(written(tmp_path / "none.csv", "time_s,file\n"))


def test_rows_without_any_value_are_samples_too(tmp_path: Path):
    signal = read_signal(written(tmp_path / "eda.csv", "\ufeff# rate: 4\n1,2\n,\n\n3,4\n"), "eda")
    nan = np.nan
    np.testing.assert_array_equal(signal.values, np.array([[1, 2], [nan, nan], [3, 4]], np.float32))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"ppg\.csv cannot be read"):
        read_signal(tmp_path / "ppg.csv", "ppg")


def signal_of(folder: Path, text: str | bytes, name: str = "eda.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_signal(path, kind_of(path))


PLAIN = "# rate: 4\nleft,right\n0.5,1\n-1.25,2\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", ";").replace(".", ",").encode(),
        PLAIN.replace(",", "\t").replace(".", ",").encode("utf-16"),
        PLAIN.removesuffix("\n").encode(),
    ],
)
def test_however_a_spreadsheet_writes_it_the_numbers_are_the_same(tmp_path: Path, text: bytes):
    signal = signal_of(tmp_path, text)
    assert signal.channels == ("left", "right")
    np.testing.assert_array_equal(signal.values, np.array([[0.5, 1], [-1.25, 2]], np.float32))
    assert bool(signal.notes) == (b"0,5" in text.replace(b"\0", b""))


def test_a_decimal_comma_of_one_channel_is_none_between_two(tmp_path: Path):
    one = signal_of(tmp_path, "# rate: 4,0\neda\n0,5\n1,25\n")
    assert one.values.tolist() == [[0.5], [1.25]]
    assert "comma" in one.notes[0]
    two = signal_of(tmp_path, "# rate: 4\n0,5\n1,25\n")
    assert two.values.tolist() == [[0, 5], [1, 25]]
    assert not two.notes


def test_bad_lines_are_counted_and_named_and_the_rest_is_used(tmp_path: Path):
    rows = ["1,2"] * 50
    rows[20] = "oops" * 5000 + ",2"
    signal = signal_of(tmp_path, "# rate: 4\na,b\n" + "\n".join(rows) + "\n3")
    assert len(signal.values) == 51
    assert np.isnan(signal.values[20, 0])
    assert signal.values[50, 0] == 3
    (note,) = signal.notes
    assert "2 of 51 lines" in note
    assert "line 23" in note
    assert len(note) < 300


def test_a_unit_of_a_file_is_converted_or_refused(tmp_path: Path):
    signal = signal_of(tmp_path, "# rate: 4\n# unit: kohm\n100\n50\n")
    assert signal.values[:, 0].tolist() == [10, 20]
    assert signal.unit == "uS"
    assert "kohm" in signal.notes[0]
    with pytest.raises(InputError, match="furlong"):
        signal_of(tmp_path, "# rate: 4\n# unit: furlong\n100\n")


def test_a_pipe_is_no_table(tmp_path: Path):
    os.mkfifo(tmp_path / "eda.csv")
    with pytest.raises(InputError, match="pipe"):
        read_signal(tmp_path / "eda.csv", "eda")
    assert kind_of(tmp_path / "other.csv") == ""


def test_texts_with_unix_times_begin_at_the_first(tmp_path: Path):
    path = written(
        tmp_path / "text.tsv",
        "time\ttext\n1700000000500\tlate\u2028still\n1700000000000\tnow\nx\tlost\n\n",
    )
    found = timed_texts(path)
    assert found.entries == [(0.0, "now"), (0.5, "late\u2028still")]
    assert len(found.notes) == 2
    assert "1 lines" in found.notes[0]
    assert "line 4" in found.notes[0]
    assert "milliseconds" in found.notes[1]


def test_pictures_without_a_time_are_told(tmp_path: Path):
    found = picture_times(written(tmp_path / "images.csv", "time_s,file\n1,a.png\nx,b.png\n2\n"))
    assert found.entries == [(1.0, tmp_path / "a.png")]
    assert "2 lines" in found.notes[0]
    assert "line 3" in found.notes[0]
