# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from emo_music_ros.emotion import FER2013
from emo_music_ros.encoding.face import quality as face
from emo_music_ros.encoding.face.alignment import SIZE, Region, cut
from emo_music_ros.encoding.face.detection import Face
from emo_music_ros.encoding.face.encoder import FaceEncoder, Vgg19FaceEncoder
from emo_music_ros.encoding.face.model import FaceModel
from emo_music_ros.encoding.face.predict import predict_images, predict_npz
from emo_music_ros.encoding.face.tracking import FaceFinder
from emo_music_ros.encoding.shared.base import Encoder
from emo_music_ros.errors import InputError, ModelError
from emo_music_ros.numerics import softmax
from emo_music_ros.options import build
from emo_music_ros.resources import share
from emo_music_ros.streams import AudioBlock, ImageFrame

# Eileen Collins, NASA, in the public domain.
PORTRAIT = Path(__file__).with_name("portrait.jpg")
FIELDS = {"labels", "probabilities", "valence", "arousal", "dominance", "confidence"}


@pytest.fixture(scope="module")
def portrait():
    return cv2.imread(str(PORTRAIT))


@pytest.fixture(scope="module")
def encoder():
    return FaceEncoder()


@pytest.fixture(autouse=True)
def fresh(encoder):
    encoder.reset()


def moved(portrait, pixels):
    return np.roll(portrait, pixels, axis=1)


def test_encoding_of_a_real_face(encoder, portrait):
    (encoding,) = encoder.push(ImageFrame(100.0, portrait, "recorded:nasa"))
    estimate = encoding.estimate
    assert isinstance(encoder, Encoder)
    assert encoding.modality == "face"
    assert encoding.source == "recorded:nasa"
    assert encoding.time == encoding.window_start == 100.0
    assert estimate.labels == FER2013
    assert estimate.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert estimate.quality > 0.6
    assert encoding.embedding.ndim == 1
    assert encoding.embedding.dtype == np.float32
    assert encoding.features["face_count"] == 1
    assert 0.3 < encoding.features["face_size"] < 0.6
    for name in ("motion", "expression_motion", "texture_change"):
        assert math.isnan(encoding.features[name])
    for name in ("yaw", "pitch", "roll"):
        assert abs(encoding.features[name]) < math.radians(15)
    assert encoding.person_id == ""
    description = json.loads((share("models") / "face.json").read_text("utf-8"))
    assert encoder.version == description["version"]


def test_a_smile_is_pleasant(encoder, portrait):
    (encoding,) = encoder.push(ImageFrame(0.0, portrait))
    assert FER2013[int(encoding.estimate.probabilities.argmax())] == "happiness"
    assert "happiness" in encoding.estimate.credible
    assert encoding.estimate.valence > 0


def test_resolution_hardly_matters(encoder, portrait):
    answers = []
    for step, scale in enumerate((0.4, 1.0, 2.5)):
        picture = cv2.resize(portrait, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        encoder.reset()
        (encoding,) = encoder.push(ImageFrame(float(step), picture))
        answers.append(encoding.estimate.probabilities)
    assert np.abs(np.diff(answers, axis=0)).max() < 0.2


def test_rate_limit_follows_the_stamps(portrait):
    encoder = FaceEncoder(build(FaceEncoder.Options, {"max_rate": 5.0}))
    stamps = np.arange(20) / 30
    times = [e.time for t in stamps for e in encoder.push(ImageFrame(float(t), portrait))]
    np.testing.assert_allclose(times, stamps[::6], atol=1e-9)
    assert encoder.push(ImageFrame(-50.0, portrait))  # a recording that starts again


def test_asked_for_fewer_pictures_it_leaves_some_out_down_to_its_floor(portrait):
    encoder = FaceEncoder()
    stamps = np.arange(60) / 15

    def judged(rate):
        encoder.pace.ask(rate)
        encoder.reset()
        return [e.time for t in stamps for e in encoder.push(ImageFrame(float(t), portrait))]

    np.testing.assert_allclose(judged(0.1), stamps[::5], atol=1e-9)
    np.testing.assert_allclose(judged(99.0), stamps, atol=1e-9)


def test_motion_is_the_mean_displacement_of_the_points_per_second(encoder, portrait):
    encoder.push(ImageFrame(0.0, portrait))
    encoder.push(ImageFrame(0.1, portrait))
    (still,) = encoder.push(ImageFrame(0.2, portrait))
    assert still.features["motion"] == pytest.approx(0, abs=1e-6)
    assert still.features["expression_motion"] == pytest.approx(0, abs=1e-6)
    assert still.features["texture_change"] == pytest.approx(0, abs=1e-4)
    (shifted,) = encoder.push(ImageFrame(0.3, moved(portrait, 11)))
    side = still.features["face_size"] * portrait.shape[0]
    assert shifted.features["motion"] == pytest.approx(11 / side / 0.1, rel=0.1)
    assert shifted.features["expression_motion"] < 0.2 * shifted.features["motion"]


@pytest.mark.parametrize("scale", [0.7, 2.0])
def test_motion_does_not_depend_on_the_distance(encoder, portrait, scale):
    def seen(picture):
        return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)

    found = []
    for change in (lambda picture: picture, seen):
        encoder.reset()
        encoder.push(ImageFrame(0.0, change(portrait)))
        encoder.push(ImageFrame(0.1, change(portrait)))
        (encoding,) = encoder.push(ImageFrame(0.2, change(moved(portrait, 12))))
        found.append(encoding.features["motion"])
    assert found[1] == pytest.approx(found[0], rel=0.15)


