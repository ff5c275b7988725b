# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The stress network sees what its settings and the worn sensors say."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("sklearn")

from emo_music_ros.encoding.physiology.encoder import GROUPS, MEASURES, MEMORIES  # noqa: E402
from emo_music_ros.training.physiology.network import (  # noqa: E402
    FEW,
    INPUTS,
    StressNetwork,
    keep,
)


def test_leaving_sensors_out_hides_their_measures_and_no_others():
    inputs = np.arange(1.0, INPUTS + 1)[None]
    skin = keep(inputs, ("skin",))[0]
    hidden = np.flatnonzero(skin == 0)
    expected = [column + len(MEASURES) * memory for memory in range(len(MEMORIES))
                for column in GROUPS["heart"]]  # fmt: skip
    np.testing.assert_array_equal(hidden, [*expected, INPUTS - 2])
    np.testing.assert_array_equal(keep(inputs, ("heart", "skin")), inputs)


def test_settings_decide_what_the_network_sees():
    network = StressNetwork([(FEW, MEMORIES[1:])] * 3)
    assert network.used.sum(dim=2).flatten().tolist() == [len(FEW) * 2 + len(GROUPS)] * 3
    seen = torch.zeros(1, INPUTS)
    other = seen.clone()
    other[0, MEASURES.index("log_phasic")] = 3.0  # not among the few
    other[0, MEASURES.index("heart_rate")] = 3.0  # of the memory that is not used
    assert torch.equal(network(seen), network(other))
    other[0, len(MEASURES) + MEASURES.index("heart_rate")] = 3.0
    assert not torch.equal(network(seen), network(other))
    assert network.parameters_used == 3 * ((10 + 1) * 8 + 8 + 1) + 2
