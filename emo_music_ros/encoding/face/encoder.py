# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Facial expression: one encoding per picture with a face."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from emo_music_ros.emotion import from_labels
from emo_music_ros.encoding.face.alignment import as_picture
from emo_music_ros.encoding.face.detection import DETECTORS
from emo_music_ros.encoding.face.landmarks import (
    EXPRESSIVE,
    FaceMesh,
    motion,
    pose,
    without_head_motion,
)
from emo_music_ros.encoding.face.model import FaceModel
from emo_music_ros.encoding.face.quality import Quality, contrast, detail, quality, turned
from emo_music_ros.encoding.face.texture import difference
from emo_music_ros.encoding.face.tracking import FaceFinder, FaceFollower, FoundFace
from emo_music_ros.numerics import softmax
from emo_music_ros.options import option
from emo_music_ros.pacing import Pace, Schedule
from emo_music_ros.streams import Encoding, ImageFrame, Sample


@dataclass
class _Person:
    """What was seen of one face so far."""

    began: float
    time: float
    side: float
    points: NDArray[np.floating]
    texture: NDArray[np.float32]
    logits: NDArray[np.float64]
    embedding: NDArray[np.float64]


class _Scene:
    """What was seen in one stream of pictures: of a camera, or of one face that others follow."""

    def __init__(self, follower: FaceFollower, pace: Pace) -> None:
        self.follower = follower
        self.schedule = Schedule(pace)
        self.reset()

    def reset(self) -> None:
        """Forget all faces."""
        self.follower.reset()
        self.schedule.reset()
        self.people: dict[int, _Person] = {}
        self.primary = 0
        self.taken = -math.inf


@dataclass(frozen=True)
class _View:
    """How a face presents itself."""

    sharpness: float
    yaw: float
    pitch: float
    roll: float
    quality: Quality


def _view(found: FoundFace) -> _View:
    sharpness, face = detail(found.crop), found.face
    yaw = pitch = roll = math.nan
    if found.landmarks is not None:
        yaw, pitch, roll = pose(found.landmarks.points)
    judged = quality(found.crop, face.side, face.score, turned(yaw, pitch), sharpness)
    return _View(sharpness, yaw, pitch, roll, judged)


