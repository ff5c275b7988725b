"""The interaction encoder: what acts say, how little it is trusted, and that it forgets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros import emotion
from emo_music_ros.encoding.base import Encoder
from emo_music_ros.encoding.interaction import (
    ACTIONS,
    FEATURES,
    LARGEST_VALENCE,
    InteractionEncoder,
)
from emo_music_ros.errors import OptionError
from emo_music_ros.options import build
from emo_music_ros.streams import Interaction, Utterance


def run(*events, **options):
    encoder = InteractionEncoder(build(InteractionEncoder.Options, options))
    found = []
    for event in events:
        found += encoder.push(event)
    return found


def act(time, action, value=0.0, position=0.0, track="a", person=""):
    return Interaction(time, action, track, value, position, person, "live:dashboard")


def test_is_an_encoder():
    assert isinstance(InteractionEncoder(), Encoder)


def test_a_report_of_the_player_alone_says_nothing_about_mood():
    (found,) = run(act(0.0, "track_started"))
    assert len(found.estimate.probabilities) == 0
    assert found.estimate.confidence == 0.0
    assert found.features["behaviour_frequency"] == 0.0
    assert math.isnan(found.features["skip_rate"])


@pytest.mark.parametrize(
    ("event", "sign"),
    [
        (act(10.0, "rate", 1.0), 1),
        (act(10.0, "rate", -1.0), -1),
        (act(10.0, "repeat"), 1),
        (act(10.0, "next", position=5.0), -1),
        (act(10.0, "track_finished", position=90.0), 1),
        (act(10.0, "select"), 1),
        (act(10.0, "stop"), -1),
    ],
)
def test_sign_of_the_evidence(event, sign):
    found = run(act(0.0, "track_started"), event)[-1].estimate
    assert np.sign(found.valence) == sign
    assert np.isnan([found.arousal, found.dominance]).all()
    assert found.probabilities.sum() == pytest.approx(1.0)
    states = emotion.states_from(found)
    assert np.sign(states[0] + states[1] - states[2] - states[3]) == sign


def test_an_early_skip_says_more_than_a_late_one():
    early = run(act(0.0, "next", position=3.0))[-1].estimate.valence
    late = run(act(0.0, "next", position=110.0))[-1].estimate.valence
    assert early < late <= 0


def test_length_of_a_track_is_learned_when_it_is_heard_to_its_end():
    found = run(
        act(0.0, "track_finished", position=40.0), act(50.0, "next", position=20.0), memory=86400.0
    )
    assert found[-1].features["dwell_share"] == pytest.approx(0.75, abs=0.001)


def test_features_of_a_short_history():
    found = run(
        act(0.0, "track_started"),
        act(30.0, "volume", 0.5),
        act(40.0, "rate", 0.5),
        act(60.0, "track_finished", position=60.0),
        act(61.0, "track_started", track="b"),
        act(71.0, "next", track="b", position=10.0),
        memory=86400.0,
    )[-1].features
    assert found["response_latency"] == pytest.approx(20.0, abs=0.1)
    assert found["skip_rate"] == pytest.approx(0.5, abs=0.01)
    assert found["mean_rating"] == pytest.approx(0.5)
    assert found["behaviour_frequency"] == pytest.approx(3 * 60 / 72, rel=0.01)
    assert found["engagement"] > 0.5
    assert found["repeats"] == 0.0


def test_old_acts_are_forgotten():
    liked = [act(float(i), "rate", 1.0) for i in range(5)]
    fresh = run(*liked, act(10.0, "volume"))[-1].estimate
    old = run(*liked, act(2500.0, "volume"))[-1].estimate
    assert fresh.valence > 3 * old.valence > 0
    assert fresh.confidence > 3 * old.confidence
    gone = run(*liked, act(4000.0, "volume"))[-1].estimate
    assert len(gone.probabilities) == 0


def test_more_evidence_more_confidence_but_never_much():
    found = run(*[act(float(i), "rate", 1.0) for i in range(200)])
    confidences = [each.estimate.confidence for each in found]
    assert confidences == sorted(confidences)
    assert confidences[-1] <= 0.3
    assert found[-1].estimate.valence == pytest.approx(LARGEST_VALENCE)


def test_another_person_starts_anew():
    found = run(act(0.0, "rate", 1.0, person="ann"), act(1.0, "volume", person="bob"))
    assert len(found[-1].estimate.probabilities) == 0
    assert found[-1].person_id == "bob"
    same = run(act(0.0, "rate", 1.0, person="ann"), act(1.0, "track_started"))
    assert same[-1].estimate.valence > 0


def test_reset_forgets():
    encoder = InteractionEncoder()
    encoder.push(act(0.0, "rate", 1.0))
    encoder.reset()
    (found,) = encoder.push(act(1.0, "volume"))
    assert found.estimate.confidence == 0.0


@given(
    st.lists(
        st.builds(
            Interaction,
            st.floats(),
            st.sampled_from([*sorted(ACTIONS), "dance", ""]),
            st.sampled_from(["", "a", "b"]),
            st.floats(),
            st.floats(),
            st.sampled_from(["", "ann", "bob"]),
        ),
        max_size=30,
    )
)
def test_nothing_makes_it_raise_or_give_nan(events):
    encoder = InteractionEncoder()
    for event in events:
        for found in encoder.push(event):
            assert math.isfinite(event.time)
            assert np.isfinite(found.embedding).all()
            assert len(found.embedding) == len(FEATURES)
            assert np.isfinite(found.estimate.probabilities).all()
            assert 0 <= found.estimate.confidence <= 0.3
            assert 0 <= found.features["engagement"] <= 1


def test_other_samples_and_acts_are_left_alone():
    assert InteractionEncoder().push(Utterance(0.0, "next, please")) == []
    assert run(act(0.0, "dance")) == []


def test_confidence_cannot_be_set_high():
    with pytest.raises(OptionError, match="largest_confidence"):
        build(InteractionEncoder.Options, {"largest_confidence": 0.9})
