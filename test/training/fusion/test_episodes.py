# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Episodes stitched of recorded answers, and the grid they stand on."""

import pathlib

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is for training only")

from emo_music_ros.fusion.classes import CLASSES, STATES_OF_CLASSES  # noqa: E402
from emo_music_ros.fusion.grid import MASK_AT, SPAN, STEP, tensor  # noqa: E402
from emo_music_ros.fusion.timeline import STALE_AFTER  # noqa: E402
from emo_music_ros.simulation.answers import Answers  # noqa: E402
from emo_music_ros.training.fusion.episodes import Drawer, windows  # noqa: E402
from emo_music_ros.training.fusion.stitched import StitchedStudy  # noqa: E402
from emo_music_ros.training.fusion.stitching import MODALITIES  # noqa: E402
from emo_music_ros.training.fusion.temporal_study import TemporalStudy, heard_of  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402

STUDY = TemporalStudy(StitchedStudy(Answers(), Work(pathlib.Path("never")), 0), 60)
SOURCES, SPEECH = STUDY.study.sources, MODALITIES.index("speech")
STATE_OF = np.where(STATES_OF_CLASSES.max(axis=1) == 1, STATES_OF_CLASSES.argmax(axis=1), -1)


def drawn(count=150, seed=1, folds=(0,), **more):
    return Drawer(SOURCES, STUDY.study.groups(folds), seed).draw(count, **more)


def said(episodes, place):
    return SOURCES[place].truth[episodes.rows[:, place]]


def test_only_answers_of_the_given_parts_are_drawn_and_utterances_are_of_one_speaker():
    made = drawn()
    for place, (one, groups) in enumerate(zip(SOURCES, STUDY.study.groups((0,)))):
        assert np.isin(one.group[made.rows[:, place]][made.there[:, place]], groups).all()
    speakers = SOURCES[SPEECH].group[made.rows[:, SPEECH]]
    own = (speakers == made.people[:, None])[made.there[:, SPEECH]]
    assert own.mean() > 0.95  # a speaker may lack an emotion


def test_ages_are_in_order_within_the_grid_and_nothing_is_stale():
    made = drawn()
    assert (np.diff(made.age, axis=2) > 0).all() or (made.age[:, :, 0] == 0).any()
    assert (made.age[made.there] < SPAN - STEP).all()
    newest = np.where(made.there, made.age, np.inf).min(axis=2)
    limits = np.array([STALE_AFTER[name] for name in MODALITIES])
    assert ((newest <= limits) | np.isinf(newest)).all()
    assert made.there.any(axis=(1, 2)).all()
    assert ((made.phase >= 0) & (made.phase < STEP)).all()


def test_what_is_said_last_is_of_the_emotion_that_holds_and_before_of_another():
    made = drawn(400, wrong=False)
    for place in range(len(SOURCES)):
        states = STATE_OF[said(made, place)]
        right = states == STATE_OF[made.truth][:, None]
        assert right[~made.changed][made.there[:, place][~made.changed]].all()
        young = made.there[:, place] & (made.age[:, place] < 3.0)
        assert right[young].all()
    old = made.there[:, 0] & (made.age[:, 0] > 28.0) & made.changed[:, None]
    assert not (STATE_OF[said(made, 0)] == STATE_OF[made.truth][:, None])[old].any()


def test_what_is_poor_is_often_of_another_emotion():
    made = drawn(400, missing=False)
    steady = ~made.changed[:, None] & made.there[:, 0]
    right = STATE_OF[said(made, 0)] == STATE_OF[made.truth][:, None]
    poor = made.quality[:, 0] < 0.3
    assert right[steady & ~poor].mean() > right[steady & poor].mean() + 0.2


def test_contradictions_and_surprise_have_no_state_that_is_true():
    torn = drawn(100, apart=1.0, wrong=False, missing=False)
    assert (torn.targets == 0.25).all()
    first = np.stack([STATE_OF[said(torn, place)][:, 0] for place in range(3)], axis=1)
    assert all(len(set(row)) == 3 for row in first.tolist())
    surprised = drawn(100, surprised=1.0)
    assert (surprised.truth == CLASSES.index("surprise")).all()
    assert (surprised.targets == 0.25).all()
    assert drawn(100).targets.max(axis=1).min() == 1.0


def test_nothing_is_missing_where_nothing_may_be():
    whole, some = drawn(300, missing=False), drawn(300)
    assert whole.there.any(axis=2).mean() > some.there.any(axis=2).mean() + 0.1


def test_the_same_seed_gives_the_same_episodes():
    first, second = drawn(20, seed=5), drawn(20, seed=5)
    for name, column in vars(first).items():
        assert np.array_equal(column, getattr(second, name)), name


def test_windows_are_what_the_timeline_gives_a_strategy():
    made = STUDY.episodes[0]
    given = windows(STUDY.spoken, made)
    evidence = STUDY.heard(made, remembers=True)
    for row, items in enumerate(evidence):
        np.testing.assert_allclose(given[row], tensor(items, MODALITIES), atol=1e-4)
        assert heard_of(given)[row] == len(items)


def test_moments_on_the_grid_are_what_a_strategy_makes_of_one_answer_each():
    lessons = STUDY.study.stitcher([0], 9).lessons(60)
    given = STUDY.of_moments(lessons)
    for row in range(len(lessons)):
        items = STUDY.study.evidence(lessons, row)
        np.testing.assert_allclose(given[row], tensor(items, MODALITIES), atol=1e-4)


def test_the_learned_fusion_is_given_what_the_timeline_sums_up():
    made = STUDY.episodes[1]
    heard = STUDY.heard(made)
    summed = STUDY.summed(made, heard)
    assert (summed.present.sum(axis=1) == [len(items) for items in heard]).all()
    item = heard[0][0]
    place = MODALITIES.index(item.encoding.modality)
    assert summed.quality[0, place] == pytest.approx(item.encoding.estimate.quality)
    assert summed.age[0, place] == pytest.approx(item.age)


def test_lessons_are_moments_episodes_and_contradictions(monkeypatch):
    from emo_music_ros.training.fusion import temporal_study

    monkeypatch.setattr(temporal_study, "MOMENTS", 50)
    monkeypatch.setattr(temporal_study, "EPISODES", 70)
    given, targets = STUDY.lessons([0, 1])
    assert given.shape[0] == len(targets) == 50 + 5 + 70
    assert targets.sum(axis=1) == pytest.approx(1.0)
    assert (targets[50:55] == 0.25).all()
    assert given[..., MASK_AT].any(axis=(1, 2)).all()
