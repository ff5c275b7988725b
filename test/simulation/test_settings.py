# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from emo_music_ros.errors import CompanionError, OptionError
from emo_music_ros.fusion.strategies import AverageFusion, LogPoolFusion
from emo_music_ros.recommendation.policy.therapeutic import (
    RandomRecommender,
    TherapeuticRecommender,
)
from emo_music_ros.simulation.settings import parse


def test_nothing_set_is_what_the_nodes_start_with():
    settings = parse([])
    assert settings.options("recommender").patience == 10.0
    assert settings.options("recommender").distress_stop is True
    assert isinstance(settings.plugin("fusion"), LogPoolFusion)
    recommender = settings.plugin("recommender", seed=3)
    assert type(recommender) is TherapeuticRecommender
    assert recommender.options.seed == 3
    assert settings.options("player").stop_fade > 0


def test_parameters_of_nodes_and_of_their_plugins():
    settings = parse(
        [
            "recommender.patience=20",
            "recommender.distress_stop=False",
            "recommender.min_dwell=30.5",
            "recommender.therapeutic.goal=calm",
            "recommender.therapeutic.seed=9",
            "fusion.logpool.half_life=9",
            "player.stop_fade=1.5",
        ]
    )
    options = settings.options("recommender")
    assert (options.patience, options.distress_stop, options.min_dwell) == (20.0, False, 30.5)
    recommender = settings.plugin("recommender", seed=3)
    assert (recommender.options.goal, recommender.options.seed) == ("calm", 9)
    assert settings.plugin("fusion").options.half_life == 9.0
    assert settings.options("player").stop_fade == 1.5


def test_other_plugins():
    settings = parse(["fusion.plugin=average", "recommender.plugin=random"])
    assert type(settings.plugin("fusion", seed=3)) is AverageFusion
    assert type(settings.plugin("recommender", seed=3)) is RandomRecommender
    assert settings.plugin_name("fusion") == "average"


def test_the_last_of_several_values_counts():
    assert (
        parse(["recommender.patience=1", "recommender.patience=2"]).options("recommender").patience
        == 2.0
    )


def test_nodes_without_a_part_in_it_are_named_and_nothing_more():
    settings = parse(["camera.rate=5", "microphone.device=x"])
    assert settings.ignored == ["camera.rate", "microphone.device"]


@pytest.mark.parametrize(
    "pair", ["", "patience=3", "recommender=3", "recommender.patience", ".=1", "nothing.x=1"]
)
def test_what_is_no_parameter_is_refused(pair):
    with pytest.raises(OptionError):
        parse([pair])


@pytest.mark.parametrize(
    "pair",
    [
        "recommender.patiense=3",
        "recommender.patience=soon",
        "recommender.patience=-1",
        "recommender.patience=NaN",
        "recommender.patience=Infinity",
        "recommender.patience=1e999",
        "recommender.patience=null",
        "recommender.patience=[1]",
        "recommender.patience=true",
        "recommender.distress_stop=3",
        "recommender.random.goal=calm",
        "recommender.therapeutic.nonsense=1",
        "recommender.therapeutic.goal=wild",
        "recommender.plugin=nonsense",
        "fusion.plugin=3",
        "fusion.average.text=1",
        "player.nonsense=1",
        "player.a.b=1",
    ],
)
def test_a_value_that_cannot_be_is_refused_when_it_is_used(pair):
    settings = parse([pair])
    node = pair.split(".")[0]

    def use():
        settings.options(node)
        settings.plugin(node)

    with pytest.raises(CompanionError) as caught:
        use()
    assert caught.value.remedy
