# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import soundfile

from emo_music_ros.emotion import RAVDESS
from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import ravdess

TONE = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)


def publish(root, *names):
    """Write recordings as published: 48 kHz, 16 bit, one channel, a folder for every actor."""
    for name in names:
        folder = root / f"Actor_{name[-2:]}"
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{name}.wav", TONE, 48000, subtype="PCM_16")
    return root


def test_labels_actors_and_sex_come_from_the_names(tmp_path):
    names = ("03-01-05-02-01-01-07", "03-01-01-01-02-02-24", "03-01-08-01-01-01-07")
    corpus = ravdess.load(publish(tmp_path, *names))
    assert [corpus.classes[label] for label in corpus.labels] == ["neutral", "anger", "surprise"]
    assert corpus.classes == RAVDESS
    assert corpus.people.tolist() == [24, 7, 7]
    assert corpus.groups["sex"].tolist() == ["female", "male", "male"]
    assert corpus.groups["intensity"].tolist() == ["normal", "strong", "normal"]
    for item in corpus.items:
        assert item.dtype == np.float32
        assert len(item) == pytest.approx(16000, abs=2)
        assert np.argmax(np.abs(np.fft.rfft(item))) == pytest.approx(440, abs=2)


def test_flac_and_the_folder_ravdess_are_found(tmp_path):
    folder = tmp_path / "ravdess" / "Actor_03"
    folder.mkdir(parents=True)
    soundfile.write(folder / "03-01-03-01-01-01-03.flac", TONE[:16000], 16000)
    corpus = ravdess.load(tmp_path)
    assert corpus.labels.tolist() == [2]
    np.testing.assert_allclose(corpus.items[0], TONE[:16000], atol=1e-4)


def test_song_and_video_are_left_out(tmp_path):
    publish(tmp_path, "03-01-03-01-01-01-03", "03-02-03-01-01-01-03", "01-01-03-01-01-01-03")
    assert len(ravdess.load(tmp_path)) == 1


@pytest.mark.parametrize(
    "name", ["03-01-09-01-01-01-03", "03-01-00-01-01-01-03", "03-01-03-01-01-01-25", "03-01-03-x"]
)
def test_odd_names_are_refused_by_name(tmp_path, name):
    publish(tmp_path, name)
    with pytest.raises(InputError, match=name):
        ravdess.load(tmp_path)


def test_missing_truncated_and_double_files_are_told(tmp_path):
    with pytest.raises(InputError, match="no RAVDESS speech"):
        ravdess.load(tmp_path / "absent")
    publish(tmp_path, "03-01-03-01-01-01-03")
    path = tmp_path / "Actor_03" / "03-01-03-01-01-01-03.wav"
    whole = path.read_bytes()
    path.write_bytes(whole[:30])
    with pytest.raises(InputError, match=str(path)):
        ravdess.load(tmp_path)
    soundfile.write(path, np.zeros(0), 48000)
    with pytest.raises(InputError, match="no samples"):
        ravdess.load(tmp_path)
    path.write_bytes(whole)
    soundfile.write(path.with_suffix(".flac"), TONE, 48000)
    with pytest.raises(InputError, match="twice"):
        ravdess.load(tmp_path)
