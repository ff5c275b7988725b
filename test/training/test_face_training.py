from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.emotion import FER2013  # noqa: E402
from emo_music_ros.encoding.face import FaceModel  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.training import face  # noqa: E402


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), np.uint8)


def test_duplicates_are_merged_and_contradictions_dropped():
    images = pictures(6)
    images[1] = images[0]  # same label: one stays
    images[3] = images[2]  # other label: both go
    kept, labels = face.deduplicate(images, np.array([4, 4, 1, 2, 0, 3]))
    np.testing.assert_array_equal(labels, [4, 0, 3])
    np.testing.assert_array_equal(kept, images[[0, 4, 5]])


def test_split_keeps_near_copies_together():
    images = np.repeat(pictures(300) // 2, 2, axis=0)
    images[1::2] += 9  # another exposure
    groups = face.likeness(images)
    np.testing.assert_array_equal(groups[::2], groups[1::2])
    parts = face.split(groups, seed=1)
    assert sorted(np.concatenate(parts)) == list(range(600))
    members = [set(groups[rows]) for rows in parts]
    assert not members[0] & members[1]
    assert not members[0] & members[2]
    assert not members[1] & members[2]
    assert all(members)


def test_labels_follow_the_names_of_the_archive(tmp_path):
    names = ["neutral", "angry", "disgust", "fear", "happy", "sad", "surprise"]
    np.savez(
        tmp_path / "fer2013_train.npz", images=pictures(3), labels=[0, 1, 5], names=np.array(names)
    )
    _, labels = face.load(tmp_path)
    assert [FER2013[label] for label in labels] == ["neutral", "anger", "sadness"]
    with pytest.raises(InputError, match=r"fer2013_train\.npz"):
        face.load(tmp_path / "absent")


def test_augmented_faces_are_finite_and_differ():
    faces = torch.from_numpy(pictures(16)).float()[:, None]
    seen = face.augment(faces, torch.Generator().manual_seed(0))
    assert seen.shape == faces.shape
    assert torch.isfinite(seen).all()
    assert (seen - faces).abs().mean() > 5
    again = face.augment(faces, torch.Generator().manual_seed(0))
    assert torch.equal(seen, again)


def test_network_ignores_brightness_and_contrast():
    network = face.FaceNetwork().eval()
    faces = torch.from_numpy(pictures(4)).float()[:, None]
    with torch.no_grad():
        first, second = network(faces)[0], network(faces * 0.5 + 40)[0]
    torch.testing.assert_close(first, second, atol=0.05, rtol=0.05)


def test_training_learns_and_leaves_a_usable_model(tmp_path, monkeypatch):
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 7, 210)
    ramp = np.linspace(0, 255, 48)
    # A class is the direction of a wave: nothing else tells them apart.
    waves = [
        np.sin(0.05 * (ramp[:, None] * np.cos(a) + ramp * np.sin(a))) for a in np.arange(7) / 2.2
    ]
    noise = draw.normal(0, 20, (210, 48, 48))
    images = np.clip(128 + 80 * np.array(waves)[labels] + noise, 0, 255).astype(np.uint8)
    np.savez(tmp_path / "fer2013_train.npz", images=images, labels=labels, names=np.array(FER2013))
    monkeypatch.setattr(face, "BATCH", 16)
    monkeypatch.setattr(face, "AVERAGING", 0.8)
    monkeypatch.setattr(face, "augment", lambda faces, draw: faces)
    figures = face.train(tmp_path, tmp_path / "models", seed=0, epochs=3)
    assert figures["accuracy"] > 0.4
    description = json.loads((tmp_path / "models" / "face.json").read_text())
    assert description["temperature"] == figures["temperature"]
    logits, embedding = FaceModel(tmp_path / "models")(list(images[:5]))
    assert logits.shape == (5, 7)
    assert embedding.shape == (5, 64)
    card = (tmp_path / "models" / "face.md").read_text()
    assert "no person-independent claim is possible" in card
    assert "| accuracy |" in card
