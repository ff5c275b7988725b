# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from emo_music_ros.emotion import PAD, canonical
from emo_music_ros.recommendation.library.words import GENRES, MOODS, derived, place
from emo_music_ros.recommendation.policy import guard, scoring
from emo_music_ros.recommendation.policy.simple import GENRE_TABLE
from emo_music_ros.streams import Track


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["Calm"], "calm"),
        (["Smooth Jazz"], "neutral"),
        (["Smooth Jazz", "relaxing"], "calm"),
        (["sad piano"], "sadness"),
        (["ROMANTIC"], "love"),
        (["synth-pop"], "happiness"),
    ],
)
def test_a_mood_or_else_a_genre_is_a_place(words: list[str], word: str) -> None:
    assert place(words) == pytest.approx(PAD[word])


def test_several_words_have_their_middle() -> None:
    expected = (np.array(PAD["calm"]) + np.array(PAD["happiness"])) / 2
    assert place(["calm", "happy"]) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("words", [[], [""], ["Polka"], ["ambient", "chill"], ["popular"]])
def test_nothing_is_invented_for_other_words(words: list[str]) -> None:
    assert place(words) is None
    assert derived("id", "mpd:a", words) is None


def test_every_word_of_the_tables_leads_to_the_circumplex() -> None:
    for word in (*MOODS.values(), *GENRES.values()):
        assert canonical(word) in PAD


def test_the_genres_are_those_of_the_table_of_paper_d() -> None:
    left_out = {"ambient", "chill"} | {"alternative", "punk"}
    table = {genre for genres in GENRE_TABLE.values() for genre in genres}
    assert table - left_out <= set(GENRES)


def test_a_derived_track_is_marked_and_only_its_place_is_known() -> None:
    track = derived("id", "mpd:a.mp3", ["calm"], title="A")
    assert track is not None
    assert track.derived
    assert (track.valence, track.arousal, track.dominance) == pytest.approx(PAD["calm"])
    assert (track.tempo, track.mode, track.energy) == (0.0, 0.0, 0.0)
    assert np.isfinite(track.features).sum() == 3


def test_what_is_not_known_of_a_track_is_in_the_middle_of_the_others() -> None:
    rows = [[1.0, 0.0, 2.0], [3.0, 0.5, 0.0], [np.nan, 1.0, np.nan]]
    tracks = [Track(str(i), "", features=np.array(row)) for i, row in enumerate(rows)]
    content = scoring.content(tracks)
    assert content[2] == pytest.approx([0.0, 1.0, 0.0])
    assert np.linalg.norm(content, axis=1) == pytest.approx(1.0)


def test_nobody_tense_gets_music_that_nobody_heard() -> None:
    unheard = derived("id", "mpd:a.mp3", ["calm"])
    assert unheard is not None
    heard = Track("other", "b.wav", valence=0.5)
    assert guard.admissible([unheard, heard], careful=True)[0] == [heard]
