# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Follow several faces through a stream of pictures: who is who."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.encoding.face.alignment import SIZE, Picture, Region, cut
from emo_music_ros.encoding.face.detection import Detector, Face
from emo_music_ros.encoding.face.landmarks import FaceMesh, Landmarks, around
from emo_music_ros.encoding.face.texture import difference, texture

SAME_PLACE = 0.4  # of the mean side: two faces nearer than this in one picture are one
CELLS = 3  # per side, of the texture
#: Differences of textures (see `texture.difference`) measured on photographs and a film: one face
#: in consecutive pictures below 0.08, in other light 0.06, seconds apart 0.10 to 0.22; different
#: people 0.14 to 0.33. It helps to tell two people who meet, and does not recognise anybody.
ALIKE = 0.15
SOMEBODY_ELSE = 0.25
EXEMPLARS = 6  # textures kept of each face
NEW_LOOK = 0.09  # a texture that differs this much from all kept ones is kept too
REACH = 0.8  # sides a face may be away from where it is expected
SPEED = 1.5  # sides per second by which this grows while the face is hidden
FARTHEST = 3.0  # sides, its limit
GROWTH = 0.6  # largest change of size, as logarithm to base 2, at once
COASTING = 0.4  # s for which a hidden face is expected to go on as it went
NO_MATCH = 1e6


