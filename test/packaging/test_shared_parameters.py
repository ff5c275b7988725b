# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A catalogue and a player of one name are beside each other in the node of the player."""

from __future__ import annotations

from dataclasses import fields

import pytest

from emo_music_ros import plugins
from emo_music_ros.options import default_of, rule_of

BOTH = sorted(set(plugins.available("catalogue")) & set(plugins.available("player")))


@pytest.mark.parametrize("name", BOTH)
def test_parameters_of_one_name_take_the_same_values(name: str) -> None:
    kinds = [plugins.options_of(plugins.find(stage, name)) for stage in ("catalogue", "player")]
    catalogue, player = ({entry.name: entry for entry in fields(kind)} for kind in kinds)
    for shared in set(catalogue) & set(player):
        one, other = rule_of(catalogue[shared]), rule_of(player[shared])
        assert default_of(catalogue[shared]) == default_of(player[shared]), shared
        assert (one.low, one.high, one.choices) == (other.low, other.high, other.choices), shared
