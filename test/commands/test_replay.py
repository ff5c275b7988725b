# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""`replay RECORDING` is `companion --input replay --replay RECORDING` in short."""

from __future__ import annotations

from emo_music_ros.cli import parser
from emo_music_ros.commands import companion


def test_it_is_a_short_form_of_the_companion() -> None:
    rest = ["--duration", "5", "--library", "l", "--scenario", "group", "--without", "eeg"]
    short = vars(parser().parse_args(["replay", "mine", *rest]))
    long = vars(parser().parse_args(["companion", "--input", "replay", "--replay", "mine", *rest]))
    assert short.pop("command") == "replay"
    assert long.pop("command") == "companion"
    assert short == long
    assert short["run"] is companion.companion