CHANGES = {
    "darker": lambda picture: cv2.convertScaleAbs(picture, alpha=0.6),
    "brighter": lambda picture: cv2.convertScaleAbs(picture, alpha=1.25, beta=10),
    "blurred": lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.2),
    "turned left": lambda picture: cv2.warpAffine(
        picture,
        cv2.getRotationMatrix2D((128, 116), 10, 1.0),
        (256, 256),
        borderMode=cv2.BORDER_REPLICATE,
    ),
    "turned right": lambda picture: cv2.warpAffine(
        picture,
        cv2.getRotationMatrix2D((128, 116), -10, 1.0),
        (256, 256),
        borderMode=cv2.BORDER_REPLICATE,
    ),
    "noisy": lambda picture: np.clip(
        picture + np.random.default_rng(0).normal(0, 5, picture.shape), 0, 255
    ).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_light_blur_and_roll_hardly_change_the_answer(encoder, portrait, change):
    (before,) = encoder.push(ImageFrame(0.0, portrait))
    encoder.reset()
    (after,) = encoder.push(ImageFrame(1.0, CHANGES[change](portrait)))
    one, other = before.estimate.probabilities, after.estimate.probabilities
    assert one.argmax() == other.argmax()
    assert np.abs(one - other).max() < 0.25


def test_brightness_does_not_change_who_it_is(portrait):
    encoder = FaceEncoder(build(FaceEncoder.Options, {"people": "all"}))
    for step, change in enumerate(CHANGES):
        (encoding,) = encoder.push(ImageFrame(step / 10, CHANGES[change](portrait)))
        assert encoding.person_id == ""


class Script:
    """A detector that finds what it is told."""

    def __init__(self, places):
        self.places = iter(places)

    def __call__(self, picture):
        return [
            Face((x, 60.0), side, 0.0, 0.9, np.full((6, 2), x)) for x, side in next(self.places)
        ]


def scripted(places, logits, **values):
    encoder = FaceEncoder(build(FaceEncoder.Options, values))
    options = encoder._options
    encoder._finder = FaceFinder(
        Script(places), lambda *_: None, options.min_face, options.max_faces
    )
    answers = iter(logits)

    class Answers:
        labels = FER2013
        version = "test"
        conformal = math.nan

        def __call__(self, faces):
            found = np.array([np.eye(7)[next(answers)] * 4 for _ in faces])
            return found, np.zeros((len(faces), 64), np.float32)

    encoder._model = Answers()
    return encoder


PICTURE = np.random.default_rng(0).integers(0, 256, (120, 160), np.uint8)


