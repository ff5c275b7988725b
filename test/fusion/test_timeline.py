# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.emotion import STATES, from_labels, unknown
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.fusion.timeline import MODALITIES, STALE_AFTER, Timeline, TimelineOptions
from emo_music_ros.fusion.voice import LATENESS
from emo_music_ros.streams import Encoding

HAPPY = [0.94, 0.02, 0.02, 0.02]
LOW = [0.02, 0.02, 0.02, 0.94]


def encoding(modality, time, probabilities):
    return Encoding(modality, time, time, from_labels(STATES, np.array(probabilities)), np.zeros(1))


def timeline(**options):
    return Timeline(LogPoolFusion(), "weighted", TimelineOptions(**options))


def test_nothing_seen_is_unknown():
    emotion = timeline().step(10.0, "ada")
    assert emotion.state == "unknown"
    assert emotion.uncertainty == 1.0
    assert emotion.contributions == ()
    assert emotion.person_id == "ada"
    assert emotion.time == 10.0


def test_state_follows_the_evidence_and_carries_its_time():
    line = timeline(smoothing=0.0)
    line.add(encoding("face", 9.8, HAPPY))
    emotion = line.step(10.0)
    assert emotion.state == "positive"
    assert emotion.time == 9.8
    assert [part.modality for part in emotion.contributions] == ["face"]
    assert emotion.contributions[0].age == pytest.approx(0.2)
    assert emotion.contributions[0].weight == pytest.approx(1.0)


@pytest.mark.parametrize("modality", MODALITIES)
def test_stale_modality_leaves_the_mask_and_then_all_is_unknown(modality):
    line = timeline(smoothing=0.0)
    line.add(encoding(modality, 0.0, HAPPY))
    limit = STALE_AFTER[modality]
    assert line.mask(limit)[MODALITIES.index(modality)]
    assert not line.mask(limit + 0.01).any()
    assert line.step(limit + 0.01).state == "unknown"


def test_uncertainty_grows_while_a_modality_ages():
    line = timeline(smoothing=0.0)
    line.add(encoding("text", 0.0, HAPPY))
    spread = [line.step(time).uncertainty for time in np.arange(0, 30, 2.0)]
    assert spread == sorted(spread)


def test_smoothing_bridges_one_outlier_but_follows_a_change():
    line = timeline(smoothing=2.0)
    for step in range(40):
        line.add(encoding("face", step * 0.25, HAPPY))
        assert line.step(step * 0.25).state == "positive"
    line.add(encoding("face", 10.0, LOW))
    assert line.step(10.0).state == "positive"
    for step in range(40):
        line.add(encoding("face", 10.25 + step * 0.25, LOW))
        emotion = line.step(10.25 + step * 0.25)
    assert emotion.state == "depression"


def test_a_late_encoding_does_not_replace_a_newer_one():
    line = timeline(smoothing=0.0)
    assert line.add(encoding("face", 5.0, HAPPY))
    assert line.add(encoding("face", 4.0, LOW))
    assert line.step(5.0).state == "positive"
    assert not line.add(encoding("face", 5.0 - LATENESS - 0.01, LOW))
    assert not line.add(encoding("face", float("nan"), LOW))
    assert line.step(5.0).state == "positive"


def test_estimate_that_says_nothing_counts_nothing():
    line = timeline()
    line.add(Encoding("face", 1.0, 1.0, unknown(), np.zeros(1)))
    emotion = line.step(1.0)
    assert emotion.state == "unknown"
    assert emotion.contributions == ()
    assert not emotion.present


@given(
    st.lists(
        st.tuples(st.sampled_from(MODALITIES), st.floats(0, 60), st.sampled_from([HAPPY, LOW])),
        max_size=30,
    ),
    st.sampled_from([0.1, 0.25, 1.0]),
)
def test_any_order_of_arrival_gives_a_sound_state(arrivals, step):
    line = timeline()
    pending = sorted(arrivals, key=lambda item: item[1])
    for now in np.arange(0, 70, step * 10):
        while pending and pending[0][1] <= now:
            modality, time, row = pending.pop(0)
            line.add(encoding(modality, time, row))
        emotion = line.step(float(now))
        assert 0 <= emotion.uncertainty <= 1
        weights = sum(part.weight for part in emotion.contributions)
        assert weights == pytest.approx(1) or (weights == 0 and emotion.state == "unknown")


def test_the_order_in_which_modalities_arrive_does_not_matter():
    parts = [encoding("face", 1.0, HAPPY), encoding("speech", 0.5, LOW), encoding("text", 0.2, LOW)]
    results = []
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        line = timeline()
        for index in order:
            line.add(parts[index])
        results.append(line.step(1.2))
    assert results[0].state == results[1].state == results[2].state
    np.testing.assert_allclose(results[0].estimate.probabilities, results[1].estimate.probabilities)
