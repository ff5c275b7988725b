# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a session asks for, while it lasts."""

import math

import pytest

from emo_music_ros import msg
from emo_music_ros.errors import OptionError
from emo_music_ros.plugins import NoOptions
from emo_music_ros.recommendation.policy.therapeutic import TherapeuticRecommender
from emo_music_ros.ros.plan import LONGEST, Plan

OPTIONS = TherapeuticRecommender.Options(scenario="home", alpha=0.7)


def plan(person="anna", scenario="group", goal="calm", remaining=60.0):
    return msg.SessionPlan(person_id=person, scenario=scenario, goal=goal, remaining=remaining)


def test_a_plan_is_laid_over_the_options_and_ends():
    found = Plan.of(plan(), "anna", 1000.0)
    assert found.ends == 1060.0
    options, unknown = found.over(OPTIONS)
    assert (options.scenario, options.goal, options.alpha, unknown) == ("group", "calm", 0.7, [])
    assert Plan().over(OPTIONS) == (OPTIONS, [])


def test_nothing_is_asked_by_a_plan_that_is_over_or_for_somebody_else():
    for message in (plan(remaining=0.0), plan(remaining=math.nan), plan("bert")):
        assert Plan.of(message, "anna", 0.0) == Plan()


def test_what_the_options_do_not_take_is_refused_and_no_plan_is_for_ever():
    with pytest.raises(OptionError, match="'goal' is 'angry'"):
        Plan.of(plan(goal="angry"), "anna", 0.0).over(OPTIONS)
    assert Plan.of(plan(remaining=math.inf), "anna", 10.0).ends == 10.0 + LONGEST


def test_what_is_empty_stays_as_configured_and_what_is_unknown_is_named():
    options, unknown = Plan.of(plan(scenario=""), "anna", 0.0).over(OPTIONS)
    assert (options.scenario, options.goal) == ("home", "calm")
    assert Plan.of(plan(), "anna", 0.0).over(NoOptions())[1] == ["scenario", "goal"]
