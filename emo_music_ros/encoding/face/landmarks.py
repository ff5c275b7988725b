# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The 468 points of a face, its pose, and how it moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.face.alignment import Picture, Region, aligned, cut, samples
from emo_music_ros.encoding.face.detection import EYES_AND_MOUTH, Face
from emo_music_ros.io.model import Model

POINTS = 468
MARGIN = 1.5  # side of the square that the mesh sees, in sides of the face within
#: What the mesh sees of a face that a detector found: its side in sides of the crop, and how far
#: its middle is below that of the crop, in the same unit; measured on portraits.
FROM_CROP = (1.45, 0.05)
#: A square this near to the last one is not moved: share of its side, and radians. The points
#: then come from the same pixels, and do not tremble.
STAY = (0.04, 0.05)

# Numbers of points in MediaPipe's mesh; right and left are those of the person.
RIGHT_EYE = (33, 133, 159, 145)
LEFT_EYE = (263, 362, 386, 374)
MOUTH = (13, 14, 61, 291)
NOSE = (1,)
RIGHT_CHEEK, LEFT_CHEEK = 234, 454
FOREHEAD, CHIN = 10, 152
#: Weights [6, 468] that average the points to the key points of a detector.
AVERAGES = np.zeros((6, POINTS), np.float32)
for _row, _group in enumerate((RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, (RIGHT_CHEEK,), (LEFT_CHEEK,))):
    AVERAGES[_row, list(_group)] = 1.0 / len(_group)
#: Brows, eyes, lips and nose: where expressions happen. The outline of the face is left out, it
#: slides along the skin.
EXPRESSIVE = np.array(
    # right and left brow
    [46, 53, 52, 65, 55, 70, 63, 105, 66, 107, 276, 283, 282, 295, 285, 300, 293, 334, 296, 336]
    # right and left eye
    + [33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173]
    + [263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398]
    # lips, outside and inside
    + [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409]
    + [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415]
    # nose and its wings
    + [1, 98, 327]
)
#: Pitch [rad] of the line from forehead to chin in a face that looks straight ahead; median of
#: portraits.
LEVEL = -0.09


@dataclass(frozen=True)
class Landmarks:
    """The points of one face.

    Attributes
    ----------
    points : array float32 [468, 3]
        x, y [px] of the picture and depth [px], smaller is nearer to the camera.
    region : Region
        What the network saw.
    presence : float
        Certainty that there is a face, 0..1.
    """

    points: NDArray[np.float32]
    region: Region
    presence: float

    @cached_property
    def key_points(self) -> NDArray[np.float64]:
        """Right eye, left eye, nose, mouth, right and left ear [6, 2], as a detector finds them."""
        return (AVERAGES @ self.points[:, :2]).astype(float)

    @property
    def surroundings(self) -> Region:
        """What the network shall see in the next picture, if the face does not move much."""
        (right_x, right_y), (left_x, left_y) = self.key_points[:2].tolist()
        angle = math.atan2(left_y - right_y, left_x - right_x)
        cosine, sine = math.cos(angle), math.sin(angle)
        upright = self.points[:, :2] @ np.array([[cosine, -sine], [sine, cosine]], np.float32)
        left, top = upright.min(axis=0).tolist()
        right, bottom = upright.max(axis=0).tolist()
        across, down = (left + right) / 2, (top + bottom) / 2
        side = MARGIN * max(right - left, bottom - top)
        region = Region((cosine * across - sine * down, sine * across + cosine * down), side, angle)
        last = self.region
        moved = max(math.dist(region.centre, last.centre), abs(side - last.side) / 2)
        turned = abs(math.remainder(angle - last.angle, math.tau))
        return last if moved < STAY[0] * side and turned < STAY[1] else region

    def face(self) -> Face | None:
        """Return the face as a detector would, None where its points fell together."""
        region = aligned(self.key_points[list(EYES_AND_MOUTH)])
        if region is None:
            return None
        return Face(region.centre, region.side, region.angle, self.presence, self.key_points)


def around(face: Region) -> Region:
    """Return what the mesh has to see of a face that was only detected."""
    side, down = FROM_CROP[0] * face.side, FROM_CROP[1] * face.side
    x, y = face.centre
    return Region(
        (x - math.sin(face.angle) * down, y + math.cos(face.angle) * down), side, face.angle
    )


