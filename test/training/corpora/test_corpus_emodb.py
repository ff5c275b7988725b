# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import soundfile

from emo_music_ros.errors import InputError
from emo_music_ros.training.corpora import emodb


def publish(root, *names):
    """Write recordings as published: 16 kHz, 16 bit, one channel, all in one folder."""
    (root / "wav").mkdir(parents=True, exist_ok=True)
    for name in names:
        soundfile.write(root / "wav" / f"{name}.wav", np.full(1600, 0.1), 16000, subtype="PCM_16")
    return root


def test_labels_speakers_and_sex_come_from_the_names(tmp_path):
    corpus = emodb.load(publish(tmp_path, "03a01Fa", "08b10Wc", "16a05Tb", "03a02La"))
    assert [corpus.classes[label] for label in corpus.labels] == ["happiness", "anger", "sadness"]
    assert corpus.people.tolist() == ["03", "08", "16"]
    assert corpus.groups["sex"].tolist() == ["male", "female", "female"]
    assert "boredom" not in corpus.classes
    assert all(item.dtype == np.float32 and len(item) == 1600 for item in corpus.items)


def test_flac_is_read_beside_wav(tmp_path):
    publish(tmp_path, "03a01Fa")
    soundfile.write(tmp_path / "08b10Wc.flac", np.full(1600, 0.1), 16000, subtype="PCM_16")
    assert emodb.load(tmp_path).people.tolist() == ["03", "08"]


def test_boredom_can_be_kept(tmp_path):
    corpus = emodb.load(publish(tmp_path, "03a02La"), boredom=True)
    assert corpus.classes[corpus.labels[0]] == "boredom"


def test_other_files_are_not_of_the_corpus(tmp_path):
    publish(tmp_path, "03a01Fa", "03-01-03-01-01-01-03", "music")
    assert len(emodb.load(tmp_path)) == 1


@pytest.mark.parametrize("name", ["99a01Fa", "03a01Xa"])
def test_odd_names_are_refused_by_name(tmp_path, name):
    publish(tmp_path, name)
    with pytest.raises(InputError, match=name):
        emodb.load(tmp_path)


def test_missing_and_truncated_files_are_told(tmp_path):
    with pytest.raises(InputError, match="no recordings of EMO-DB"):
        emodb.load(tmp_path)
    publish(tmp_path, "03a01Fa")
    path = tmp_path / "wav" / "03a01Fa.wav"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(InputError, match=str(path)):
        emodb.load(tmp_path)
