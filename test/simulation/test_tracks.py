# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.policy.scoring import content
from emo_music_ros.simulation.tracks import read_tracks

PLAIN = {
    "track_id": "t1",
    "title": "Piece",
    "duration": 180,
    "valence": 0.5,
    "arousal": -0.25,
    "dominance": 0.1,
    "features": [1, 0.5, -2],
}


@pytest.fixture
def read(tmp_path):
    def go(value):
        path = tmp_path / "tracks.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return read_tracks(path)

    return go


def test_a_track_with_and_without_what_may_be_left_out(read):
    more = {"own": True, "tempo": 90, "mode": -1, "artist": "A", "year": 1960, "language": "de"}
    plain, full, bare = read(
        [PLAIN, {**PLAIN, "track_id": "t2", **more}, {"track_id": "t3", "features": [0, 0, 0]}]
    )
    assert (plain.track_id, plain.title, plain.duration) == ("t1", "Piece", 180.0)
    assert (plain.valence, plain.arousal, plain.dominance) == (0.5, -0.25, 0.1)
    assert plain.features.tolist() == [1, 0.5, -2]
    assert (plain.own, plain.tempo, plain.artist, plain.year, plain.language) == (
        *(False, 0.0, "", 0, ""),
    )
    assert (full.own, full.tempo, full.mode) == (True, 90.0, -1.0)
    assert (full.artist, full.year, full.language) == ("A", 1960, "de")
    assert (bare.valence, bare.duration) == (0.0, 0.0)
    nothing = dict.fromkeys([*PLAIN, *more])
    assert read([{**nothing, "track_id": "t"}])[0].tempo == 0.0


HUGE = "1" + "0" * 400
BAD = {
    "no JSON": "[",
    "empty file": "",
    "empty list": [],
    "no list": {"track_id": "a"},
    "NaN": '[{"track_id": "a", "valence": NaN}]',
    "infinity": '[{"track_id": "a", "features": [Infinity]}]',
    "deep": "[" * 100_000,
    "no object": ["a"],
    "no id": [{}],
    "id as number": [{"track_id": 3}],
    "empty id": [{"track_id": ""}],
    "twice": [PLAIN, PLAIN],
    "valence out of range": [{**PLAIN, "valence": 2}],
    "valence as text": [{**PLAIN, "valence": "high"}],
    "valence true": [{**PLAIN, "valence": True}],
    "huge valence": f'[{{"track_id": "a", "valence": {HUGE}}}]',
    "huge feature": f'[{{"track_id": "a", "features": [{HUGE}]}}]',
    "feature no number holds": '[{"track_id": "a", "features": [1e300]}]',
    "negative duration": [{**PLAIN, "duration": -1}],
    "title as number": [{**PLAIN, "title": 3}],
    "features as text": [{**PLAIN, "features": "abc"}],
    "features of text": [{**PLAIN, "features": ["a"]}],
    "other length": [PLAIN, {**PLAIN, "track_id": "t2", "features": [1]}],
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
def test_a_bad_library_is_one_clear_error(read, value):
    with pytest.raises(InputError, match="tracks.json") as caught:
        read(value)
    assert len(str(caught.value)) < 1000


def test_a_bad_entry_is_named_by_its_number(read):
    with pytest.raises(InputError, match="track 2"):
        read([PLAIN, {**PLAIN, "track_id": "t2", "mode": 7}])


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.json"):
        read_tracks(tmp_path / "none.json")


def test_large_features_are_compared_all_the_same(read):
    tracks = read(
        [
            {**PLAIN, "track_id": str(number), "features": [value, 0, 0]}
            for number, value in enumerate((-1e9, 0, 1e9))
        ]
    )
    assert np.isfinite(content(tracks)).all()
    assert math.isclose(np.linalg.norm(content(tracks)[0]), 1.0, rel_tol=1e-6)