def test_smoothing_is_exponential_and_looks_back():
    encoder = scripted([[(60.0, 50.0)]] * 3, [0, 3, 3], smoothing=0.4)
    found = [encoder.push(ImageFrame(t, PICTURE))[0] for t in (0.0, 0.2, 0.6)]
    first = np.eye(7)[0] * 4
    share = 1 - math.exp(-0.5)
    second = first + share * (np.eye(7)[3] * 4 - first)
    third = second + (1 - math.exp(-1)) * (np.eye(7)[3] * 4 - second)
    for encoding, logits in zip(found, (first, second, third)):
        np.testing.assert_allclose(
            encoding.estimate.probabilities, np.exp(logits) / np.exp(logits).sum(), rtol=1e-5
        )
    assert [encoding.window_start for encoding in found] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("second", "time"), [((150.0, 50.0), 2.5), ((60.0, 50.0), 2.5)], ids=["elsewhere", "later"]
)
def test_another_face_starts_anew(second, time):
    encoder = scripted([[(60.0, 50.0)], [second]], [0, 3], smoothing=5.0)
    encoder.push(ImageFrame(0.0, PICTURE))
    (encoding,) = encoder.push(ImageFrame(time, PICTURE))
    assert encoding.estimate.probabilities.argmax() == 3
    assert math.isnan(encoding.features["motion"])
    assert encoding.window_start == time


def test_largest_face_counts_and_small_ones_do_not():
    encoder = scripted([[(60.0, 30.0), (130.0, 52.0), (20.0, 10.0)], [(20.0, 10.0)]], [3, 3])
    (encoding,) = encoder.push(ImageFrame(0.0, PICTURE))
    assert encoding.features["face_count"] == 2
    assert encoding.features["face_size"] == pytest.approx(52 / 120)
    assert encoder.push(ImageFrame(1.0, PICTURE)) == []


def test_somebody_who_comes_nearer_does_not_take_the_place():
    first, second = (30.0, 50.0), (130.0, 70.0)
    encoder = scripted([[first], [second, first], [second], [second], [second]], [0, 1, 2, 3, 4])
    sides = []
    for time in (0.0, 0.5, 1.0, 2.0, 3.0):  # hidden from 0.5, longer than 2 s
        encodings = encoder.push(ImageFrame(time, PICTURE))
        sides.append([round(e.features["face_size"] * 120) for e in encodings])
        assert all(encoding.person_id == "" for encoding in encodings)
    assert sides == [[50], [50], [], [], [70]]


def test_all_faces_are_answered_for_under_their_own_names():
    places = [[(130.0, 70.0), (30.0, 50.0)], [(31.0, 50.0), (130.0, 70.0)], [(30.0, 50.0)]]
    encoder = scripted(places, [0, 3, 0, 3, 3], people="all", smoothing=0.0)
    found = [
        {e.person_id: int(e.estimate.probabilities.argmax()) for e in encodings}
        for encodings in (encoder.push(ImageFrame(t, PICTURE)) for t in (0.0, 0.1, 0.2))
    ]
    assert found == [{"": 0, "face-2": 3}, {"": 0, "face-2": 3}, {"face-2": 3}]


