"""The networks ignore what is no expression."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.training.face import (  # noqa: E402
    network,
    restoration,
)


def test_network_ignores_brightness_and_contrast(smooth):
    model = network.FaceNetwork().eval()
    faces = torch.from_numpy(smooth(4)).float()[:, None]
    with torch.no_grad():
        first, second = model(faces)[0], model(faces * 0.5 + 40)[0]
    torch.testing.assert_close(first, second, atol=0.05, rtol=0.05)


def test_mirrored_answers_do_not_change_with_the_mirror(smooth):
    model = network.FaceNetwork().eval()
    faces = torch.from_numpy(smooth(4)).float()[:, None]
    with torch.no_grad():
        assert (model(faces)[0] - model(faces.flip(3))[0]).abs().max() > 1e-3
        model.mirrored = True
        torch.testing.assert_close(model(faces), model(faces.flip(3)), atol=1e-4, rtol=1e-4)


def test_folding_the_normalisation_changes_nothing(smooth):
    model = network.FaceNetwork()
    faces = torch.from_numpy(smooth(16)).float()[:, None]
    model.train()
    with torch.no_grad():
        model(faces)  # statistics that are not those of the start
        model.eval()
        slim = network.folded(model)
        torch.testing.assert_close(model(faces), slim(faces), atol=1e-4, rtol=1e-3)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in slim.modules())


def test_plain_network_sees_the_pixels_as_they_are(smooth):
    model = network.PlainNetwork().eval()
    images = np.round(smooth(3, blur=4.0)).clip(0, 255).astype(np.uint8)
    faces = torch.from_numpy(images).float()[:, None]
    forth = torch.from_numpy(restoration.cosines(48)).float()
    gains = torch.from_numpy(restoration.wiener(restoration.NOISE)).float()
    with torch.no_grad():
        coefficients = forth.T @ faces @ forth * gains
        torch.testing.assert_close(
            model(faces)[0], model.classify(coefficients)[0], atol=5e-3, rtol=5e-2
        )
