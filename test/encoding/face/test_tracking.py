# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from emo_music_ros.encoding.face.alignment import SIZE, Region
from emo_music_ros.encoding.face.detection import Face, NearThenFar
from emo_music_ros.encoding.face.landmarks import FaceMesh, Landmarks
from emo_music_ros.encoding.face.texture import PATTERNS
from emo_music_ros.encoding.face.tracking import (
    CELLS,
    NO_MATCH,
    FaceFinder,
    FaceFollower,
    FaceTracker,
    FoundFace,
    assign,
    overlapping,
)

# Eileen Collins, NASA, in the public domain.
PORTRAIT = Path(__file__).with_name("portrait.jpg")
CROP = np.zeros((SIZE, SIZE), np.uint8)


@cache
def shares_of(seed):
    return np.random.default_rng(seed).dirichlet(np.full(CELLS * CELLS * PATTERNS, 0.3))


def look(person, noise=0.0, seed=0):
    """A texture that is like that of the same person, and unlike others."""
    shares, other = shares_of(person), shares_of(1000 + seed)
    return np.sqrt((1 - noise) * shares + noise * other).astype(np.float32)


def found(x, y=100.0, side=80.0, person=1, **noise):
    face = Face((float(x), float(y)), float(side), 0.0, 0.9, np.zeros((6, 2)))
    return FoundFace(face, None, CROP, look(person, **noise))


def identities(tracks):
    return [track.identity for track in tracks]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(*[st.floats(-6, 6)] * 4, st.floats(0.95, 1.05), st.floats(0, 0.1)),
        min_size=2,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_jitter_and_order_do_not_change_who_is_who(jitters, order):
    tracker = FaceTracker(2.0)
    homes = {1: (100.0, 100.0), 2: (200.0, 110.0), 3: (420.0, 300.0)}
    names = {}
    for step, (a, b, c, d, scale, noise) in enumerate(jitters):
        faces = [
            (who, found(x + a * (who - 2) + c, y + b + d, 80 * scale, who, noise=noise, seed=step))
            for who, (x, y) in homes.items()
        ]
        order.shuffle(faces)
        tracks = tracker.update(step / 15, [face for _, face in faces])
        for (who, _), track in zip(faces, tracks):
            assert names.setdefault(who, track.identity) == track.identity
    assert len(set(names.values())) == 3


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).flatmap(
        lambda shape: arrays(
            np.float64, shape, elements=st.one_of(st.floats(0, 5), st.just(NO_MATCH))
        )
    )
)
def test_assignment_is_the_best_of_all(against):
    pairs = assign(against)
    rows, columns = against.shape
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(against[pair] < NO_MATCH for pair in pairs)
    size = max(rows, columns)
    padded = np.full((size, size), NO_MATCH)
    padded[:rows, :columns] = against
    best = min(
        sum(padded[row, column] for row, column in enumerate(order))
        for order in permutations(range(size))
    )
    found = sum(against[pair] for pair in pairs) + NO_MATCH * (size - len(pairs))
    assert found == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("hide", [False, True], ids=["side by side", "one hides the other"])
@pytest.mark.parametrize("speed", [60.0, 200.0])
def test_two_people_who_cross_keep_their_numbers(speed, hide):
    tracker = FaceTracker(2.0)
    seen = []
    for step in range(int(400 / speed * 15)):
        first, second = 100 + speed * step / 15, 500 - speed * step / 15
        faces = [found(first, person=1), found(second, person=2)]
        if hide and abs(first - second) < 60:
            faces = faces[:1]
        tracks = identities(tracker.update(step / 15, faces))
        if len(tracks) == 2:
            seen.append(tuple(tracks))
    assert set(seen) == {seen[0]}


def test_two_people_who_meet_and_turn_back_keep_their_numbers():
    tracker = FaceTracker(2.0)
    seen = []
    for step in range(60):
        near = abs(30 - step)
        faces = [found(200 - 4 * near, person=1), found(240 + 4 * near, person=2)]
        if near < 6:
            faces = faces[1:]
        tracks = identities(tracker.update(step / 15, faces))
        if len(tracks) == 2:
            seen.append(tuple(tracks))
    assert set(seen) == {seen[0]}