def test_quality_falls_with_size_light_contrast_focus_and_doubt(portrait):
    good = cut(portrait, Region((125.0, 115.0), 110.0, 0.0), SIZE)

    def value(*arguments):
        return face.quality(*arguments).value

    best = value(good, 100, 0.95)
    assert best > 0.9
    assert value(good, 24, 0.95) < 0.6 * best
    assert value(good // 12, 100, 0.95) < 0.6 * best
    assert value(255 - good // 12, 100, 0.95) < 0.6 * best
    assert value(cv2.GaussianBlur(good, (0, 0), 8), 100, 0.95) < 0.8 * best
    assert value(good, 100, 0.5) < 0.6 * best
    turns = [value(good, 100, 0.95, math.radians(away)) for away in (0, 15, 30, 50, 80)]
    assert turns[0] == turns[1] == best
    assert turns[1] > turns[2] > turns[3] > turns[4] == 0
    assert value(good, 100, 0.95, math.nan) == best


def test_angle_to_the_camera():
    assert face.turned(0.0, 0.0) == 0
    assert face.turned(0.5, 0.0) == pytest.approx(0.5)
    assert face.turned(0.0, -0.5) == pytest.approx(0.5)
    assert math.isnan(face.turned(math.nan, 0.1))


def test_what_spoils_a_picture_most_is_named(portrait):
    good = cut(portrait, Region((125.0, 115.0), 110.0, 0.0), SIZE)
    assert face.quality(good // 40, 100, 0.95).weakness == "too dark"
    assert face.quality(good, 100, 0.95, math.radians(80)).weakness == "turned away"
    assert not face.quality(good, 100, 0.95, math.radians(80)).usable
    assert face.quality(np.full((48, 48), 128, np.uint8), 100, 0.95).value == 0


def test_a_face_in_the_dark_is_followed_but_not_answered_for(encoder, portrait):
    assert encoder.push(ImageFrame(0.0, portrait))
    assert encoder.push(ImageFrame(0.1, (portrait * 0.001).astype(np.uint8))) == []
    assert encoder.push(ImageFrame(0.2, portrait))


def test_pictures_without_a_usable_face_say_why_and_crops_are_always_answered(tmp_path, portrait):
    dark = (cut(portrait, Region((125.0, 115.0), 110.0, 0.0), SIZE) * 0.02).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "dark.png"), dark)
    (found,) = predict_images([tmp_path / "dark.png"])
    assert found["error"] == "no usable face: too dark"
    nothing = np.zeros((300, 300), np.uint8)
    for images in (np.stack([dark, dark]), np.stack([nothing, nothing])):
        np.savez(tmp_path / "crops.npz", images=images)
        rows = list(predict_npz(tmp_path / "crops.npz"))
        assert [row["input"].rsplit("#")[1] for row in rows] == ["0", "1"]
        for row in rows:
            assert sum(row["probabilities"]) == pytest.approx(1, abs=1e-4)


def test_other_networks_answer_by_their_names(portrait):
    for encoder in (
        FaceEncoder(build(FaceEncoder.Options, {"network": "face_large"})),
        Vgg19FaceEncoder(build(Vgg19FaceEncoder.Options, {})),
    ):
        (encoding,) = encoder.push(ImageFrame(0.0, portrait))
        assert FER2013[int(encoding.estimate.probabilities.argmax())] == "happiness"


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([np.uint8, np.uint16, np.float32, np.bool_, np.complex64]).flatmap(
        lambda kind: arrays(kind, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=40))
    ),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_no_picture_raises(encoder, image, time):
    encoder.reset()
    for encoding in encoder.push(ImageFrame(time, image)):
        assert np.isfinite(encoding.estimate.probabilities).all()


@pytest.mark.parametrize(
    "image",
    [
        None,
        "text",
        [[1, 2], [3]],
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((1, 1, 3), np.uint8),
        np.full((480, 640, 3), np.nan),
        np.zeros((2, 5000, 4), np.uint8),
        np.zeros((70000, 3), np.uint8),
        np.zeros((1, 70000, 3), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((3000, 4000, 3), np.uint8),
    ],
    ids=lambda image: str(getattr(image, "shape", type(image).__name__)),
)
def test_odd_pictures_have_no_face(encoder, image):
    assert encoder.push(ImageFrame(0.0, image)) == []


def test_kinds_of_pictures_agree(encoder, portrait):
    answers = []
    for picture in (portrait, portrait / 255.0, np.dstack([portrait, portrait[:, :, 0]])):
        encoder.reset()
        (encoding,) = encoder.push(ImageFrame(0.0, picture))
        answers.append(encoding.estimate.probabilities)
    np.testing.assert_allclose(answers[1], answers[0], atol=0.05)
    np.testing.assert_array_equal(answers[2], answers[0])


def test_other_samples_are_ignored(encoder):
    assert encoder.push(AudioBlock(0.0, np.zeros(10, np.float32), 16000)) == []


def test_missing_and_corrupt_models_are_told(tmp_path):
    values = {"models": str(tmp_path)}
    with pytest.raises(ModelError, match=r"face\.onnx is missing"):
        FaceEncoder(build(FaceEncoder.Options, values))
    (tmp_path / "face.onnx").write_bytes(b"nothing")
    (tmp_path / "face.json").write_text('{"sha256": "0", "version": "1", "labels": []}')
    with pytest.raises(ModelError, match="corrupt"):
        FaceEncoder(build(FaceEncoder.Options, values))


def test_predict_images(tmp_path, portrait):
    empty = tmp_path / "empty.jpg"
    empty.touch()
    text = tmp_path / "text.png"
    text.write_text("no picture")
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((200, 200, 3), 128, np.uint8))
    paths = [empty, PORTRAIT, tmp_path / "absent.png", text, blank]
    results = list(predict_images(paths))
    assert [row["input"] for row in results] == [str(path) for path in paths]
    assert ["error" in row for row in results] == [True, False, True, True, True]
    assert FIELDS <= results[1].keys()
    assert results[1]["faces"] == 1
    assert {"yaw", "pitch", "roll"} <= results[1].keys()
    assert results[4]["error"] == "no face found"
    json.dumps(results, allow_nan=False)


