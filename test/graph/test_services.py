# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Services are asked wrongly: each answers with a reason, and nothing outside is touched."""

import math
import os

import numpy as np
import pytest
import soundfile

from emo_music_ros import msg, srv
from emo_music_ros.recommendation.memory.store import Memory


@pytest.fixture
def library(tmp_path):
    """Return a folder with one known track, and a file outside of it."""
    folder = tmp_path / "music"
    folder.mkdir()
    time = np.arange(22050 * 8) / 22050
    tone = 0.2 * np.sin(2 * np.pi * 220 * time) * (1 + np.sin(2 * np.pi * 2 * time))
    soundfile.write(folder / "known.wav", tone, 22050)
    soundfile.write(tmp_path / "outside.wav", tone[::-1], 22050)
    return folder


def play(probe, **request):
    return probe.call(srv.PlayTrack, "player/play", srv.PlayTrack.Request(**request))


def steer(probe, command, value=0.0):
    request = srv.SetPlayback.Request(command=getattr(srv.SetPlayback.Request, command))
    request.value = value
    return probe.call(srv.SetPlayback, "player/set", request)


def test_the_player_plays_what_the_library_knows_and_refuses_with_a_reason(
    probe, start, until, library, tmp_path
):
    start("recommender", folder__path=str(library))
    start("player", plugin="null", folder__path=str(library))
    ranking = srv.RecommendTracks.Request(count=1)

    def known():
        answer = probe.call(srv.RecommendTracks, "recommend_tracks", ranking)
        return answer.recommendation.tracks

    (track,) = until(known, "the library")
    os.mkfifo(tmp_path / "pipe.wav")
    for path, word in (
        (str(tmp_path / "outside.wav"), "not in the library"),
        (str(library / ".." / "outside.wav"), "not in the library"),
        (str(tmp_path / "pipe.wav"), "pipe"),
        (str(library), "folder"),
        ("/dev/null", "device"),
        ("~nobody-at-all/a.wav", "not known here"),
        ("/" + "x" * 5000, "too long"),
        ("", "empty"),
    ):
        answer = play(probe, path=path)
        assert not answer.success
        assert word in answer.message
    assert not play(probe, track_id="never heard of").success

    for wrong in (math.nan, math.inf, -1.0, 1.5):
        answer = steer(probe, "VOLUME", wrong)
        assert not answer.success
        assert "volume" in answer.message
    assert play(probe, track_id=track.track.track_id).success  # though it was never recommended
    playing = probe.listen(msg.PlayerState, "player/state")
    until(lambda: playing and playing[-1].status == msg.PlayerState.PLAYING, "the track")
    for wrong in (math.nan, 1e9, -5.0):
        answer = steer(probe, "SEEK", wrong)
        assert not answer.success
        assert "seek" in answer.message
    assert steer(probe, "VOLUME", 0.5).success
    assert steer(probe, "SEEK", 1.0).success
    assert play(probe, path=str(library / "known.wav")).success


def test_an_option_lets_the_player_play_any_file_but_only_files(probe, start, library, tmp_path):
    start("player", plugin="null", folder__path=str(library), any_file=True)
    assert play(probe, path=str(tmp_path / "outside.wav")).success
    assert not play(probe, path=str(library)).success


def test_what_is_recommended_to_somebody_else_is_not_played(probe, start, until, tmp_path, library):
    start("player", plugin="null", folder__path=str(library), any_file=True, person_id="anna")
    states = probe.listen(msg.PlayerState, "player/state")
    publisher = probe.publisher(msg.Recommendation, "recommendation")
    track = msg.Track(track_id="x", path=str(tmp_path / "outside.wav"))

    def recommend(person):
        found = msg.Recommendation(person_id=person, tracks=[msg.RankedTrack(track=track)])
        found.header.stamp = probe.stamp()
        publisher.publish(found)

    recommend("bert")
    probe.spin(1.0)
    assert {state.status for state in states} <= {msg.PlayerState.STOPPED}
    recommend("anna")
    until(lambda: states[-1].status == msg.PlayerState.PLAYING, "the track")


