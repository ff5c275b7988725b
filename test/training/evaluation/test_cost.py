"""The time of one answer."""

from __future__ import annotations

from emo_music_ros.training.evaluation.cost import latency


def test_latency_is_measured_in_order():
    middle, late = latency(lambda: None, seconds=0.01)
    assert 0 <= middle <= late
