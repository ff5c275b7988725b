# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a file sounds like, as the content vector that taste is learned by."""

from __future__ import annotations

import math

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.library import analysis
from emo_music_ros.recommendation.library.analysis import FEATURES, content_vector, describe
from emo_music_ros.recommendation.library.tags import read_tags
from emo_music_ros.streams import Estimate, MusicDescription, Track

TIMBRE, HARMONY = np.zeros(13), np.full(12, 0.5)


def vector(timbre=TIMBRE, harmony=HARMONY, **more):
    return dict(zip(FEATURES, content_vector(Track("t", "", **more), timbre, harmony)))


@pytest.mark.parametrize(
    ("tempo", "value"), [(120.0, 0.0), (60.0, -1.0), (240.0, 1.0), (20.0, -1.0), (0.0, 0.0)]
)
def test_tempo_counts_in_octaves_about_120(tempo, value):
    assert vector(tempo=tempo)["tempo"] == value
    assert vector(tempo=90.0)["tempo"] == pytest.approx(np.log2(0.75))


def test_what_is_known_of_a_track_is_in_its_vector_on_minus_one_to_one():
    found = vector(
        harmony=np.linspace(0, 1, 12), mode=-0.5, energy=0.8, valence=0.3, arousal=-0.2,
        dominance=0.1,
    )  # fmt: skip
    names = ("mode", "energy", "valence", "arousal", "dominance")
    assert [found[name] for name in names] == pytest.approx([-0.5, 0.6, 0.3, -0.2, 0.1])
    chroma = [found[f"chroma_from_tonic_{n}"] for n in range(12)]
    assert chroma == pytest.approx(np.linspace(-1, 1, 12))


@given(st.lists(st.floats(-1000, 1000), min_size=13, max_size=13))
def test_timbre_is_within_minus_one_and_one_and_grows_with_its_coefficient(row):
    timbre = np.array(row)
    low = content_vector(Track("t", ""), timbre, HARMONY)
    high = content_vector(Track("t", ""), timbre + 1.0, HARMONY)
    assert low.dtype == np.float32
    assert len(low) == len(FEATURES)
    assert (np.abs(low) <= 1).all()
    assert (high >= low).all()


def test_an_analysis_means_the_same_as_long_as_its_version_does():
    """What was learned of vectors that are stored rests on it."""
    assert analysis.ANALYSIS == "2"
    typical = [-240, 120, -5, 25, 5, 8, 2, 4, 1, 2, 0, 1, 0]
    spread = [200, 80, 50, 40, 30, 25, 25, 20, 20, 20, 20, 20, 20]
    timbre = np.array(typical) + np.linspace(-0.9, 0.9, 13) * spread
    found = content_vector(Track("t", ""), timbre, HARMONY)[6:19]
    assert found == pytest.approx(np.linspace(-0.9, 0.9, 13), abs=1e-6)


def description(probabilities):
    mood = Estimate(("a", "b"), np.array(probabilities), 0.2, -0.3, 0.1, 1.0)
    return MusicDescription(61.5, 96.0, 0.4, 0.7, TIMBRE, HARMONY, mood)


class Analyser:
    version = "7"

    def __init__(self, found):
        self.found = found

    def describe(self, path):
        return self.found


def test_a_description_becomes_a_track_without_a_name(tmp_path):
    track = describe(tmp_path / "a.wav", "id", Analyser(description([0.5, 0.5])))
    assert (track.track_id, track.path, track.title) == ("id", "", "")
    assert (track.duration, track.tempo, track.mode, track.energy) == (61.5, 96.0, 0.4, 0.7)
    assert (track.valence, track.arousal, track.dominance) == (0.2, -0.3, 0.1)
    assert track.features == pytest.approx(content_vector(track, TIMBRE, HARMONY))
    assert analysis.version_of(Analyser(None)) == f"{analysis.ANALYSIS}.7"


def test_the_loudness_of_a_file_is_measured_and_one_that_cannot_be_is_not_known(tmp_path):
    path = tmp_path / "a.wav"
    wave = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(5 * 48000) / 48000)
    soundfile.write(path, np.stack([wave, wave], 1), 48000)
    track = describe(path, "id", Analyser(description([0.5, 0.5])))
    assert track.loudness == pytest.approx(-20.0, abs=0.1)
    assert track.loudest == pytest.approx(-20.0, abs=0.1)
    assert track.peak == pytest.approx(-20.0, abs=0.1)
    assert math.isnan(
        describe(tmp_path / "none.wav", "id", Analyser(description([0.5, 0.5]))).loudness
    )


def test_silence_is_refused(tmp_path):
    with pytest.raises(InputError, match="silent"):
        describe(tmp_path / "a.wav", "id", Analyser(description([])))


class Tags(dict):
    """Tags of a format that knows no other names."""

    def get(self, name, default=None):
        if name not in self:
            raise KeyError(name)
        return self[name]


class Frame:
    def __init__(self, *text):
        self.text = list(text)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"title": ["T"], "artist": ["A", "B"], "genre": ["G"]}, ("T", "A", "G")),
        (
            {"TIT2": Frame("T", "second title"), "TCOM": Frame("C"), "TCON": Frame("G")},
            ("T", "C", "G"),
        ),
        ({"artist": [" "], "TPE1": "P"}, ("my song", "P", "")),
        ({"title": []}, ("my song", "", "")),
        (None, ("my song", "", "")),
    ],
)
@pytest.mark.parametrize("kind", [dict, Tags])
def test_the_first_name_that_a_format_knows_and_that_says_something_counts(
    tmp_path, monkeypatch, tags, found, kind
):
    mutagen = pytest.importorskip("mutagen")
    monkeypatch.setattr(mutagen, "File", lambda path, easy: None if tags is None else kind(tags))
    assert read_tags(tmp_path / "my_song.ogg") == found