def test_forgetting_reaches_the_memory_that_is_not_in_use(probe, start, library, tmp_path):
    path = tmp_path / "cache" / "memory.sqlite"
    path.parent.mkdir(exist_ok=True)
    memory = Memory(path)
    memory.block("anna", "t1", 1.0, "distress")
    memory.close()
    start("recommender", folder__path=str(library), person_id="demonstration")
    request = srv.ForgetPerson.Request(person_id="anna")
    answer = probe.call(srv.ForgetPerson, "forget_person", request)
    assert answer.success
    assert answer.removed > 0
    again = Memory(path)
    assert again.persons() == []
    again.close()


def test_a_rating_that_nothing_can_be_learned_from_is_refused(probe, start):
    start("interaction")

    def rate(person=""):
        request = srv.RateTrack.Request(track_id="x", rating=1.0, person_id=person)
        return probe.call(srv.RateTrack, "rate_track", request)

    assert rate().success
    assert "the run is for 'resident'" in rate("bert").message
    request = srv.SetConsent.Request(purpose="learning", given=False)
    assert probe.call(srv.SetConsent, "set_consent", request).success
    answer = rate()
    assert not answer.success
    assert "withdrawn" in answer.message


@pytest.mark.parametrize("rating", [math.nan, math.inf, 1.01, -2.0])
def test_ratings_out_of_range_are_refused(probe, start, rating):
    start("interaction")
    events = probe.listen(msg.InteractionEvent, "interaction/event")
    request = srv.RateTrack.Request(track_id="x", rating=rating)
    answer = probe.call(srv.RateTrack, "rate_track", request)
    assert not answer.success
    assert "out of range" in answer.message
    assert not events


def test_a_memory_that_is_none_is_refused_shown_and_left_alone(
    probe, start, until, library, tmp_path
):
    from diagnostic_msgs.msg import DiagnosticArray

    decoy = tmp_path / "diary.txt"
    decoy.write_text("dear diary\n" * 100)
    start("recommender", memory=str(decoy), folder__path=str(library))
    found = probe.listen(DiagnosticArray, "/diagnostics")

    def shown():
        told = [status for array in found for status in array.status]
        return any(
            status.level == b"\x02" and "memory" in status.message and "tracks" in status.message
            for status in told
        )

    until(shown, "the trouble beside the library that works")
    assert decoy.read_text() == "dear diary\n" * 100
    assert sorted(path.name for path in tmp_path.glob("diary*")) == ["diary.txt"]
    answer = probe.call(
        srv.ForgetPerson, "forget_person", srv.ForgetPerson.Request(person_id="anna")
    )
    assert not answer.success
    assert answer.message


@pytest.mark.parametrize("path", ["~nobody-here/memory.sqlite", "/" + "x" * 300, "/dev/null/x"])
def test_a_memory_that_cannot_be_leaves_the_node_at_work(probe, start, until, library, path):
    from diagnostic_msgs.msg import DiagnosticArray

    start("recommender", memory=path, folder__path=str(library))
    found = probe.listen(DiagnosticArray, "/diagnostics")
    until(
        lambda: any("memory" in status.message for array in found for status in array.status),
        "the trouble",
    )
    request = srv.RecommendTracks.Request(valence=0.5, arousal=0.5)

    def answered():
        return probe.call(srv.RecommendTracks, "recommend_tracks", request).success

    until(answered, "music all the same")


def test_a_library_that_is_not_there_is_shown_until_it_is(probe, start, until, library, tmp_path):
    from diagnostic_msgs.msg import DiagnosticArray

    start("recommender", folder__path=str(tmp_path / "stick"))
    found = probe.listen(DiagnosticArray, "/diagnostics")

    def newest():
        return found[-1].status[0] if found else None

    until(lambda: newest() and "does not exist" in newest().message, "the trouble")
    assert newest().level == b"\x02"
    library.rename(tmp_path / "stick")
    until(lambda: "library of 1 track" in newest().message, "the library")
    assert newest().level == b"\x00"


def test_forgetting_removes_summaries_and_names_what_is_left(probe, start, library, tmp_path):
    start("recommender", folder__path=str(library))
    folder = tmp_path / "cache" / "session-summaries" / "anna"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text("{}")
    request = srv.ForgetPerson.Request(person_id="anna")
    answer = probe.call(srv.ForgetPerson, "forget_person", request)
    assert answer.success
    assert list(answer.files_removed) == [str(folder / "one.json")]
    assert answer.files_left
    assert not folder.exists()
    for wrong in ("a\nb", "x" * 500, ""):
        request = srv.ForgetPerson.Request(person_id=wrong)
        assert not probe.call(srv.ForgetPerson, "forget_person", request).success