def test_predict_npz_takes_crops_as_they_are(tmp_path, portrait):
    faces = np.random.default_rng(0).integers(0, 256, (70, 48, 48), np.uint8)
    path = tmp_path / "faces.npz"
    np.savez(path, images=faces)
    results = list(predict_npz(path))
    assert len(results) == 70
    assert results[65]["input"] == f"{path}#65"
    logits, _ = FaceModel()([faces[65]])
    np.testing.assert_allclose(results[65]["probabilities"], softmax(logits[0]), atol=1e-5)
    np.savez(path, images=np.stack([portrait, np.zeros_like(portrait)]))
    first, second = predict_npz(path)
    assert FIELDS <= first.keys()
    assert sum(second["probabilities"]) == pytest.approx(1, abs=1e-4)  # a crop, whatever it shows
    np.savez(path, images=np.zeros((1, 90, 80, 3), np.uint8))
    (small,) = predict_npz(path)
    assert FIELDS <= small.keys()


def test_predict_npz_says_what_is_wrong(tmp_path):
    path = tmp_path / "wrong.npz"
    for content in ({"pictures": np.zeros(3)}, {"images": np.zeros(3)}):
        np.savez(path, **content)
        with pytest.raises(InputError, match="images"):
            list(predict_npz(path))
    path.write_bytes(b"PK nothing")
    with pytest.raises(InputError):
        list(predict_npz(path))
    with pytest.raises(InputError):
        list(predict_npz(tmp_path / "absent.npz"))


def crops(portrait):
    """Return what a robot's face detector gives of two faces: 128 x 128 px, and padded."""
    sad = np.zeros((128, 128, 3), np.uint8)
    sad[:, 16:112] = cv2.resize(portrait[50:180, 75:175], (96, 128))
    return cv2.resize(portrait[50:180, 60:190], (128, 128)), sad


def test_crops_of_faces_are_answered_for_each_by_its_own(encoder, portrait):
    whole, padded = crops(portrait)
    found = []
    for step in range(3):
        for name, person, picture in (("a", "ada", whole), ("b", "b", padded)):
            # both at the same moment: the rate is that of each
            found += encoder.push(ImageFrame(step / 10, picture, "live:x", name, person))
    assert [encoding.person_id for encoding in found] == ["ada", "b"] * 3
    assert all(FER2013[e.estimate.probabilities.argmax()] == "happiness" for e in found)
    assert [encoding.features["face_count"] for encoding in found] == [1, 2, 2, 2, 2, 2]
    assert all(math.isnan(encoding.features["face_size"]) for encoding in found)
    assert math.isnan(found[1].features["motion"])
    assert found[-1].features["motion"] == pytest.approx(0, abs=0.1)
    assert found[-1].window_start == 0.0


def test_what_one_face_showed_is_no_part_of_another():
    encoder = scripted([[(60.0, 50.0)]] * 4, [0, 3, 0, 3], smoothing=5.0)
    for time in (0.0, 0.1):
        for name, label in (("a", 0), ("b", 3)):
            (encoding,) = encoder.push(ImageFrame(time, PICTURE, face=name, person_id=name))
            assert encoding.estimate.probabilities.argmax() == label
            assert encoding.estimate.probabilities.max() > 0.8


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=40))
@settings(max_examples=20)
def test_faces_that_are_gone_are_forgotten(ids):
    encoder = scripted([[(60.0, 50.0)]] * len(ids), [3] * len(ids))
    for step, name in enumerate(ids):
        (encoding,) = encoder.push(ImageFrame(5.0 * step, PICTURE, face=name, person_id=name))
        assert encoding.person_id == name
        assert encoding.features["face_count"] == 1
        assert len(encoder._scenes) <= 2
