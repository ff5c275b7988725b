from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.emotion import FER2013  # noqa: E402
from emo_music_ros.encoding.face.model import FaceModel  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.training.corpora import fer2013  # noqa: E402
from emo_music_ros.training.evaluation import metrics  # noqa: E402
from emo_music_ros.training.face import (  # noqa: E402  # noqa: E402
    augmentation,
    fitting,
    network,
    restoration,
    settings,
    training,
)
from emo_music_ros.training.face import run as face  # noqa: E402
from emo_music_ros.training.face.corruptions import CORRUPTIONS  # noqa: E402
from emo_music_ros.training.face.settings import PRECISION, FaceSettings  # noqa: E402
from emo_music_ros.training.face.training import adjustment, hold_out  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402


def pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48), np.uint8)


def smooth(count, seed=0, blur=2.0):
    """Pictures with a falling spectrum, 0..255."""
    noise = np.random.default_rng(seed).normal(size=(count, 48, 48))
    noise = np.stack([gaussian_filter(entry, blur, mode="reflect") for entry in noise])
    return 128 + 40 * noise / noise.std(axis=(1, 2), keepdims=True)


def test_cosines_are_those_of_the_library():
    picture = smooth(1)[0]
    forth = restoration.cosines(48)
    wanted = dctn(picture, norm="ortho")[: restoration.ORDERS, : restoration.ORDERS]
    np.testing.assert_allclose(forth.T @ picture @ forth, wanted, atol=1e-9)


def test_the_blur_of_the_corpus_is_undone():
    sharp = smooth(8)
    blurred = np.stack(
        [gaussian_filter(one, restoration.BLUR, mode="reflect", truncate=6) for one in sharp]
    )
    restored = restoration.restore(np.round(blurred).astype(np.uint8))
    before = np.sqrt(np.mean((blurred - sharp) ** 2))
    after = np.sqrt(np.mean((restored - sharp) ** 2))
    assert after < 0.35 * before
    # Sampled more coarsely it is the same picture.
    coarse = restoration.restore(np.round(blurred).astype(np.uint8), restoration.GRID)
    for one, other in zip(restored, coarse):
        resized = cv2.resize(one, (restoration.GRID,) * 2, interpolation=cv2.INTER_AREA)
        assert np.corrcoef(resized.ravel(), other.ravel())[0, 1] > 0.95


def test_augmented_faces_are_finite_and_differ():
    faces = torch.from_numpy(restoration.restore(pictures(16)))[:, None]
    seen = augmentation.augment(faces, torch.Generator().manual_seed(0))
    assert seen.shape == (16, 1, restoration.ORDERS, restoration.ORDERS)
    assert torch.isfinite(seen).all()
    other = augmentation.augment(faces, torch.Generator().manual_seed(1))
    assert (seen - other).abs().mean() > 1
    again = augmentation.augment(faces, torch.Generator().manual_seed(0))
    assert torch.equal(seen, again)


def test_augmentation_without_chance_is_what_the_network_sees(monkeypatch):
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


def test_network_ignores_brightness_and_contrast():
    model = network.FaceNetwork().eval()
    faces = torch.from_numpy(smooth(4)).float()[:, None]
    with torch.no_grad():
        first, second = model(faces)[0], model(faces * 0.5 + 40)[0]
    torch.testing.assert_close(first, second, atol=0.05, rtol=0.05)


def test_mirrored_answers_do_not_change_with_the_mirror():
    model = network.FaceNetwork().eval()
    faces = torch.from_numpy(smooth(4)).float()[:, None]
    with torch.no_grad():
        assert (model(faces)[0] - model(faces.flip(3))[0]).abs().max() > 1e-3
        model.mirrored = True
        torch.testing.assert_close(model(faces), model(faces.flip(3)), atol=1e-4, rtol=1e-4)


def test_folding_the_normalisation_changes_nothing():
    model = network.FaceNetwork()
    faces = torch.from_numpy(smooth(16)).float()[:, None]
    model.train()
    with torch.no_grad():
        model(faces)  # statistics that are not those of the start
        model.eval()
        slim = network.folded(model)
        torch.testing.assert_close(model(faces), slim(faces), atol=1e-4, rtol=1e-3)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in slim.modules())


def test_plain_network_sees_the_pixels_as_they_are():
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


def test_adjustment_raises_the_recall_of_rare_classes():
    draw = np.random.default_rng(0)
    prior = np.array([0.01, 0.01, 0.05, 0.4, 0.23, 0.1, 0.2])
    truth = draw.choice(7, 4000, p=prior)
    logits = draw.normal(0, 1.2, (4000, 7)) + np.log(prior)
    logits[np.arange(4000), truth] += 2.0
    added = adjustment(logits, truth, prior)
    assert added.mean() == pytest.approx(0.0, abs=1e-9)
    assert added[0] > added[3]
    before, after = logits.argmax(axis=1), (logits + added).argmax(axis=1)
    assert metrics.uar(truth, after) > metrics.uar(truth, before)


