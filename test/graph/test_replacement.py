# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Any node can be replaced by one that only speaks the topics."""

import numpy as np
import pytest
import soundfile
from std_msgs.msg import Header

from emo_music_ros import msg, srv
from emo_music_ros.emotion import STATES
from emo_music_ros.ros.stamps import seconds


def estimate(labels, probabilities, valence, arousal):
    return msg.EmotionEstimate(
        labels=labels,
        probabilities=probabilities,
        valence=valence,
        arousal=arousal,
        dominance=float("nan"),
        confidence=0.9,
        quality=1.0,
    )


@pytest.fixture
def tune(tmp_path):
    path = tmp_path / "tune.wav"
    time = np.arange(22050 * 8) / 22050
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * 440 * time), 22050)
    return path


def test_foreign_encoder_drives_the_fusion_and_silence_ends_in_unknown(probe, start, until):
    start("fusion", smoothing=0.0, stale_factor=0.5)
    states = probe.listen(msg.EmotionState, "emotion")
    until(lambda: states and states[-1].state == msg.EmotionState.UNKNOWN, "unknown at first")
    publisher = probe.publisher(msg.ModalityEncoding, "encoding/face")

    def send():
        publisher.publish(
            msg.ModalityEncoding(
                header=Header(stamp=probe.stamp()),
                source="simulated:foreign encoder",
                person_id="resident",
                modality="face",
                encoder="foreign",
                version="7",
                estimate=estimate(["happy", "sad"], [0.95, 0.05], 0.7, 0.5),
            )
        )
        return states[-1].state == msg.EmotionState.POSITIVE

    until(send, "the happy face to be believed")
    part = next(part for part in states[-1].contributions if part.modality == "face")
    assert part.source == "simulated:foreign encoder"
    assert part.weight == pytest.approx(1)
    until(lambda: states[-1].state == msg.EmotionState.UNKNOWN, "unknown when it falls silent")


def test_foreign_recommender_makes_the_player_play(probe, start, until, tune):
    # its tracks are not of our library
    start("player", plugin="null", any_file=True)
    states = probe.listen(msg.PlayerState, "player/state")
    events = probe.listen(msg.InteractionEvent, "player/event")
    audio = probe.listen(msg.AudioChunk, "player/audio", 100)
    publisher = probe.publisher(msg.Recommendation, "recommendation")
    until(lambda: states, "the player")
    asked = probe.stamp()
    track = msg.Track(track_id="t1", path=str(tune), title="Tune", duration=8.0)
    message = msg.Recommendation(
        header=Header(stamp=asked), recommendation_id="r1", tracks=[msg.RankedTrack(track=track)]
    )
    publisher.publish(message)
    playing = until(
        lambda: next((s for s in states if s.status == s.PLAYING and s.started.sec), None), "sound"
    )
    assert playing.track.title == "Tune"
    assert playing.recommendation_id == "r1"
    assert seconds(playing.recommended) == pytest.approx(seconds(asked), abs=1e-6)
    assert playing.backend == "null"
    assert seconds(playing.started) >= seconds(asked)
    until(lambda: any(event.action == event.TRACK_STARTED for event in events), "the event")
    until(lambda: sum(len(chunk.data) for chunk in audio) > 22050, "a second of sound")
    until(lambda: any(event.action == event.TRACK_FINISHED for event in events), "its end")

    answer = probe.call(srv.SetPlayback, "player/set", srv.SetPlayback.Request(command=99))
    assert not answer.success
    assert "1 to 6" in answer.message
    answer = probe.call(srv.PlayTrack, "player/play", srv.PlayTrack.Request(path="/no/such.mp3"))
    assert not answer.success
    assert "/no/such.mp3" in answer.message


def test_foreign_player_and_fusion_make_the_recommender_recommend(
    probe, start, until, tune, tmp_path
):
    for frequency in (220, 330, 440):
        time = np.arange(22050 * 6) / 22050
        tone = 0.2 * np.sin(2 * np.pi * frequency * time)
        soundfile.write(tmp_path / f"{frequency}.wav", tone, 22050)
    start("recommender", folder__path=str(tmp_path), patience=0.5, settle=0.1)
    found = probe.listen(msg.Recommendation, "recommendation")
    outcomes = probe.listen(msg.ListeningOutcome, "listening/outcome")
    emotions = probe.publisher(msg.EmotionState, "emotion")
    players = probe.publisher(msg.PlayerState, "player/state")

    def send(track=None, **player):
        emotions.publish(
            msg.EmotionState(
                header=Header(stamp=probe.stamp()),
                person_id="resident",
                state=msg.EmotionState.ANXIETY,
                estimate=estimate(list(STATES), [0.1, 0.1, 0.7, 0.1], -0.5, 0.5),
            )
        )  # fmt: skip
        player["track"] = track or msg.Track()
        players.publish(msg.PlayerState(header=Header(stamp=probe.stamp()), **player))

    def recommended():
        send()
        return found

    first = until(recommended, "a recommendation")[0]
    assert first.state == msg.EmotionState.ANXIETY
    assert first.reason
    assert len(first.tracks) >= 2
    best = first.tracks[0]
    assert 0 <= best.emotion_match <= 1
    assert sum(item.attention for item in first.tracks) <= 1.001
    # the foreign player plays it, and the person asks for another
    events = probe.publisher(msg.InteractionEvent, "interaction/event")

    def act(action, position):
        events.publish(
            msg.InteractionEvent(
                header=Header(stamp=probe.stamp()), source="live:player", person_id="resident",
                action=action, track_id=best.track.track_id, position=position,
            )
        )  # fmt: skip

    act(msg.InteractionEvent.TRACK_STARTED, 0.0)
    clock = {"position": 0.0}

    def play():
        clock["position"] = min(clock["position"] + 0.02, 2.0)
        send(best.track, status=msg.PlayerState.PLAYING, position=clock["position"],
             recommendation_id=first.recommendation_id)  # fmt: skip
        return clock["position"] >= 1.0

    until(play, "a second of playing")
    act(msg.InteractionEvent.NEXT, 1.0)

    def another():
        send(best.track, status=msg.PlayerState.PLAYING, position=1.0,
             recommendation_id=first.recommendation_id)  # fmt: skip
        return len(found) > 1

    until(another, "another recommendation")
    second = found[1].tracks[0]
    assert second.track.track_id != best.track.track_id
    act(msg.InteractionEvent.TRACK_STARTED, 0.0)

    def learned():
        send(second.track, status=msg.PlayerState.PLAYING, position=0.5,
             recommendation_id=found[1].recommendation_id)  # fmt: skip
        return outcomes

    outcome = until(learned, "the outcome of the skipped track")[0]
    assert outcome.skipped
    assert outcome.track.track_id == best.track.track_id
    assert outcome.reward < 0

    request = srv.RecommendTracks.Request(valence=0.5, arousal=-0.5, count=2)
    answer = probe.call(srv.RecommendTracks, "recommend_tracks", request)
    assert answer.success
    assert len(answer.recommendation.tracks) == 2
    request = srv.ForgetPerson.Request(person_id="resident")
    assert probe.call(srv.ForgetPerson, "forget_person", request).removed > 0