@pytest.mark.parametrize(("hidden", "same"), [(0.5, True), (1.8, True), (2.2, False)])
def test_a_hidden_face_keeps_its_number_for_a_while(hidden, same):
    tracker = FaceTracker(2.0)
    (before,) = identities(tracker.update(0.0, [found(100)]))
    assert tracker.update(0.1, []) == []
    (after,) = identities(tracker.update(hidden, [found(110)]))
    assert (after == before) == same


def test_a_face_elsewhere_or_of_another_size_is_another_one():
    for face in (found(400), found(100, side=200.0)):
        tracker = FaceTracker(2.0)
        (before,) = identities(tracker.update(0.0, [found(100)]))
        (after,) = identities(tracker.update(0.1, [face]))
        assert after != before


@pytest.mark.parametrize(("aligned", "same"), [(True, False), (False, True)])
def test_somebody_else_in_the_same_place(aligned, same):
    region = Region((100.0, 100.0), 112.0, 0.0)
    landmarks = Seen(np.zeros((468, 3), np.float32), region, 0.99, 100.0, 100.0)
    tracker = FaceTracker(2.0)
    numbers = [
        tracker.update(
            person / 15,
            [replace(found(100, person=person), landmarks=landmarks if aligned else None)],
        )[0].identity
        for person in (1, 2)
    ]
    assert (numbers[0] == numbers[1]) == same


def test_a_walking_face_is_expected_where_it_goes():
    tracker = FaceTracker(2.0)
    for step in range(20):
        (track,) = tracker.update(step / 15, [found(100 + 15 * step)])
    assert track.identity == 1
    assert track.velocity[0] == pytest.approx(15 * 15, rel=0.01)
    assert track.expected(track.time + 0.2)[0] == pytest.approx(385 + 45, abs=1)


def test_numbers_are_not_used_again():
    tracker = FaceTracker(1.0)
    tracker.update(0.0, [found(100), found(300)])
    tracker.reset()
    assert identities(tracker.update(0.0, [found(100)])) == [3]


def test_overlap_is_symmetric_and_a_matter_of_size():
    near, far = Region((0.0, 0.0), 100.0, 0.0), Region((30.0, 0.0), 100.0, 0.0)
    assert overlapping(near, far)
    assert overlapping(far, near)
    assert not overlapping(replace(near, side=20.0), replace(far, side=20.0))


class Scene:
    """People at known places, for a detector and a mesh that see them; counts the searches."""

    def __init__(self):
        self.people = {}
        self.searches = 0
        self.blind = set()

    def detect(self, picture):
        self.searches += 1
        return [Face(place, 80.0, 0.0, 0.9, np.zeros((6, 2))) for place in self.people.values()]

    def mesh(self, picture, region):
        points = np.zeros((468, 3), np.float32)
        for who, (x, y) in self.people.items():
            if who not in self.blind and math.dist((x, y), region.centre) < 0.5 * region.side:
                return Seen(points, region, 0.99, x, y)
        return None


class Seen(Landmarks):
    """Points of a face in a scene."""

    def __init__(self, points, region, presence, x, y):
        super().__init__(points, region, presence)
        self.__dict__["at"] = (x, y)

    @property
    def surroundings(self):
        return Region(self.at, 112.0, 0.0)

    def face(self):
        return Face(self.at, 80.0, 0.0, self.presence, np.zeros((6, 2)))


@pytest.fixture
def scene():
    return Scene()


def follower(scene, period=0.4, max_faces=10):
    finder = FaceFinder(scene.detect, scene.mesh, 24.0, max_faces)
    return FaceFollower(finder, period, 2.0)


PICTURE = np.zeros((480, 640), np.uint8)


def test_the_picture_is_searched_once_in_a_period(scene):
    scene.people = {"a": (100.0, 100.0)}
    follow = follower(scene)
    for step in range(61):  # 4 s
        assert len(follow.update(step / 15, PICTURE)) == 1
    assert scene.searches == pytest.approx(4 / 0.4, abs=2)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 20), st.floats(5, 30))