class FaceEncoder:
    """Follows the faces in view, and judges and smooths the expression of one or all of them.

    With `people` = primary it answers for one person: the largest face at first, and then this
    one as long as it is in view, or hidden for no longer than `max_occlusion`; others who come
    nearer do not take its place. With all, every face is answered for; `person_id` is empty for
    the primary one and ``face-<number>`` for the others. A face that is not usable (turned away,
    in the dark, out of focus) is followed but not answered for.

    Crops of faces that others follow (`ImageFrame.face`) are answered for each by its own, with
    the person that the crop names.

    Features
    --------
    - `face_count`: faces in view; `face_size`: side as share of the picture's height, NaN of crops.
    - `yaw`, `pitch`, `roll` [rad]: of the head, 0 looks straight at the camera; NaN without points.
    - `motion` [1/s]: mean displacement of the key points (paper A, Eq. 2) in sides of the face.
    - `expression_motion` [1/s]: the same without shift, turn and scale of the whole head.
    - `texture_change` [1/s]: how the local binary patterns of the face changed.
    - `brightness`: 0..1; `sharpness`: what a blur of 1 px takes away from the face at 48 px, as
      share of its contrast; 0.2 is sharp.

    Asked for fewer pictures (`pace`) it leaves some out, down to `min_rate`.

    The three rates are NaN in the first picture of a face. Smoothing is exponential over time, so
    it only looks back, and starts anew with another face.

    Raises
    ------
    ModelError
        If a network or the detector is missing or corrupt.
    """

    modality: ClassVar[str] = "face"

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        detector: str = option(
            "blazeface",
            "face detector: blazeface_near (faces from an eighth of the picture's longer side), "
            "blazeface_far (half that size, three times the cost), blazeface (near, then far where "
            "nothing is near), blazeface_tiles (far, on squares of the picture: groups), "
            "haar (frontal faces only)",
            choices=tuple(DETECTORS),
        )
        people: str = option(
            "primary",
            "whose expression: primary (one person, who stays the same one) or all in view",
            choices=("primary", "all"),
        )
        min_face: int = option(24, "smaller faces are ignored [px]", low=8, high=1000)
        max_faces: int = option(
            4, "at most so many faces are followed, the largest", low=1, high=32
        )
        max_rate: float = option(
            15.0, "pictures that come faster than this are skipped [Hz]", low=0.1, high=120.0
        )
        min_rate: float = option(
            3.0, "fewest pictures judged, however few are asked for [Hz]", low=0.1, high=120.0
        )
        detection_period: float = option(
            0.4,
            "longest time between searches of the whole picture; in between faces are only "
            "followed [s]",
            low=0.0,
            high=10.0,
        )
        max_occlusion: float = option(
            2.0,
            "a face out of view for no longer than this is the same one [s]",
            low=0.1,
            high=60.0,
        )
        smoothing: float = option(
            0.5, "time constant of the smoothing, 0 = none [s]", low=0.0, high=10.0
        )
        network: str = option(
            "face",
            "face, or face_large: twice the cost, a little better",
            choices=("face", "face_large"),
        )
        models: str = option("", "folder with the network and its .json; empty: the package's")

    def __init__(self, options: Options | None = None) -> None:
        self._options = self.Options() if options is None else options
        cv2.setNumThreads(1)  # a second thread costs more than it gains on pictures this small
        models = self._options.models
        self._model = FaceModel(Path(models) if models else None, self._options.network)
        self._finder = FaceFinder(
            DETECTORS[self._options.detector](),
            FaceMesh(),
            self._options.min_face,
            self._options.max_faces,
        )
        self.version = self._model.version
        self.pace = Pace(self._options.max_rate, self._options.min_rate)
        self._scenes: dict[str, _Scene] = {}  # by face; empty: whole pictures

    def reset(self) -> None:
        """Forget all faces."""
        self._scenes = {face: scene for face, scene in self._scenes.items() if not face}
        for scene in self._scenes.values():
            scene.reset()

    def push(self, sample: Sample) -> list[Encoding]:
        """Take the next picture and return the encoding of the primary face, or of all."""
        if not isinstance(sample, ImageFrame) or not math.isfinite(sample.time):
            return []
        scene = self._scene(sample)
        if sample.time < scene.taken:  # the source started again
            scene.reset()
        if not scene.schedule.due(sample.time):
            return []
        picture = as_picture(sample.image)
        if picture is None:
            return []
        scene.taken = sample.time
        faces = [
            (found, track.identity) for found, track in scene.follower.update(sample.time, picture)
        ]
        remembered = {track.identity for track in scene.follower.tracks}
        scene.people = {who: one for who, one in scene.people.items() if who in remembered}
        if faces and scene.primary not in remembered:
            scene.primary = faces[0][1]
        everybody = self._options.people == "all" and not sample.face
        wanted = [(found, who) for found, who in faces if everybody or who == scene.primary]
        views = [_view(found) for found, _ in wanted]
        wanted = [one for one, view in zip(wanted, views) if view.quality.usable]
        views = [view for view in views if view.quality.usable]
        if not wanted:
            return []
        logits, embeddings = self._model([found.crop for found, _ in wanted])
        count, height = float(len(faces)), float(len(picture))
        if sample.face:  # of the whole picture nothing is known
            count, height = float(self._followed(sample.time)), math.nan
        encodings = []
        for (found, who), view, answer, embedding in zip(wanted, views, logits, embeddings):
            rates = self._remember(scene, sample.time, who, found, answer, embedding.astype(float))
            person = scene.people[who]
            encodings.append(
                Encoding(
                    modality=self.modality,
                    time=sample.time,
                    window_start=max(person.began, sample.time - 3 * self._options.smoothing),
                    estimate=from_labels(
                        self._model.labels,
                        softmax(person.logits),
                        view.quality.value,
                        self._model.conformal,
                    ),
                    embedding=person.embedding.astype(np.float32),
                    features={
                        "face_count": count,
                        "face_size": found.face.side / height,
                        "yaw": view.yaw,
                        "pitch": view.pitch,
                        "roll": view.roll,
                        **rates,
                        "brightness": contrast(found.crop)[0] / 255.0,
                        "sharpness": view.sharpness,
                    },
                    source=sample.source,
                    person_id=sample.person_id if who == scene.primary else f"face-{who}",
                )
            )
        return encodings

    def _scene(self, sample: ImageFrame) -> _Scene:
        """Return what was seen of the stream of a picture; forget faces that are long gone."""
        if sample.face not in self._scenes:
            self._scenes = {
                face: scene
                for face, scene in self._scenes.items()
                if not face or self._lately(scene, sample.time)
            }
            self._scenes[sample.face] = _Scene(
                FaceFollower(
                    self._finder, self._options.detection_period, self._options.max_occlusion
                ),
                self.pace,
            )
        return self._scenes[sample.face]

    def _lately(self, scene: _Scene, time: float) -> bool:
        return abs(time - scene.taken) <= self._options.max_occlusion

    def _followed(self, time: float) -> int:
        """Return of how many faces crops came lately."""
        return sum(bool(face) and self._lately(each, time) for face, each in self._scenes.items())

    def _remember(
        self,
        scene: _Scene,
        time: float,
        who: int,
        found: FoundFace,
        logits: NDArray[np.float64],
        embedding: NDArray[np.float64],
    ) -> dict[str, float]:
        """Update what is known of a person and return how the face changed, per second."""
        points: NDArray[np.floating] = found.face.points
        if found.landmarks is not None:
            points = found.landmarks.points[EXPRESSIVE, :2]
        rates = dict.fromkeys(("motion", "expression_motion", "texture_change"), math.nan)
        last = scene.people.get(who)
        if last is None:
            began = time
        else:
            began, seconds = last.began, time - last.time
            if points.shape == last.points.shape:
                side = (found.face.side + last.side) / 2
                rates["motion"] = motion(points, last.points, side, seconds)
                rates["expression_motion"] = motion(
                    without_head_motion(points, last.points), last.points, side, seconds
                )
            rates["texture_change"] = difference(found.texture, last.texture) / seconds
            constant = self._options.smoothing
            fresh = 1.0 - math.exp(-seconds / constant) if constant > 0 else 1.0
            logits = last.logits + fresh * (logits - last.logits)
            embedding = last.embedding + fresh * (embedding - last.embedding)
        scene.people[who] = _Person(
            began, time, found.face.side, points, found.texture, logits, embedding
        )
        return rates


class Vgg19FaceEncoder(FaceEncoder):
    """The face encoder with the convolutions of VGG-19 (paper E), an eighth as wide.

    Less often right than :class:`FaceEncoder`; the model card has the figures. Raises ModelError
    as that one does.
    """

    @dataclass(frozen=True)
    class Options(FaceEncoder.Options):
        """What can be set."""

        network: str = option(
            "face_vgg19", "name of the network in the models folder", choices=("face_vgg19",)
        )
