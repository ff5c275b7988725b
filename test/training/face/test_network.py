# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks ignore what is no expression."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from emo_music_ros.training.face import network  # noqa: E402


def faces_of(smooth, count):
    return torch.from_numpy(np.clip(smooth(count), 0, 255)).float()[:, None]


def test_network_ignores_brightness_and_contrast(smooth):
    model = network.small().eval()
    faces = faces_of(smooth, 4)
    with torch.no_grad():
        first, second = model(faces)[0], model(faces * 0.5 + 40)[0]
    torch.testing.assert_close(first, second, atol=0.05, rtol=0.05)


def test_a_flat_picture_has_an_answer():
    model = network.small().eval()
    with torch.no_grad():
        assert torch.isfinite(model(torch.full((1, 1, 48, 48), 7.0))[0]).all()


def test_mirrored_answers_do_not_change_with_the_mirror(smooth):
    model = network.small().eval()
    faces = faces_of(smooth, 4)
    with torch.no_grad():
        assert (model(faces)[0] - model(faces.flip(3))[0]).abs().max() > 1e-3
        model.mirrored = True
        torch.testing.assert_close(model(faces), model(faces.flip(3)), atol=1e-4, rtol=1e-4)


def test_the_answer_goes_over_to_the_votes_with_their_share(smooth):
    model = network.small().eval()
    faces = faces_of(smooth, 3)
    with torch.no_grad():
        label, votes = model.both(faces)
        torch.testing.assert_close(model(faces)[0], label)
        model.share.fill_(1.0)
        torch.testing.assert_close(model(faces)[0], votes[:, :7])


def test_folding_the_normalisation_changes_nothing(smooth):
    model = network.small()
    faces = faces_of(smooth, 16)
    model.train()
    with torch.no_grad():
        model(faces)  # statistics that are not those of the start
        model.eval()
        slim = network.folded(model)
        torch.testing.assert_close(model(faces), slim(faces), atol=1e-4, rtol=1e-3)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in slim.modules())


@pytest.mark.parametrize(
    ("make", "most"), [(network.small, 0.5e6), (network.large, 4e6), (network.PlainNetwork, 4e6)]
)
def test_networks_are_as_small_as_promised(make, most):
    assert sum(weight.numel() for weight in make().parameters()) <= most
