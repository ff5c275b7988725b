# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What a level of the signal is at the listener, found with a sound level meter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emo_music_ros.errors import InputError
from emo_music_ros.playback.weighting import Weighting, level_of
from emo_music_ros.streams import FloatArray

#: Levels of the known noise [dB of full scale, A-weighted, both channels].
STEPS = (-40.0, -30.0)
#: What a sound level meter can show where music is heard [dBA].
READINGS = (20.0, 100.0)
#: What a signal of 0 dB can be at the listener [dBA]: from a tiny loudspeaker across a room to a
#: powerful one beside the ear.
SENSITIVITIES = (60.0, 120.0)
#: How far the second step may be from what the first one lets expect [dB].
TOLERANCE = 2.0
#: The noise has to be above that of the room by this much [dB]: then the room adds less than 0.5.
ABOVE_ROOM = 10.0
#: Assumed where nothing is calibrated [dBA]: a loudspeaker that is rather loud, so that the dose is
#: counted too high and not too low. (Ours.)
ASSUMED = 95.0


@dataclass(frozen=True)
class Calibration:
    """What was found for one loudspeaker.

    Attributes
    ----------
    device : str
        Whose loudspeaker it is, as the backend calls it.
    sensitivity : float
        A-weighted level at the listener of a signal of 0 dB of full scale [dBA].
    time : float
        When it was found [unix s].
    """

    device: str
    sensitivity: float
    time: float = 0.0

    def level(self, decibels: float) -> float:
        """Return the level at the listener [dBA] of a signal [dB of full scale]."""
        return self.sensitivity + decibels


def usable(sensitivity: float) -> bool:
    """Return whether a sensitivity is one that a loudspeaker can have."""
    return math.isfinite(sensitivity) and SENSITIVITIES[0] <= sensitivity <= SENSITIVITIES[1]


def sensitivity_of(room: float, readings: Sequence[float]) -> float:
    """Return the sensitivity that readings of a sound level meter say.

    Parameters
    ----------
    room : float
        Reading without the noise [dBA, slow].
    readings : sequence of float
        Reading at each of `STEPS` [dBA, slow].

    Raises
    ------
    InputError
        If they cannot be right: no numbers of a meter, the loudspeaker silent, clipped or turned
        by an automatic, or a sensitivity that none has.
    """
    for value in (room, *readings):
        if not (math.isfinite(value) and READINGS[0] <= value <= READINGS[1]):
            raise InputError(
                f"{value:g} dBA is no reading of a sound level meter in a room",
                f"Set it to A-weighting and slow and give what it shows, {READINGS[0]:g} to"
                f" {READINGS[1]:g}",
            )
    if min(readings) < room + ABOVE_ROOM:
        raise InputError(
            f"the noise ({min(readings):g} dBA) is not {ABOVE_ROOM:g} dB above the room"
            f" ({room:g} dBA): the loudspeaker is silent or too soft, or the room too loud",
            "Check that the noise is heard from the loudspeaker, raise the volume of its own or of"
            " the system, make the room quiet and begin again",
        )
    step = readings[-1] - readings[0]
    expected = STEPS[-1] - STEPS[0]
    if abs(step - expected) > TOLERANCE:
        what = "clips or compresses" if step < expected else "is raised by an automatic"
        raise InputError(
            f"the noise rose by {expected:g} dB and the reading by {step:g} dB: the sound {what}",
            "Switch off night mode, loudness and limiters of loudspeaker and system, lower its own"
            " volume and begin again",
        )
    found = float(np.mean([reading - level for reading, level in zip(readings, STEPS)]))
    if not usable(found):
        raise InputError(
            f"a sensitivity of {found:.0f} dBA is not that of a loudspeaker",
            f"Change its own volume until it is from {SENSITIVITIES[0]:g} to {SENSITIVITIES[1]:g},"
            " keep the meter where the listener's head is, and begin again",
        )
    return found


def pink_noise(seconds: float, rate: int, level: float, seed: int = 1) -> FloatArray:
    """Return pink noise, float32 [frames, 2], from 100 Hz to 10 kHz, the same in both channels.

    Parameters
    ----------
    seconds : float
        Length.
    rate : int
        Frames per second [Hz].
    level : float
        A-weighted level of both channels together [dB of full scale].
    seed : int
        Of the random numbers: the noise is always the same.
    """
    count = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    frequencies = np.fft.rfftfreq(count, 1 / rate)
    band = (frequencies >= 100) & (frequencies <= min(10_000, rate / 2))
    wave = np.fft.irfft(np.where(band, spectrum / np.sqrt(np.maximum(frequencies, 1)), 0), count)
    noise = np.stack([wave, wave], 1)
    energy = Weighting(rate)(noise)
    noise *= 10 ** ((level - level_of(energy, seconds)) / 20)
    return noise.astype(np.float32)