class FaceMesh:
    """MediaPipe face mesh (Kartynnik et al., 2019).

    Raises
    ------
    ModelError
        If the network is missing or corrupt.
    """

    size = 192  # px, what the network sees

    def __init__(self) -> None:
        self._model = Model("face_landmarks")

    def __call__(self, picture: Picture, region: Region) -> Landmarks | None:
        """Return the points of the face in a region, None if there is none."""
        if not (math.isfinite(region.side) and 1.0 <= region.side <= 1e5):
            return None
        seen = cut(picture, region, self.size, colour=True)
        raw, presence = self._model(seen[None])
        logit = float(presence.reshape(-1)[0])
        if not logit >= 0.0:
            return None
        points = raw.reshape(POINTS, 3)
        matrix = samples(region, self.size).astype(np.float32)
        placed = np.empty_like(points)
        placed[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        placed[:, 2] = points[:, 2] * (region.side / self.size)
        return Landmarks(placed, region, 1.0 / (1.0 + math.exp(-logit)))


def pose(points: NDArray[np.floating]) -> tuple[float, float, float]:
    """Return yaw, pitch and roll [rad] of a head from its points [468, 3].

    Yaw is positive towards the right side of the picture, pitch upwards, roll as in
    :class:`~emo_music_ros.encoding.face.alignment.Region`; all are 0 for a face that looks
    straight at the camera. NaN where the points fell together.
    """
    right, left, forehead, chin = points[[RIGHT_CHEEK, LEFT_CHEEK, FOREHEAD, CHIN]].tolist()
    x, y, z = (one - other for one, other in zip(left, right))
    width = math.hypot(x, y, z)
    if not width > 1e-6:
        return math.nan, math.nan, math.nan
    x, y, z = x / width, y / width, z / width
    down = [one - other for one, other in zip(chin, forehead)]
    along = down[0] * x + down[1] * y + down[2] * z
    u, v, w = down[0] - along * x, down[1] - along * y, down[2] - along * z
    if not math.hypot(u, v, w) > 1e-6:
        return math.nan, math.nan, math.nan
    # The axes of the head, (x, y, z), (u, v, w) and the one that is normal to both, are the
    # columns of Rz(roll) Ry(-yaw) Rx(-pitch), up to their lengths.
    yaw = math.asin(max(-1.0, min(1.0, z)))
    pitch = -math.atan2(w, x * v - y * u) - LEVEL
    roll = math.atan2(y, x)
    return yaw, pitch, roll


def motion(
    points: NDArray[np.floating], before: NDArray[np.floating], side: float, seconds: float
) -> float:
    """Return how much a face moved (paper A, Eq. 2), per second and in sides of the face.

    D_t = 1/P sum_i ||p_t,i - p_t-1,i||, divided by the side of the face and the time between,
    so that neither the distance to the camera nor its rate changes it.

    Parameters
    ----------
    points, before : array [points, 2]
        Key points of the face in both pictures [px].
    side : float
        Side of the face [px].
    seconds : float
        Time between the pictures [s].

    Returns
    -------
    float
        Sides of the face per second; NaN if `side` or `seconds` is not positive.
    """
    if not (side > 0 and seconds > 0):
        return math.nan
    moved = points - before
    distances = np.sqrt(np.einsum("ij,ij->i", moved, moved))
    return float(distances.sum()) / (len(distances) * side * seconds)


def without_head_motion(
    points: NDArray[np.floating], before: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return `points` [n, 2] shifted, turned and scaled onto `before` (least squares).

    What then still differs is expression (and what of a turned head is no shift, turn or scale).
    """
    now = np.ascontiguousarray(points, float).view(complex)[:, 0]
    then = np.ascontiguousarray(before, float).view(complex)[:, 0]
    middle, aim = now.sum() / len(now), then.sum() / len(then)
    now = now - middle
    spread = np.vdot(now, now).real
    turn = np.vdot(now, then - aim) / spread if spread > 0 else 1.0
    return (now * turn + aim).view(float).reshape(-1, 2)
