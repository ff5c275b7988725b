from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.sensing.recording import end_of
from emo_music_ros.sensing.tables import (
    Signal,
    kind_of,
    picture_times,
    read_signal,
    signal_lane,
    text_lane,
)


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


@settings(deadline=None)
@given(st.integers(1, 400), st.sampled_from([1.0, 4.0, 25.0, 64.0, 256.0]), st.floats(0, 100))
def test_blocks_of_a_signal_join_to_the_signal(count, rate, start):
    values = np.arange(count, dtype=np.float32)[:, None]
    blocks = list(signal_lane(Signal("ppg", values, rate, ("ppg",), "a.u."), start, "s").samples())
    np.testing.assert_array_equal(np.concatenate([b.samples for b in blocks]), values)
    index = 0
    for block in blocks:
        assert block.first_index == index
        assert block.time == pytest.approx(start + index / rate)
        assert block.units == ("a.u.",)
        index += len(block.samples)
    assert end_of(blocks[-1]) == pytest.approx(start + count / rate)
    longest = max(len(block.samples) for block in blocks)
    assert longest == 1 or longest / rate <= 0.06


@pytest.mark.parametrize("separator", ["\t", ","])
def test_text_with_times(tmp_path: Path, separator):
    text = f"time_s{separator}text\n2.5{separator}我很好\n1{separator}Well, it is\nnonsense\n-1,x\n"
    path = written(tmp_path / "text.txt", text + "3," + '"quoted, yes"\n')
    got = list(text_lane(path, "recorded:text.txt").samples())
    assert [u.time for u in got] == [1.0, 2.5, 3.0]
    assert [u.text for u in got] == ["Well, it is", "我很好", "quoted, yes"] or separator == ","
    assert [u.language for u in got] == ["en", "zh", "en"]
    assert got[0].text.startswith("Well,")
    assert got[2].text == "quoted, yes"


def test_text_without_a_time_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no line"):
        text_lane(written(tmp_path / "text.txt", "hello\n"), "")


def test_picture_times(tmp_path: Path):
    path = written(tmp_path / "images.csv", "time_s,file\n2,b.png\n0.5,a.png\nx,c.png\n")
    assert picture_times(path) == [(0.5, tmp_path / "a.png"), (2.0, tmp_path / "b.png")]
    with pytest.raises(InputError, match="names no picture"):
        picture_times(written(tmp_path / "none.csv", "time_s,file\n"))
