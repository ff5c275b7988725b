# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What encoders said comes out of a recording as it went in; what is damaged is named."""

import math

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="rosbags is not installed")
pytest.importorskip("mcap", reason="mcap is not installed")

from encoded import record

from emo_music_ros.errors import InputError
from emo_music_ros.io.encodings import read_encodings
from emo_music_ros.io.mcap_writer import McapWriter
from emo_music_ros.streams import Encoding, Estimate


def said(time, probabilities=(0.75, 0.25), modality="face", valence=0.5):
    estimate = Estimate(
        ("calm", "stress"), np.array(probabilities, np.float32), valence, math.nan, math.nan,
        0.6, 0.9, ("calm",),
    )  # fmt: skip
    features = {"rate": 60.0}
    return Encoding(
        modality, time, time - 0.5, estimate, np.ones(3, np.float32), features, "live:x", "ada"
    )


def test_encodings_come_back(tmp_path):
    path = tmp_path / "one.mcap"
    given = [said(0.0), said(1.5, modality="speech"), said(2.0)]
    record(path, given)
    found = list(read_encodings([path]))
    assert [one.modality for one in found] == ["face", "speech", "face"]
    for one, other in zip(found, given):
        assert one.time == pytest.approx(other.time, abs=1e-6)
        assert one.window_start == pytest.approx(other.window_start, abs=1e-6)
        assert (one.features, one.source, one.person_id) == (
            other.features, other.source, other.person_id,
        )  # fmt: skip
        assert one.estimate.labels == other.estimate.labels
        np.testing.assert_array_equal(one.estimate.probabilities, other.estimate.probabilities)
        assert one.estimate.credible == ("calm",)


def test_values_that_cannot_be_are_unknown(tmp_path):
    path = tmp_path / "one.mcap"
    record(path, [said(0.0, (math.nan, 1.0), valence=7.0)])
    (found,) = read_encodings([path])
    assert not len(found.estimate.probabilities)
    assert math.isnan(found.estimate.valence)


def test_a_recording_without_encodings_says_so(tmp_path):
    path = tmp_path / "one.mcap"
    writer = McapWriter(path)
    writer.write("/emotion", "std_msgs/msg/String", "string data", b"", 1)
    writer.close()
    with pytest.raises(InputError, match=r"no encoder said anything in one\.mcap"):
        list(read_encodings([path]))


def test_a_cut_recording_gives_what_it_has(tmp_path):
    path = tmp_path / "one.mcap"
    record(path, [said(0.1 * place) for place in range(2000)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found: list[Encoding] = []
    with pytest.raises(InputError, match="is damaged"):
        found.extend(read_encodings([path]))
    assert 0 < len(found) < 2000
