# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Augmented faces are faces."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from emo_music_ros.training.face import augmentation  # noqa: E402


def test_augmented_faces_are_finite_and_differ(pictures):
    faces = torch.from_numpy(pictures(16)).float()[:, None]
    seen = augmentation.augment(faces, torch.Generator().manual_seed(0))
    assert seen.shape == faces.shape
    assert torch.isfinite(seen).all()
    other = augmentation.augment(faces, torch.Generator().manual_seed(1))
    assert (seen - other).abs().mean() > 1
    again = augmentation.augment(faces, torch.Generator().manual_seed(0))
    assert torch.equal(seen, again)


def test_augmentation_without_chance_changes_nothing(monkeypatch, smooth):
    faces = torch.from_numpy(np.clip(smooth(4), 0, 255)).float()[:, None]

    def middle(count, generator):
        return torch.full((count,), 0.5)  # no turn, no light; mirrored and covered only below

    monkeypatch.setattr(augmentation.torch, "rand", middle)
    seen = augmentation.augment(faces, torch.Generator())
    inner = (slice(None), slice(None), slice(4, -4), slice(4, -4))
    # A size of 0.975 is the middle of what is drawn.
    assert (seen - faces)[inner].abs().mean() < 4.0
    assert np.corrcoef(seen[inner].ravel(), faces[inner].ravel())[0, 1] > 0.98
