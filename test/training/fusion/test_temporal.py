# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The networks of papers A and C: parts, masks, what they learn, and their export."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is for training only")

from emo_music_ros.emotion import STATES  # noqa: E402
from emo_music_ros.fusion.grid import FEATURES, MASK_AT, STEPS  # noqa: E402
from emo_music_ros.fusion.temporal import NAMES, TemporalModel  # noqa: E402
from emo_music_ros.training.fusion import temporal  # noqa: E402
from emo_music_ros.training.fusion.temporal import (  # noqa: E402
    HIDDEN,
    Design,
    Recipe,
    build,
    fit,
    log_posterior,
    restored,
    weights_of,
)
from emo_music_ros.training.fusion.temporal_pairs import one_step, told  # noqa: E402
from emo_music_ros.training.fusion.temporal_study import TemporalCalibration, calibrate  # noqa: E402

KINDS = pytest.mark.parametrize("kind", temporal.KINDS)
QUICK = Recipe(epochs=12, batch=64, dropout=0.0, noise=0.0, blanks=0.0)


def made(count, seed=0, modalities=2):
    """Windows whose first modality names the state, the others say anything."""
    draw = np.random.default_rng(seed)
    window = draw.random((count, STEPS, modalities, FEATURES)).astype(np.float32)
    truth = draw.integers(0, len(STATES), count)
    window[:, :, 0, : len(STATES)] = np.eye(len(STATES))[truth][:, None]
    window[..., MASK_AT] = 1.0
    return window, truth


def network(design, modalities=2, seed=0):
    torch.manual_seed(seed)
    return build(design, (STEPS, modalities, FEATURES), len(STATES)).eval()


@KINDS
def test_it_learns_whom_to_believe(kind):
    window, truth = made(400)
    learned = fit(Design(kind), window, np.eye(4, dtype=np.float32)[truth], 0, QUICK)
    others, right = made(200, 1)
    assert (log_posterior(learned, others).argmax(axis=1) == right).mean() > 0.95


@KINDS
def test_the_same_seed_gives_the_same_network(kind):
    window, truth = made(60)
    targets = np.eye(4, dtype=np.float32)[truth]
    first, second = (fit(Design(kind), window, targets, 3, replace(QUICK, epochs=1)) for _ in "ab")
    assert np.array_equal(log_posterior(first, window), log_posterior(second, window))
    other = restored(network(Design(kind)), weights_of(first))
    assert np.array_equal(log_posterior(first, window), log_posterior(other, window))


@KINDS
def test_what_is_masked_says_nothing(kind):
    """The value of a step that nobody knows does not matter: the grid gives 0, and 0 it is."""
    window, _ = made(5)
    window[:, 3:, 1] = 0.0
    one = network(Design(kind))
    found = log_posterior(one, window)
    assert np.exp(found).sum(axis=1) == pytest.approx(1, abs=1e-5)
    if kind == "attention":
        _, attention = one(torch.from_numpy(window))
        assert attention[:, 3:, 1].abs().max() < 1e-6
    else:
        window[:, 3:, 1, 0] = 7.0
        assert np.allclose(log_posterior(one, window), found, atol=1e-6)


def test_attention_sums_to_one_over_all_steps_of_all_modalities():
    window, _ = made(5)
    one = network(Design("attention"))
    with torch.no_grad():
        one.query += 1.0
        _, attention = one(torch.from_numpy(window))
    assert attention.shape == (5, STEPS, 2)
    assert attention.sum(dim=(1, 2)).numpy() == pytest.approx(1, abs=1e-5)
    assert attention.std() > 0
    plain = network(Design("attention", attention=False))
    _, alike = plain(torch.from_numpy(window))
    assert alike.detach().numpy() == pytest.approx(1 / (2 * STEPS), abs=1e-6)


def test_attention_equals_equation_7_by_hand():
    window, _ = made(1)
    one = network(Design("attention", recurrent=False))
    with torch.no_grad():
        one.query.copy_(torch.linspace(-1, 1, 2 * HIDDEN))
        _, attention = one(torch.from_numpy(window))
        steps = [
            torch.relu(convolution(torch.from_numpy(window)[:, :, place].transpose(1, 2)))[0].T
            for place, convolution in enumerate(one.convolutions)
        ]
    scores = np.exp(np.stack([(step @ one.query).detach().numpy() for step in steps], axis=1))
    assert attention[0].numpy() == pytest.approx(scores / scores.sum(), abs=1e-5)


def test_the_reconstruction_loss_is_equation_8_of_what_is_known():
    window, _ = made(3)
    window[:, 2:] = 0.0
    one = network(Design("compressed", reconstruction=1.0))
    given = torch.from_numpy(window)
    with torch.no_grad():
        errors = [
            ((decoder(encoder(given[:, :2, at])) - given[:, :2, at]) ** 2).sum(dim=2)
            for at, (encoder, decoder) in enumerate(zip(one.encoders, one.decoders))
        ]
        assert float(one.penalty(given)) == pytest.approx(
            float(torch.stack(errors).mean()), rel=1e-4
        )
        silent = network(Design("compressed", reconstruction=0.0))
        assert float(silent.penalty(given)) == 0.0
        assert float(network(Design("attention")).penalty(given)) == 0.0


def test_it_learns_to_reconstruct():
    window, truth = made(200)
    targets = np.eye(4, dtype=np.float32)[truth]
    design, given = Design("compressed", reconstruction=1.0), torch.from_numpy(window)
    before = float(network(design).penalty(given))
    assert float(fit(design, window, targets, 0, QUICK).penalty(given)) < 0.7 * before


