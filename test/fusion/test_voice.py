# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What arrives late or in another order changes nothing within the lateness window."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.emotion import EKMAN, FER2013, STATES, from_labels
from emo_music_ros.errors import OptionError
from emo_music_ros.fusion.classes import FLOOR
from emo_music_ros.fusion.strategies import LogPoolFusion
from emo_music_ros.fusion.timeline import Timeline, TimelineOptions, stale_after
from emo_music_ros.fusion.voice import LATENESS, Voice
from emo_music_ros.states import states_from
from emo_music_ros.streams import Encoding

SMOOTHING, STALE = 4.0, 15.0


def encoding(time, word="sadness", share=0.7, labels=FER2013, modality="face", quality=1.0):
    rest = (1 - share) / (len(labels) - 1)
    masses = np.array([share if one == word else rest for one in labels])
    return Encoding(modality, time, time, from_labels(labels, masses, quality), np.zeros(0))


def told(encodings):
    voice = Voice()
    for one in encodings:
        voice.add(one, states_from(one.estimate), SMOOTHING, STALE)
    return voice


MOMENTS = st.lists(
    st.tuples(
        st.floats(0, 30).map(lambda time: round(time, 2)),
        st.sampled_from(FER2013),
        st.floats(0.2, 0.95),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda moment: moment[0],
)


@settings(max_examples=100, deadline=None)
@given(MOMENTS, st.data())
def test_the_order_of_arrival_within_the_window_means_nothing(moments, data):
    ordered = [encoding(*moment) for moment in sorted(moments)]
    # Each comes at most LATENESS after its time, as measured by the times themselves.
    delays = [data.draw(st.floats(0, LATENESS * 0.99)) for _ in ordered]
    arrived = [one for _, _, one in sorted(
        (one.time + delay, index, one) for index, (one, delay) in enumerate(zip(ordered, delays))
    )]  # fmt: skip
    first, second = told(ordered).evidence(0.0), told(arrived).evidence(0.0)
    assert first.encoding.time == second.encoding.time
    for name in ("probabilities", "valence", "arousal", "confidence", "quality"):
        assert getattr(second.encoding.estimate, name) == pytest.approx(
            getattr(first.encoding.estimate, name), abs=1e-6
        )
    assert second.classes.probabilities == pytest.approx(first.classes.probabilities, abs=1e-6)


@given(MOMENTS)
@settings(max_examples=60, deadline=None)
def test_a_message_that_comes_twice_counts_once(moments):
    ordered = [encoding(*moment) for moment in sorted(moments)]
    twice = [one for each in ordered for one in (each, each)]
    first, second = told(ordered).evidence(0.0), told(twice).evidence(0.0)
    assert second.encoding.estimate.probabilities == pytest.approx(
        first.encoding.estimate.probabilities
    )


def test_words_are_multiplied_by_hand():
    voice = told([encoding(0.0, "sadness", 0.6), encoding(0.0, "fear", 0.6)])
    logs = [
        np.log(np.maximum(encoding(0.0, word, 0.6).estimate.probabilities, FLOOR))
        for word in ("sadness", "fear")
    ]
    masses = np.exp(np.mean(logs, axis=0))
    found = voice.evidence(0.0).classes
    assert found.labels == FER2013
    assert found.probabilities == pytest.approx(masses / masses.sum(), abs=1e-5)


def test_words_of_another_vocabulary_begin_anew():
    voice = told([encoding(0.0, "sadness"), encoding(1.0, "fear", labels=EKMAN)])
    found = voice.evidence(0.0).classes
    assert found.labels == EKMAN
    assert found.probabilities == pytest.approx(
        encoding(1.0, "fear", labels=EKMAN).estimate.probabilities, abs=1e-5
    )


def test_memory_does_not_grow():
    voice = told([encoding(time / 15) for time in range(400)])
    assert len(voice._recent) <= LATENESS * 15 + 2


def test_the_recent_past_is_corrected():
    line = Timeline(LogPoolFusion(), "logpool")
    line.add(encoding(10.0, "happiness", 0.4))
    assert line.step(10.0).state == "positive"
    line.add(encoding(9.5, "sadness", 0.95))
    line.add(encoding(9.6, "sadness", 0.95))
    assert line.step(10.1).state == "depression"


def test_a_further_modality_is_fused_and_grows_old():
    options = TimelineOptions(others="gait=3")
    line = Timeline(LogPoolFusion(), "logpool", options)
    assert line.add(encoding(1.0, modality="gait"))
    assert line.mask(3.9)[-1]
    assert not line.mask(4.1)[-1]
    assert stale_after(options)["gait"] == 3.0
    assert not Timeline(LogPoolFusion(), "logpool").add(encoding(1.0, modality="gait"))


@pytest.mark.parametrize("bad", ["gait", "gait=x", "=3", "face=3", "music=3", "a b=3", "gait=0"])
def test_a_further_modality_is_a_new_name_and_a_time(bad):
    with pytest.raises(OptionError, match="further modality"):
        Timeline(LogPoolFusion(), "logpool", TimelineOptions(others=bad))


def test_what_says_nothing_of_valence_leaves_it_unknown():
    one = encoding(0.0, labels=STATES, word="anxiety")
    said = one.estimate
    nan = Encoding("face", 0.0, 0.0, type(said)(said.labels, said.probabilities, math.nan, 0.5,
                   math.nan, 0.5), np.zeros(0))  # fmt: skip
    found = told([nan]).evidence(0.0).encoding.estimate
    assert math.isnan(found.valence)
    assert found.arousal == pytest.approx(0.5)
