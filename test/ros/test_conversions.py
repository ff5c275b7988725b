# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message

from emo_music_ros import msg, streams
from emo_music_ros.emotion import STATES, from_labels, unknown
from emo_music_ros.recommendation.base import Need, RankedTrack
from emo_music_ros.ros import conversions as convert
from emo_music_ros.streams import Contribution, Emotion, Outcome, Track


def wire(message):
    """Send a message through the middleware's own encoding."""
    return deserialize_message(serialize_message(message), type(message))


@pytest.mark.parametrize("action", sorted(convert.ACTION_CODES))
def test_every_interaction_round_trip(action):
    event = streams.Interaction(5.0, action, "t", 0.5, 2.0, "ada", "live:player")
    assert convert.interaction(wire(convert.interaction_message(event))) == event


def test_unknown_interaction_is_nothing():
    assert convert.interaction(msg.InteractionEvent(action=200)) is None


def test_encoding_round_trip():
    encoding = streams.Encoding(
        "face", 6.0, 5.5, from_labels(STATES, np.array([0.7, 0.1, 0.1, 0.1]), 1.0, 0.4),
        np.arange(4, dtype=np.float32), {"heart_rate": 61.0}, "recorded:x", "",
    )  # fmt: skip
    message = wire(convert.encoding_message(encoding, "face", "3", "ada"))
    back = convert.encoding(message)
    assert (back.person_id, back.modality, back.features) == ("ada", "face", {"heart_rate": 61.0})
    assert (message.encoder, message.version) == ("face", "3")
    np.testing.assert_array_equal(back.embedding, encoding.embedding)
    np.testing.assert_allclose(back.estimate.probabilities, [0.7, 0.1, 0.1, 0.1], atol=1e-6)
    assert back.estimate.credible == ("positive",)


@pytest.mark.parametrize("probabilities", [[0.5], [math.nan, 0.5], [-0.1, 1.1], [0.0, 0.0], []])
def test_unsound_probabilities_of_a_foreign_node_are_unknown(probabilities):
    message = msg.EmotionEstimate(
        labels=["happy", "sad"], probabilities=probabilities, valence=7.0, arousal=math.nan,
        confidence=math.nan, quality=9.0, credible=["happy", "furious"],
    )  # fmt: skip
    estimate = convert.estimate(message)
    assert len(estimate.probabilities) == 0
    assert math.isnan(estimate.valence)
    assert estimate.confidence == 0
    assert estimate.quality == 1
    assert estimate.credible == ("happy",)


def test_a_group_as_a_message():
    group = streams.Group(12.5, 3, 2, "calm", 0.4, -0.3, 0.1, math.nan, ("ann",))
    message = convert.group_message(group)
    assert (message.header.stamp.sec, message.header.stamp.nanosec) == (12, 500_000_000)
    assert (message.present, message.known, message.state) == (3, 2, msg.EmotionState.CALM)
    assert message.valence == pytest.approx(0.4)
    assert math.isnan(message.spread_arousal)
    assert list(message.deviating) == ["ann"]


def test_emotion_round_trip_and_state_out_of_range():
    emotion = Emotion(
        7.0, "calm", from_labels(STATES, np.array([0.1, 0.7, 0.1, 0.1])), 0.5,
        (Contribution("face", 1.0, 0.25, 0.5, "live:x", (0.5, 0.25, 0.25, 0.0), 0.25),), "weighted",
        "ada",
    )  # fmt: skip
    message = wire(convert.emotion_message(emotion))
    back = convert.emotion(message)
    assert (back.state, back.contributions, back.person_id) == (
        "calm",
        emotion.contributions,
        "ada",
    )
    message.state = 99
    assert convert.emotion(message).state == "unknown"


def test_recommendation_keeps_the_terms_of_the_score():
    track = Track("id", "/a.ogg", "A", "B", "C", 60.0, 90.0, 1.0, 0.5, 0.25, -0.25, 0.125)
    ranked = RankedTrack(track, 0.5, 0.75, 0.25, 0.125, 0.0625, 1.0)
    need = Need(0.5, -0.5, 0.0, "why")
    message = convert.recommendation_message(1.0, "ada", "r", "x", "calm", need, [ranked])
    message = wire(message)
    back = convert.track(message.tracks[0].track)
    for name in ("track_id", "path", "title", "artist", "genre", "duration", "mode", "dominance"):
        assert getattr(back, name) == getattr(track, name)
    best = message.tracks[0]
    assert (best.score, best.emotion_match, best.preference_match) == (0.5, 0.75, 0.25)
    assert (best.history_match, best.attention, best.propensity) == (0.125, 0.0625, 1.0)
    stop = convert.recommendation_message(1.0, "ada", "r", "x", "calm", None, [])
    assert list(stop.tracks) == []


def test_outcome_carries_unknown_as_nan():
    outcome = Outcome(
        1.0, "ada", Track("id", "/a"), 0.5, True, False, 2, math.nan, unknown(), unknown(),
        61.0, math.nan, -0.5, "r",
    )  # fmt: skip
    message = wire(convert.outcome_message(outcome))
    assert math.isnan(message.rating)
    assert math.isnan(message.heart_rate_after)
    assert (message.dwell, message.skipped, message.repeats, message.reward) == (0.5, True, 2, -0.5)
