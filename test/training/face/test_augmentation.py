"""Augmented faces are faces."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.training.face import (  # noqa: E402
    augmentation,
    network,
    restoration,
)


def test_augmented_faces_are_finite_and_differ(pictures):
    faces = torch.from_numpy(restoration.restore(pictures(16)))[:, None]
    seen = augmentation.augment(faces, torch.Generator().manual_seed(0))
    assert seen.shape == (16, 1, restoration.ORDERS, restoration.ORDERS)
    assert torch.isfinite(seen).all()
    other = augmentation.augment(faces, torch.Generator().manual_seed(1))
    assert (seen - other).abs().mean() > 1
    again = augmentation.augment(faces, torch.Generator().manual_seed(0))
    assert torch.equal(seen, again)


def test_augmentation_without_chance_is_what_the_network_sees(monkeypatch, smooth):
    images = np.clip(smooth(4, blur=4.0), 0, 255).astype(np.uint8)
    model = network.FaceNetwork()
    faces = torch.from_numpy(images).float()[:, None]
    wanted = model.forth.T @ faces @ model.forth * model.gains

    def middle(count, generator):
        return torch.full((count,), 0.5)  # no turn, no light; mirrored unless below 0.5

    monkeypatch.setattr(augmentation.torch, "rand", middle)
    monkeypatch.setattr(augmentation.torch, "randn", lambda *shape, generator: torch.zeros(shape))
    seen = augmentation.augment(
        torch.from_numpy(restoration.restore(images))[:, None], torch.Generator()
    )
    low = (slice(None), slice(None), slice(0, 8), slice(0, 8))
    error = (seen[low] - wanted[low]).square().mean().sqrt()
    assert error < 0.02 * wanted[low].square().mean().sqrt()