def test_groups_do_not_part_between_learning_and_calibration():
    groups = np.repeat(np.arange(500), 2)
    rows = np.arange(100, 1000)
    learn, calibrate = hold_out(groups, rows, seed=3)
    assert sorted(np.concatenate([learn, calibrate])) == rows.tolist()
    assert not set(groups[learn]) & set(groups[calibrate])
    assert 10 < len(calibrate) < 100


def small_corpus(folder, count=500):
    """Write faces whose class is the direction of a wave: nothing else tells them apart."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 7, count)
    angle = (np.pi * labels / 7)[:, None, None]
    place = np.arange(48) / 48
    along = place[:, None] * np.sin(angle) + place * np.cos(angle)
    phase = draw.uniform(0, 2 * np.pi, (count, 1, 1))
    waves = np.sin(2 * np.pi * 3 * along + phase)
    images = 128 + 60 * waves + draw.normal(0, 5, (count, 48, 48))
    images = np.clip(images, 0, 255).astype(np.uint8)
    np.savez(folder / "fer2013_train.npz", images=images, labels=labels, names=np.array(FER2013))


class SmallNetwork(network.FaceNetwork):
    def __init__(self):
        super().__init__((8, 8, 16), (1, 1, 1))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(fitting, "BATCH", 16)
    monkeypatch.setattr(fitting, "AVERAGING", 0.8)
    monkeypatch.setattr(training, "CALIBRATION", 0.2)
    forth = torch.from_numpy(restoration.cosines(48)).float()
    monkeypatch.setattr(fitting, "augment", lambda faces, draw: forth.T @ faces @ forth)
    monkeypatch.setattr(settings, "SHIPPED", FaceSettings(SmallNetwork, 4))


def test_training_learns_and_leaves_a_usable_model(tmp_path, quick):
    small_corpus(tmp_path)
    work = Work(tmp_path / "work")
    figures = face.train(tmp_path, tmp_path / "models", work, seed=0)
    assert figures["accuracy"] > 0.5
    assert figures["precision"] == PRECISION
    description = json.loads((tmp_path / "models" / "face.json").read_text())
    assert description["temperature"] == figures["temperature"]
    assert 0 < description["conformal"] < 1
    # What the encoder answers is what was measured, whichever precision.
    corpus = fer2013.load(tmp_path)
    logits, embedding = FaceModel(tmp_path / "models")(list(corpus.items[:64]))
    assert logits.shape == (64, 7)
    assert embedding.shape == (64, network.EMBEDDING)
    assert metrics.accuracy(corpus.labels[:64], logits.argmax(axis=1)) > 0.5
    card = (tmp_path / "models" / "face.md").read_text()
    assert "no person-independent claim is possible" in card
    assert "| accuracy |" in card
    # A second run recalls, and export needs no training.
    again = face.train(
        tmp_path, tmp_path / "float", Work(tmp_path / "work", frozen=True), precision="float32"
    )
    assert abs(again["accuracy"] - figures["accuracy"]) < 0.15
    with pytest.raises(InputError, match="float16"):
        face.train(tmp_path, tmp_path, work, precision="float16")


def test_evaluation_without_ck_plus_says_nothing_of_it(tmp_path, quick):
    small_corpus(tmp_path)
    results = face.evaluate(tmp_path, Work(tmp_path / "work"))
    assert results[0].candidate == "emo_music_ros"
    assert results[0].cost["parameters"] > 1000
    assert {result.corpus for result in results} == {"FER2013"}
    names = {result.candidate for result in results}
    assert {f"emo_music_ros, {change}" for change in CORRUPTIONS} <= names


def test_evaluation_measures_ck_plus_where_it_is(tmp_path, quick):
    small_corpus(tmp_path)
    for number, (folder, shade) in enumerate((("happy", 90), ("anger", 140), ("contempt", 10))):
        path = tmp_path / "CK+48" / folder / f"S{number:03d}_001_00000009.png"
        path.parent.mkdir(parents=True)
        ramp = np.linspace(0, shade, 48)[:, None].repeat(48, axis=1)
        assert cv2.imwrite(str(path), ramp.astype(np.uint8))
    result = face.evaluate(tmp_path, Work(tmp_path / "work"))[-1]
    assert result.corpus == "CK+"
    assert result.people == 2
    assert "Contempt" in result.note


def test_resolution_is_where_the_spectrum_ends():
    sharp = np.clip(smooth(64, blur=0.6), 0, 255).astype(np.uint8)
    blurred = np.round(smooth(64, blur=3.0)).clip(0, 255).astype(np.uint8)
    assert restoration.resolution(sharp) > 15
    assert 5 < restoration.resolution(blurred) < 12


def test_a_sharp_copy_is_softened_and_a_blurred_one_stays(tmp_path):
    small_corpus(tmp_path, 60)
    corpus = fer2013.load(tmp_path)
    sharp = np.clip(smooth(len(corpus), blur=0.6), 0, 255).astype(np.uint8)
    ready = face.softened(replace(corpus, items=sharp)).items
    assert ready.dtype == np.uint8
    assert restoration.resolution(ready) < face.SHARP
    blurred = np.round(smooth(len(corpus), blur=3.0)).clip(0, 255).astype(np.uint8)
    assert face.softened(replace(corpus, items=blurred)).items is blurred
