# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.io.signals import Signal
from emo_music_ros.sensing.lanes import signal_lane, text_lane
from emo_music_ros.sensing.recording import end_of


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


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


def test_a_gap_of_a_signal_is_a_gap_of_its_lane():
    values = np.arange(30, dtype=np.float32)[:, None]
    signal = Signal("eeg", values, 10.0, ("TP9",), "uV", runs=((0, 0.0), (10, 4.0), (25, 5.0)))
    blocks = list(signal_lane(signal, 2.0, "s").samples())
    np.testing.assert_array_equal(np.concatenate([b.samples for b in blocks]), values)
    found = {int(b.samples[0, 0]): (b.first_index, b.time) for b in blocks}
    assert found[0] == (0, 2.0)
    assert found[9] == (9, pytest.approx(2.9))
    assert found[10] == (40, pytest.approx(6.0))
    # The clock was set back by half a second: the samples are counted on.
    assert found[25] == (55, pytest.approx(7.0))
