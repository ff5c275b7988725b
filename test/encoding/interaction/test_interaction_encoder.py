# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The interaction encoder: what acts say, how little it is trusted, and that it forgets."""

from __future__ import annotations

import math
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros import states as state_evidence
from emo_music_ros.encoding.interaction.encoder import (
    FEATURES,
    LARGEST_VALENCE,
    PREFERENCES,
    PRIOR,
    InteractionEncoder,
    preference_vector,
)
from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.errors import OptionError
from emo_music_ros.options import build
from emo_music_ros.streams import ACTS, REPORTS, Interaction, Utterance


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
    states = state_evidence.states_from(found)
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


def test_every_quantity_by_hand():
    """Memory 100 s; at 100 s an act of t seconds weighs exp((t - 100) / 100)."""
    encoder = InteractionEncoder(build(InteractionEncoder.Options, {"memory": 100.0}))
    for event in (
        act(0.0, "track_started", track="a"),
        act(20.0, "rate", 0.5, 20.0, track="a"),
        act(40.0, "next", 0.0, 40.0, track="a"),
        act(40.5, "track_started", track="b"),
        act(90.5, "repeat", track="b"),
    ):
        encoder.push(event)
    (found,) = encoder.push(act(100.0, "track_finished", position=60.0, track="b"))
    w20, w40, w90, w100 = (math.exp((t - 100) / 100) for t in (20, 40, 90.5, 100))
    filled = 100 * (1 - math.exp(-101 / 100))
    frequency = 60 * (w20 + w40 + w90) / filled
    skip = -(1 - 40 / 120)  # of a track whose length is not known: 120 s
    evidence = w20 + w40 + w90 + w100
    liking = (0.5 * w20 + skip * w40 + 1.0 * w90 + 0.3 * w100) / (evidence + PRIOR)
    golden = {
        "behaviour_frequency": frequency,
        # The rating came 20 s after the first track, the repeat 50 s after the second.
        "response_latency": (20 * w20 + 50 * w90) / (w20 + w90),
        "dwell_share": (40 / 120 * w40 + 1.0 * w100) / (w40 + w100),
        "skip_rate": w40 / (w40 + w100),
        "repeats": w90,
        "mean_rating": 0.5,
        "liking": liking,
        "engagement": frequency / (frequency + 1.0),
    }
    assert found.features == pytest.approx(golden, rel=1e-6)
    assert found.estimate.valence == pytest.approx(liking)
    assert found.estimate.probabilities[0] == pytest.approx(0.5 + liking / 2)
    assert found.estimate.confidence == pytest.approx(0.3 * evidence / (evidence + PRIOR))
    preferences = encoder.preferences()
    assert preferences == pytest.approx(
        {
            "a": (0.5 * w20 + skip * w40) / (w20 + w40 + PRIOR),
            "b": (1.0 * w90 + 0.3 * w100) / (w90 + w100 + PRIOR),
        }
    )
    scales = (10, 120, 1, 1, 5, 1, 1, 1)
    np.testing.assert_allclose(
        found.embedding[: len(FEATURES)],
        [golden[n] / s for n, s in zip(FEATURES, scales)],
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        found.embedding[len(FEATURES) :], preference_vector(preferences), rtol=1e-5
    )
    assert (found.window_start, found.time) == (0.0, 100.0)


def test_preference_vector_by_hand():
    codes = {track: zlib.crc32(track.encode()) for track in ("a", "b", "c", "d", "e", "f")}
    liking = dict(zip(codes, (0.5, -0.2, 0.1, 0.9, -1.0, 0.3)))
    golden = np.zeros(PREFERENCES)
    for place in range(PREFERENCES):
        here = [track for track in codes if codes[track] % PREFERENCES == place]
        signed = [liking[track] * (1 if codes[track] >= 2**31 else -1) for track in here]
        golden[place] = np.mean(signed) if here else 0.0
    np.testing.assert_allclose(preference_vector(liking), golden)
    assert preference_vector({}).tolist() == [0.0] * PREFERENCES
    alike = preference_vector({"a": 0.5}) @ preference_vector({"a": 0.4})
    assert alike == pytest.approx(0.2)


def test_a_bouncing_button_counts_once():
    once = run(act(0.0, "next", position=10.0))[-1]
    found = run(act(0.0, "next", position=10.0), act(0.1, "next", position=10.0))
    assert len(found) == 1
    assert found[-1].features == pytest.approx(once.features, nan_ok=True)
    assert len(run(act(0.0, "next"), act(0.1, "next", track="b"))) == 2
    assert len(run(act(0.0, "volume", 0.5), act(1.0, "volume", 0.6))) == 2


def test_a_late_act_is_no_response():
    soon = run(act(0.0, "track_started"), act(599.0, "volume"))[-1]
    late = run(act(0.0, "track_started"), act(601.0, "volume"))[-1]
    assert soon.features["response_latency"] == pytest.approx(599.0)
    assert math.isnan(late.features["response_latency"])


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
            st.sampled_from([*sorted(ACTS | REPORTS), "dance", ""]),
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
            assert len(found.embedding) == len(FEATURES) + PREFERENCES
            assert np.abs(found.embedding).max() <= 1
            assert np.isfinite(found.estimate.probabilities).all()
            assert 0 <= found.estimate.confidence <= 0.3
            assert 0 <= found.features["engagement"] <= 1


def test_other_samples_and_acts_are_left_alone():
    assert InteractionEncoder().push(Utterance(0.0, "next, please")) == []
    assert run(act(0.0, "dance")) == []


def test_confidence_cannot_be_set_high():
    with pytest.raises(OptionError, match="largest_confidence"):
        build(InteractionEncoder.Options, {"largest_confidence": 0.9})
