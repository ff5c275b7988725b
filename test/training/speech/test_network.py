# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The listeners of the speech network learn, whatever the padding and the gain."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.encoding.speech.audio_features import BANDS  # noqa: E402
from emo_music_ros.encoding.speech.functionals import COUNT  # noqa: E402
from emo_music_ros.training.speech import network as networks  # noqa: E402


def clips(count=24, seed=0):
    """Return clips whose class is the place of the loudest band and one of the statistics."""
    draw = np.random.default_rng(seed)
    result = []
    for index in range(count):
        label, steps = index % 8, int(draw.integers(16, 24))
        spectrum = draw.normal(-8, 1, (BANDS, steps)).astype(np.float32)
        spectrum[4 + 7 * label : 8 + 7 * label] += 8
        statistics = draw.normal(size=(1, COUNT)).astype(np.float32)
        statistics[0, 8 * label : 8 * label + 8] += 2
        contour = np.zeros((networks.CONTOUR, steps), np.float32)
        affect = np.array([label / 4 - 1, 1 - label / 4], np.float32)
        every = np.ones(8, bool)
        result.append(networks.Clip(label, (spectrum,), (contour,), statistics, affect, 1.0, every))
    return result


def test_padding_does_not_change_the_answer():
    torch.manual_seed(0)
    network = networks.SequenceNetwork().eval()
    some = clips()
    with torch.no_grad():
        together = network(
            *networks.pad([c.spectra[0] for c in some], [c.contours[0] for c in some])
        )
        alone = torch.cat(
            [network(*networks.pad(clip.spectra, clip.contours)[:2])[0] for clip in some]
        )
    # the recurrent layer hears the silence of the padding backwards: that alone may differ
    torch.testing.assert_close(together[0], alone, atol=0.03, rtol=0.05)


def test_the_gain_does_not_change_the_answer():
    network = networks.SequenceNetwork().eval()
    mel, contour, _ = networks.pad(clips()[0].spectra, clips()[0].contours)
    with torch.no_grad():
        torch.testing.assert_close(network(mel, contour)[0], network(mel + 5, contour)[0])


def test_warping_moves_bands_and_time_but_keeps_what_it_is():
    draw = torch.Generator().manual_seed(0)
    some = clips(8)
    mel, contour, lengths = networks.pad(
        [c.spectra[0] for c in some], [c.contours[0] for c in some]
    )
    warped, line, other = networks.warp(mel, contour + 0.5, lengths, draw)
    assert warped.shape[0] == line.shape[0] == 8
    assert warped.shape[2] == line.shape[2] == int(other.max())
    assert torch.isfinite(warped).all()
    assert ((other / lengths - 1).abs() < 0.3).all()
    before = mel[0, :, : lengths[0]].mean(dim=1).argmax()
    after = warped[0, :, : other[0]].mean(dim=1).argmax()
    assert abs(int(before) - int(after)) <= 8


def test_both_kinds_of_networks_learn(monkeypatch):
    monkeypatch.setattr(networks, "AVERAGING", 0.8)  # the training is short
    known, new = clips(64), clips(32, seed=1)
    truth = torch.tensor([clip.label for clip in new])
    whole = networks.fit_whole(known, 0, networks.Course(30, 16, 5e-3, 0.01, 0.5))
    with torch.no_grad():
        found = whole(torch.from_numpy(np.stack([clip.statistics[0] for clip in new])))
    assert (found[:, :8].argmax(dim=1) == truth).float().mean() > 0.6
    affect = np.stack([clip.affect for clip in new])
    assert np.corrcoef(found[:, 8].numpy(), affect[:, 0])[0, 1] > 0.3
    sequence = networks.fit_sequence(known, 0, networks.Course(25, 16, 5e-3, 0.01, 0.5))
    with torch.no_grad():
        found = sequence(*networks.pad([c.spectra[0] for c in new], [c.contours[0] for c in new]))[
            0
        ]
    assert (found[:, :8].argmax(dim=1) == truth).float().mean() > 0.4


def test_the_mean_of_the_listeners_is_in_range():
    statistics = np.zeros(COUNT, np.float32)
    network = networks.SpeechNetwork(
        [networks.SequenceNetwork()], [networks.WholeNetwork(statistics, statistics + 1)]
    ).eval()
    mel, contour, _ = networks.pad(clips()[0].spectra, clips()[0].contours)
    with torch.no_grad():
        logits, embedding, affect = network(mel, contour, torch.zeros(1, COUNT))
    assert logits.shape == (1, 8)
    assert embedding.shape == (1, networks.EMBEDDING)
    assert affect.abs().max() <= 1


def test_training_is_repeated_by_its_seed():
    course = networks.Course(2, 16, 5e-3, 0.01, 0.5)
    one, two = (networks.weights(networks.fit_whole(clips(), 5, course)) for _ in range(2))
    other = networks.weights(networks.fit_whole(clips(), 6, course))
    for name, value in one.items():
        np.testing.assert_array_equal(value, two[name])
    assert any(not np.array_equal(value, other[name]) for name, value in one.items())


def test_an_emotion_that_a_corpus_lacks_costs_nothing_there():
    calm, neutral, disgust = (networks.RAVDESS.index(n) for n in ("calm", "neutral", "disgust"))
    possible = torch.ones(2, 8, dtype=torch.bool)
    possible[1, [calm, disgust]] = False
    logits = torch.zeros(2, 8)
    logits[:, disgust] = 9.0
    logits[:, calm] = 5.0
    everywhere, here = networks.among(logits, possible).exp()
    assert everywhere[disgust] > 0.9
    assert here[disgust] == here[calm] == 0
    assert here[neutral] > 0.9  # nobody was calm there: neutral
    assert here.sum() == pytest.approx(1)


def test_the_loss_is_that_of_the_library_where_every_emotion_is_possible():
    draw = torch.Generator().manual_seed(1)
    truth = networks.Truth.of(clips(16))
    answers = torch.randn(16, 10, generator=draw)
    expected = (
        torch.nn.functional.cross_entropy(
            answers[:, :8], truth.label, label_smoothing=networks.SMOOTHING
        )
        + networks.FELT * (answers[:, 8:] - truth.affect).square().mean()
    )
    torch.testing.assert_close(networks._loss(answers, truth), expected)
