from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.io.layouts import kind_of, read_signal
from emo_music_ros.io.tables import picture_times


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
    assert picture_times(path) == [(0.5, tmp_path / "a.png"), (2.0, tmp_path / "b.png")]
    with pytest.raises(InputError, match="names no picture"):
        picture_times(written(tmp_path / "none.csv", "time_s,file\n"))


def test_rows_without_any_value_are_samples_too(tmp_path: Path):
    signal = read_signal(written(tmp_path / "eda.csv", "\ufeff# rate: 4\n1,2\n,\n\n3,4\n"), "eda")
    nan = np.nan
    np.testing.assert_array_equal(signal.values, np.array([[1, 2], [nan, nan], [3, 4]], np.float32))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"ppg\.csv cannot be read"):
        read_signal(tmp_path / "ppg.csv", "ppg")