def test_new_people_are_found_within_half_a_second(step, rate):
    scene = Scene()
    scene.people = {"a": (100.0, 100.0)}
    follow = follower(scene)
    came = found_at = None
    for number in range(step + int(rate) + 2):
        time = number / rate
        if number == step:
            scene.people["b"] = (400.0, 200.0)
            came = time
        if len(follow.update(time, PICTURE)) == 2:
            found_at = time
            break
    assert found_at - came <= 0.5


def test_a_lost_face_is_searched_at_once(scene):
    scene.people = {"a": (100.0, 100.0)}
    follow = follower(scene, period=10.0)
    ((_, before),) = follow.update(0.0, PICTURE)
    scene.people = {"a": (160.0, 100.0)}  # too far for the mesh
    ((_, after),) = follow.update(0.1, PICTURE)
    assert after.identity == before.identity
    assert scene.searches == 2


def test_faces_without_points_are_followed_by_the_detector(scene):
    scene.people = {"a": (100.0, 100.0)}
    scene.blind = {"a"}
    follow = follower(scene, period=10.0)
    numbers = [track.identity for step in range(5) for _, track in follow.update(step, PICTURE)]
    assert numbers == [1] * 5
    assert scene.searches == 5


def test_at_most_so_many_faces(scene):
    scene.people = {number: (100.0 * number, 100.0) for number in range(1, 6)}
    assert len(follower(scene, max_faces=3).update(0.0, PICTURE)) == 3


@pytest.fixture(scope="module")
def finder():
    return FaceFinder(NearThenFar(), FaceMesh())


@pytest.fixture(scope="module")
def people():
    """Two people: the portrait, and one made from it with a longer and mirrored face."""
    one = cv2.imread(str(PORTRAIT))[:232, 10:242]
    other = cv2.flip(cv2.resize(one, (200, 232)), 1)
    other = cv2.copyMakeBorder(other, 0, 0, 16, 16, cv2.BORDER_REPLICATE)
    return [cv2.resize(face, (200, 200)) for face in (one, cv2.GaussianBlur(other, (0, 0), 1.0))]


def frame(people, *places):
    picture = np.full((360, 640, 3), 110, np.uint8)
    for face, (x, y) in zip(people, places):
        height, width = face.shape[:2]
        picture[y : y + height, x : x + width] = face
    return picture


@pytest.mark.parametrize(
    "change",
    [
        lambda picture: picture,
        lambda picture: cv2.convertScaleAbs(picture, alpha=0.6),
        lambda picture: cv2.convertScaleAbs(picture, alpha=1.3),
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.5),
        lambda picture: cv2.warpAffine(
            picture, cv2.getRotationMatrix2D((320, 180), 8, 1.0), (640, 360)
        ),
    ],
    ids=["same", "dark", "bright", "blurred", "turned"],
)
def test_real_faces_keep_their_numbers_when_the_picture_changes(finder, people, change):
    follow = FaceFollower(finder, 0.4, 2.0)
    places = ((60, 100), (380, 90))
    first = follow.update(0.0, frame(people, *places))
    assert len(first) == 2
    left = {track.identity: found.face.centre[0] < 320 for found, track in first}
    for step in (1, 2, 3):
        now = follow.update(step / 15, change(frame(people, *places)))
        assert {track.identity: found.face.centre[0] < 320 for found, track in now} == left


def test_real_face_that_is_covered_and_comes_back(finder, people):
    follow = FaceFollower(finder, 0.4, 2.0)
    places = ((60, 100), (380, 90))
    first = {track.identity for _, track in follow.update(0.0, frame(people, *places))}
    for step in range(1, 8):
        covered = frame(people, *places)
        covered[:, :320] = 90
        assert len(follow.update(step / 15, covered)) == 1
    last = {track.identity for _, track in follow.update(8 / 15, frame(people, *places))}
    assert first == last


def test_the_largest_comes_first(finder, people):
    large, small = cv2.resize(people[0], (240, 240)), people[1]
    faces = finder.search(frame([small, large], (60, 100), (380, 90)))
    assert len(faces) == 2
    assert faces[0].face.side > faces[1].face.side
    assert faces[0].landmarks is not None
    assert faces[0].crop.shape == (SIZE, SIZE)