def assign(against: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return pairs (row, column) of which each occurs once and whose sum is least.

    Pairs at NO_MATCH are left out; as many others as possible are made.
    """
    possible = against < NO_MATCH
    rows = np.flatnonzero(possible.any(axis=1))
    if rows.size == 0:
        return []
    nearest = against[rows].argmin(axis=1)
    if len(set(nearest.tolist())) == len(nearest):  # nobody else wants it
        return list(zip(rows.tolist(), nearest.tolist()))
    from scipy.optimize import linear_sum_assignment  # 50 MB, and rarely needed

    chosen = zip(*(entry.tolist() for entry in linear_sum_assignment(against)))
    return [(row, column) for row, column in chosen if possible[row, column]]


@dataclass(frozen=True)
class FoundFace:
    """A face in one picture.

    Attributes
    ----------
    face : Face
        Where its crop is.
    landmarks : Landmarks or None
        Its points; None where only the detector sees a face.
    crop : array uint8 [48, 48]
        The face, grey and upright.
    texture : array float32
        Local binary patterns of the crop.
    """

    face: Face
    landmarks: Landmarks | None
    crop: Picture
    texture: NDArray[np.float32]


def overlapping(one: Region, other: Region) -> bool:
    """Say whether two regions of one picture hold the same face."""
    return math.dist(one.centre, other.centre) < SAME_PLACE * (one.side + other.side) / 2


class FaceFinder:
    """Finds the faces of single pictures, with their points.

    Parameters
    ----------
    detector : callable
        Finds faces in a whole picture.
    mesh : FaceMesh
        Finds the points of one face.
    min_face : float
        Smaller faces are ignored [px].
    max_faces : int
        At most so many, the largest.
    """

    def __init__(
        self, detector: Detector, mesh: FaceMesh, min_face: float = 0.0, max_faces: int = 100
    ) -> None:
        self._detect = detector
        self._mesh = mesh
        self._min_face = min_face
        self._max_faces = max_faces

    def search(self, picture: Picture, known: Sequence[FoundFace] = ()) -> list[FoundFace]:
        """Search a whole picture and return `known` faces and new ones, largest first."""
        found = list(known)
        for face in sorted(self._detect(picture), key=lambda one: -one.side):
            if face.side < self._min_face or len(found) >= self._max_faces:
                break
            if any(overlapping(face, one.face) for one in found):
                continue
            landmarks = self._mesh(picture, around(face))
            better = landmarks.face() if landmarks is not None else None
            if better is None or not overlapping(better, face):
                found.append(self._found(picture, face, None))
            elif not any(overlapping(better, one.face) for one in found):
                found.append(self._found(picture, better, landmarks))
        return sorted(found, key=lambda one: -one.face.side)

    def look(self, picture: Picture, regions: Sequence[Region]) -> list[FoundFace]:
        """Return the faces in these regions of a picture, those in one place once."""
        found: list[FoundFace] = []
        for region in regions:
            landmarks = self._mesh(picture, region)
            face = landmarks.face() if landmarks is not None else None
            if (
                face is not None
                and face.side >= self._min_face
                and not any(overlapping(face, one.face) for one in found)
            ):
                found.append(self._found(picture, face, landmarks))
        return found

    @staticmethod
    def _found(picture: Picture, face: Face, landmarks: Landmarks | None) -> FoundFace:
        crop = cut(picture, face, SIZE)
        return FoundFace(face, landmarks, crop, texture(crop, CELLS))


@dataclass
class FaceTrack:
    """What is known of one face.

    Attributes
    ----------
    identity : int
        1, 2, ... in the order of appearance.
    began, time : float
        When it was first and last seen [s].
    face : Face
        Where it was last.
    velocity : array [2]
        Of its middle [px/s].
    looks : list of arrays
        Textures that it had.
    surroundings : Region or None
        Where the mesh finds it in the next picture; None if it only was detected.
    """

    identity: int
    began: float
    time: float
    face: Face
    surroundings: Region | None = None
    velocity: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    looks: list[NDArray[np.float32]] = field(default_factory=list)

    def expected(self, time: float) -> NDArray[np.float64]:
        """Return where its middle should be."""
        return np.array(self.face.centre) + self.velocity * min(time - self.time, COASTING)

    def unlike(self, look: NDArray[np.float32]) -> float:
        """Return how a texture differs from the nearest of its own, 0..1."""
        return min((difference(look, own) for own in self.looks), default=ALIKE)

    def add(self, look: NDArray[np.float32]) -> None:
        """Remember a texture that is unlike those before."""
        if not self.looks or self.unlike(look) >= NEW_LOOK:
            self.looks.append(look)
            del self.looks[:-EXEMPLARS]


class FaceTracker:
    """Gives faces numbers that stay theirs.

    A face is known by where it is expected, by its size, and by its texture where two people
    come near to each other. The faces of a picture are given to the tracks so that the sum of
    what speaks against it is least (Hungarian method). A hidden face keeps its number for a
    while; one that comes back later gets a new one.

    Parameters
    ----------
    memory : float
        How long a face may be hidden [s].
    """

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self.reset()

    def reset(self) -> None:
        """Forget all faces. Numbers are not used again."""
        self._tracks: list[FaceTrack] = []
        self._numbers = getattr(self, "_numbers", 0)

    @property
    def tracks(self) -> list[FaceTrack]:
        """All faces that are remembered."""
        return list(self._tracks)

    def update(self, time: float, faces: Sequence[FoundFace]) -> list[FaceTrack]:
        """Take the faces of the next picture and return the track of each, in the same order."""
        self._tracks = [one for one in self._tracks if time - one.time <= self._memory]
        against = np.full((len(faces), len(self._tracks)), NO_MATCH)
        for row, found in enumerate(faces):
            for column, track in enumerate(self._tracks):
                against[row, column] = self._against(time, found, track)
        known: dict[int, FaceTrack] = {}
        for row, column in assign(against):
            known[row] = self._tracks[column]
        tracks = []
        for row, found in enumerate(faces):
            if row not in known:
                self._numbers += 1
                known[row] = FaceTrack(self._numbers, time, time, found.face)
                self._tracks.append(known[row])
            self._see(time, found, known[row])
            tracks.append(known[row])
        return tracks

    @staticmethod
    def _against(time: float, found: FoundFace, track: FaceTrack) -> float:
        """Return what speaks against a face being that of a track, from 0; NO_MATCH: impossible."""
        side = (found.face.side + track.face.side) / 2
        away = math.dist(found.face.centre, tuple(track.expected(time))) / side
        hidden = time - track.time
        reach = min(REACH + SPEED * hidden, FARTHEST)
        growth = abs(math.log2(found.face.side / track.face.side))
        if away > reach or growth > GROWTH + hidden:
            return NO_MATCH
        unlike = track.unlike(found.texture)
        exact = found.landmarks is not None and track.surroundings is not None
        if exact and unlike > SOMEBODY_ELSE:  # only well aligned textures tell as much
            return NO_MATCH
        return away / reach + growth / (GROWTH + hidden) + unlike / ALIKE

    @staticmethod
    def _see(time: float, found: FoundFace, track: FaceTrack) -> None:
        seconds = time - track.time
        if seconds > 0:
            fresh = np.subtract(found.face.centre, track.face.centre) / seconds
            track.velocity = track.velocity + 0.5 * (fresh - track.velocity)
        track.time = time
        track.face = found.face
        track.surroundings = found.landmarks.surroundings if found.landmarks is not None else None
        track.add(found.texture)


class FaceFollower:
    """Finds and follows the faces of a stream.

    The whole picture is searched every `period`, and whenever a face got lost, so that new
    people are found soon; in between only where the faces were.

    Parameters
    ----------
    finder : FaceFinder
        Finds faces in single pictures.
    period : float
        Longest time between searches of the whole picture [s].
    memory : float
        How long a face may be hidden and keep its number [s].
    """

    def __init__(self, finder: FaceFinder, period: float, memory: float) -> None:
        self._finder = finder
        self._period = period
        self._tracker = FaceTracker(memory)
        self.reset()

    def reset(self) -> None:
        """Forget all faces."""
        self._tracker.reset()
        self._searched = -math.inf
        self._last = -math.inf

    @property
    def tracks(self) -> list[FaceTrack]:
        """All faces that are remembered, also hidden ones."""
        return self._tracker.tracks

    def update(self, time: float, picture: Picture) -> list[tuple[FoundFace, FaceTrack]]:
        """Take the next picture and return its faces, largest first, each with its track."""
        tracks = self._tracker.tracks
        regions = [
            one.surroundings
            for one in tracks
            if one.time == self._last and one.surroundings is not None
        ]
        found = self._finder.look(picture, regions)
        # A tenth of the period less: stamps of a camera jitter.
        if time - self._searched >= 0.9 * self._period or len(found) < max(len(tracks), 1):
            found = self._finder.search(picture, found)
            self._searched = time
        self._last = time
        found.sort(key=lambda one: -one.face.side)
        return list(zip(found, self._tracker.update(time, found)))
