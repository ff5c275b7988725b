# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.playback.assistant import Noise, calibrate
from emo_music_ros.playback.calibration import STEPS
from emo_music_ros.playback.envelope import FLOOR
from emo_music_ros.playback.level import STEP
from emo_music_ros.playback.weighting import Weighting, level_of

RATE = 22050


class Room:
    """A loudspeaker and a sound level meter beside the listener."""

    name = "hand"
    device = "hand: kitchen"
    rate = RATE
    error = ""

    def __init__(self, sensitivity=92.0, noise=30.0, highest=math.inf, gain=1.0):
        self.sensitivity, self.noise, self.highest, self.gain = sensitivity, noise, highest, gain
        self.heard = []
        self.stopped = False

    def start(self, render):
        self.render = render

    def stop(self):
        self.stopped = True
        self.heard.append(self.render(4 * RATE, 0.0))

    def ask(self, question):
        self.heard.append(self.render(4 * RATE, 0.0))
        sound = self.gain * self.render(4 * RATE, 0.0)
        self.heard.append(sound)
        found = self.sensitivity + level_of(Weighting(RATE)(sound), 4.0)
        loud = 10 ** (min(found, self.highest) / 10) + 10 ** (self.noise / 10)
        return f"{10 * math.log10(loud):.1f}".replace(".", ",")


def test_the_sensitivity_of_a_room_is_found():
    room = Room()
    found = calibrate(room, room.ask, lambda: 5.0)
    assert found.sensitivity == pytest.approx(92.0, abs=0.5)
    assert (found.device, found.time) == ("hand: kitchen", 5.0)
    assert room.stopped


@pytest.mark.parametrize(
    ("room", "reason"),
    [
        (Room(gain=0.0), "silent or too soft"),
        (Room(noise=60.0), "silent or too soft"),
        (Room(highest=55.0), "clips or compresses"),
        (Room(sensitivity=118.0), "already 78"),
    ],
)
def test_a_room_that_cannot_be_right_is_named_and_the_noise_ends(room, reason):
    with pytest.raises(InputError, match=reason):
        calibrate(room, room.ask)
    assert room.stopped


def test_what_is_no_number_is_named():
    room = Room()
    with pytest.raises(InputError, match="'loud' is no number"):
        calibrate(room, lambda question: "loud")
    with pytest.raises(InputError, match="nan dBA is no reading"):
        calibrate(room, lambda question: "nan")


def test_a_device_that_makes_no_sound_or_does_not_open_is_named():
    room = Room()
    room.name = "null"
    with pytest.raises(InputError, match="makes no sound"):
        calibrate(room, room.ask)
    room = Room()
    room.device, room.error = "", "there is no loudspeaker 'x'"
    with pytest.raises(InputError, match="no loudspeaker 'x'"):
        calibrate(room, room.ask)


def test_the_noise_comes_and_goes_slowly_and_goes_on_where_it_repeats():
    noise = Noise(RATE)
    assert not noise(RATE, 0.0).any()
    noise.go(STEPS[-1])
    noise(4 * RATE, 0.0)
    loop = noise(9 * RATE, 0.0)[:, 0]
    edge = (8 - 5) * RATE
    roughness = np.abs(np.diff(loop, n=2))
    assert roughness[edge - 5 : edge + 5].max() <= roughness.max() * 0.9
    noise.go(None)
    fall = noise(2 * RATE, 0.0)[:, 0].reshape(-1, RATE // 10)
    levels = 20 * np.log10(np.sqrt((fall**2).mean(1)) / np.sqrt((loop**2).mean()) + FLOOR)
    assert np.diff(levels).min() > -STEP - 2.0  # it is noise: each tenth of a second differs
    assert not fall[-1].any()