@pytest.mark.parametrize(
    ("kind", "part"),
    [("attention", "convolution"), ("attention", "recurrent"), ("compressed", "encoder"),
     ("compressed", "recurrent")],
)  # fmt: skip
def test_a_part_that_is_dropped_is_gone(kind, part):
    whole, without = (
        sum(weight.numel() for weight in network(design).parameters())
        for design in (Design(kind), replace(Design(kind), **{part: False}))
    )
    assert without < whole if part != "encoder" else without != whole


def test_steps_are_only_taken_away_while_it_learns_and_never_the_last():
    window, _ = made(40)
    spoiled = temporal._spoiled(torch.from_numpy(window), Recipe(noise=0.0, blanks=1.0))
    assert not spoiled[:, :-1].any()
    assert torch.equal(spoiled[:, -1], torch.from_numpy(window)[:, -1])
    noisy = temporal._spoiled(torch.from_numpy(window), Recipe(noise=0.5, blanks=0.0))
    assert torch.equal(noisy[..., -3:], torch.from_numpy(window)[..., -3:])
    assert not torch.equal(noisy, torch.from_numpy(window))


@KINDS
def test_onnxruntime_gives_what_torch_gives(kind, tmp_path):
    pytest.importorskip("onnxscript", reason="onnxscript is for training only")
    from emo_music_ros.training.fusion.exports import save_temporal

    window, _ = made(4, modalities=1)
    one = network(Design(kind), modalities=1)
    path = save_temporal(one, window, tmp_path / "network.onnx")
    import onnxruntime

    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    for count in (1, 4):  # the batch is of any size
        found = session.run(None, {"window": window[:count]})
        assert found[0] == pytest.approx(log_posterior(one, window[:count]), abs=1e-4)


@KINDS
def test_real_pairs_of_any_classes(kind, monkeypatch):
    draw = np.random.default_rng(0)
    truth = np.tile(np.arange(3), 24)
    people = np.repeat(np.arange(8), 9)
    seen = np.where(np.eye(3)[truth] > 0, 0.8, 0.1)[:, None].repeat(2, axis=1)
    seen[:, 1] = draw.dirichlet(np.ones(3), len(truth))
    from emo_music_ros.training.fusion import temporal_pairs

    monkeypatch.setattr(temporal_pairs, "RECIPE", replace(QUICK, epochs=8, batch=32, rate=2e-2))
    monkeypatch.setattr(temporal_pairs, "INNER", 2)
    found = told(kind, seen, truth, people, seen[:9], 0)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found.argmax(axis=1) == truth[:9]).mean() > 0.8


def test_a_real_pair_is_one_step_of_the_grid():
    said = np.array([[[0.7, 0.2, 0.1], [0.2, 0.2, 0.6]]])
    window = one_step(said, np.array([[1.0, 0.0]]))
    assert window.shape == (1, 1, 2, 6)
    assert window[0, 0, 0, -3:].tolist() == [1, 0, 1]
    assert not window[0, 0, 1].any()
    assert window[0, 0, 0, :3].sum() == pytest.approx(0, abs=1e-6)


def test_calibration_is_by_pieces_of_evidence():
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 4, 3000)
    logs = 3.0 * np.eye(4)[truth] + draw.normal(size=(3000, 4))
    count = draw.integers(1, 4, 3000)
    found = calibrate(logs, truth, count)
    assert found.unsure[0] == 1.0
    table, unknown = found.answers(logs, count)
    assert table.sum(axis=1) == pytest.approx(1)
    assert unknown[count > 1].mean() == pytest.approx(0.035, abs=0.01)
    nothing, silent = found.answers(np.zeros((1, 4)), np.array([0]))
    assert nothing.tolist() == [[0.25] * 4]
    assert silent.all()
    assert set(found.described()) == {"temperature", "credibility", "unsure"}


@KINDS
def test_the_shipped_network_answers_as_it_was_measured(kind):
    """The vectorised answers of the study and those of the plugin, window by window."""
    from emo_music_ros.fusion.decision import decide
    from emo_music_ros.fusion.temporal import AttentionFusion, CompressedFusion
    from emo_music_ros.fusion.timeline import TimelineOptions
    from emo_music_ros.simulation.answers import Answers
    from emo_music_ros.training.fusion.episodes import windows
    from emo_music_ros.training.fusion.stitched import StitchedStudy
    from emo_music_ros.training.fusion.temporal_study import TemporalStudy, heard_of
    from emo_music_ros.training.shared.work import Work

    model = TemporalModel(NAMES[kind])
    fusion = {"attention": AttentionFusion, "compressed": CompressedFusion}[kind](model=model)
    study = TemporalStudy(StitchedStudy(Answers(), Work("never"), 3), 40)
    given = windows(study.spoken, study.episodes[0])
    shipped = TemporalCalibration(model.temperature, model.credibility, model.unsure)
    table, unknown = shipped.answers(model(given)[0].astype(float), heard_of(given))
    limit = TimelineOptions().max_uncertainty
    for row, items in enumerate(study.heard(study.episodes[0], remembers=True)):
        estimate, weights = fusion.fuse(items)
        assert estimate.probabilities == pytest.approx(table[row], abs=1e-3)
        state = decide(fusion, estimate, items, weights, limit, 1.0)
        assert (state not in STATES) == unknown[row]
