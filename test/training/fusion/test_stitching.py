# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Moments stitched of recorded answers."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is for training only")

from emo_music_ros.emotion import STATES  # noqa: E402
from emo_music_ros.fusion.classes import CLASSES, STATES_OF_CLASSES  # noqa: E402
from emo_music_ros.simulation.answers import Answers  # noqa: E402
from emo_music_ros.training.fusion import conditions  # noqa: E402
from emo_music_ros.training.fusion.stitching import MODALITIES, WORDS, Stitcher, parts, source  # noqa: E402

SOURCES = [source(Answers(), name) for name in MODALITIES]
EVERYBODY = [np.unique(one.group) for one in SOURCES]


def test_parts_share_nobody_and_lose_nobody():
    for one in SOURCES:
        found = parts(one, 4, 7)
        assert np.array_equal(np.sort(np.concatenate(found)), np.unique(one.group))


def test_only_answers_of_the_given_groups_are_drawn():
    mine = [part[0] for part in (parts(one, 4, 0) for one in SOURCES)]
    made = Stitcher(SOURCES, mine, 1).agreeing(50)
    for place, one in enumerate(SOURCES):
        assert np.isin(one.group[made.rows[:, place]], mine[place]).all()


def test_agreement_is_of_one_class_or_the_nearest_there_is():
    made = Stitcher(SOURCES, EVERYBODY, 2).agreeing(200)
    for place, one in enumerate(SOURCES):
        said = one.truth[made.rows[:, place]]
        same = said == made.truth
        calm = made.truth == CLASSES.index("calm")
        assert (same | (calm & (said == CLASSES.index("neutral")))).all()
        assert np.array_equal(made.evidence[:, place], one.evidence[made.rows[:, place]])
    counts = np.bincount(STATES_OF_CLASSES[made.truth].argmax(axis=1), minlength=4)
    assert counts.min() > 25


def test_contradiction_is_of_different_states():
    made = Stitcher(SOURCES, EVERYBODY, 3).contradicting(100)
    states = np.stack(
        [
            STATES_OF_CLASSES[one.truth[made.rows[:, place]]].argmax(axis=1)
            for place, one in enumerate(SOURCES)
        ],
        axis=1,
    )
    assert all(len(set(row)) == len(SOURCES) for row in states.tolist())


def test_lessons_miss_delay_and_spoil_some():
    made = Stitcher(SOURCES, EVERYBODY, 4).lessons(600)
    assert made.present.any(axis=1).all()
    assert 0.6 < made.present.mean() < 0.85
    assert 0.2 < (made.age > 0).mean() < 0.4
    assert 0.0 <= made.quality.min() < 0.5
    fresh = (made.age == 0) & (made.quality > 0.99)
    said = np.stack([one.truth[made.rows[:, i]] for i, one in enumerate(SOURCES)], axis=1)
    right = STATES_OF_CLASSES[said].argmax(-1) == STATES_OF_CLASSES[made.truth].argmax(-1)[:, None]
    assert right[fresh].mean() == 1.0
    assert right[made.age > 50].mean() < 0.8


def test_the_same_seed_gives_the_same_moments():
    first, second = (Stitcher(SOURCES, EVERYBODY, 5).lessons(30) for _ in range(2))
    assert np.array_equal(first.evidence, second.evidence)


def test_words_of_the_states():
    assert dict(zip(STATES, WORDS)) == {
        "positive": ("happiness",),
        "calm": ("neutral", "calm"),
        "anxiety": ("anger", "fear", "disgust"),
        "depression": ("sadness",),
    }


@pytest.mark.parametrize("title", conditions.CHANGES)
def test_a_condition_changes_what_its_title_says_and_nothing_else(title):
    made = Stitcher(SOURCES, EVERYBODY, 6).agreeing(40)
    changed = conditions.CHANGES[title](made)
    every = title.startswith("all")
    place = 0 if every else MODALITIES.index(title.split()[0])
    others = [one for one in range(len(MODALITIES)) if one != place]
    if title.endswith("lost"):
        assert not changed.present[:, place].any()
        assert changed.present[:, others].all()
    elif title.endswith("alone"):
        assert changed.present[:, place].all()
        assert not changed.present[:, others].any()
    elif title.endswith("old"):
        assert (changed.age[:, place] == float(title.split()[1])).all()
        assert (changed.age[:, others] == (2.0 if every else 0.0)).all()
    else:
        assert not np.array_equal(changed.rows[:, place], made.rows[:, place])
        assert np.array_equal(changed.rows[:, others], made.rows[:, others])
        assert np.array_equal(changed.evidence[:, others], made.evidence[:, others])
