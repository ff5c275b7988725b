# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The loader of DEAM, on a folder in its published format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import deam

SONG_LEVEL = "annotations/annotations averaged per song/song_level"
FIRST = (
    "song_id, valence_mean, valence_std, arousal_mean, arousal_std\n"
    "2,3.1,0.94,3,0.63\n"
    "3,3.5,1.75,3.3,1.62\n"
)
# The second part has further columns between the means.
SECOND = (
    "song_id, valence_mean, valence_std, valence_max_mean, arousal_mean, arousal_std\n"
    "2001,9,0.5,9,1,0.2\n"
)


def write(folder: Path, first: str = FIRST, second: str = SECOND) -> Path:
    annotations = folder / "DEAM_Annotations" / SONG_LEVEL
    annotations.mkdir(parents=True)
    (annotations / "static_annotations_averaged_songs_1_2000.csv").write_text(first, "utf-8")
    (annotations / "static_annotations_averaged_songs_2000_2058.csv").write_text(second, "utf-8")
    audio = folder / "DEAM_audio" / "MEMD_audio"
    audio.mkdir(parents=True)
    for song in (2, 3, 2001):
        (audio / f"{song}.mp3").write_bytes(b"ID3")
    return folder


def test_songs(tmp_path: Path) -> None:
    corpus = deam.load(write(tmp_path))
    assert corpus.people.tolist() == ["2", "3", "2001"]
    assert [path.name for path in corpus.items] == ["2.mp3", "3.mp3", "2001.mp3"]
    golden = [[(3.1 - 5) / 4, (3 - 5) / 4], [(3.5 - 5) / 4, (3.3 - 5) / 4], [1, -1]]
    np.testing.assert_allclose(corpus.labels, golden)
    assert corpus.classes == ("valence", "arousal")
    assert corpus.unit == "songs"


def test_missing_audio_is_counted(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "DEAM_audio" / "MEMD_audio" / "3.mp3").unlink()
    with pytest.raises(InputError, match="1 of 3 songs have no audio.*MEMD_audio/3.mp3"):
        deam.load(tmp_path)


def test_missing_annotations(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="static_annotations"):
        deam.load(tmp_path)


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("song_id, valence, arousal\n2,3,4\n", "row 1"),
        (FIRST + "4,12,1,5,1\n", "row 3.*outside of 1..9"),
        (FIRST + "5,4.", "row 3"),
        (FIRST + "6,nan,1,5,1\n", "row 3"),
        (FIRST.splitlines()[0], "holds no song"),
    ],
)
def test_odd_annotations_are_named(tmp_path: Path, first: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        deam.load(write(tmp_path, first))
