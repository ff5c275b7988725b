# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass

import pytest

from emo_music_ros.errors import OptionError
from emo_music_ros.options import build, option


@dataclass(frozen=True)
class Options:
    rate: float = option(10.0, "rate [Hz]", low=0.1, high=100)
    count: int = option(3, "how many", low=1)
    mode: str = option("a", "mode", choices=("a", "b"))
    flag: bool = option(False, "flag")
    kinds: list = option(["x"], "kinds")


def test_defaults_and_conversions():
    made = build(Options, {"rate": 5, "kinds": ("y", "z")})
    assert made == Options(rate=5.0, kinds=["y", "z"])
    assert isinstance(made.rate, float)
    assert Options().kinds is not Options().kinds


@pytest.mark.parametrize(
    ("values", "cause", "remedy"),
    [
        ({"rate": 1000.0}, "'p.rate' is 1000", "0.1 to 100"),
        ({"rate": float("nan")}, "'p.rate' is nan", "finite"),
        ({"rate": "fast"}, "'p.rate' is 'fast' (str)", "float"),
        ({"count": 0}, "'p.count' is 0", "1 to inf"),
        ({"count": True}, "'p.count' is True (bool)", "int"),
        ({"mode": "c"}, "'p.mode' is 'c'", "'a', 'b'"),
        ({"flag": 1}, "'p.flag' is 1 (int)", "bool"),
        ({"raet": 1.0}, "'p.raet' does not exist", "Did you mean 'rate'"),
        ({"zzz": 1.0}, "'p.zzz' does not exist", "Known: count"),
    ],
)
def test_refusals_name_cause_and_remedy(values, cause, remedy):
    with pytest.raises(OptionError) as caught:
        build(Options, values, prefix="p.")
    assert cause in caught.value.cause
    assert remedy in caught.value.remedy
