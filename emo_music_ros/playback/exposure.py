# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the listener gets: level and dose, and the limits that follow from them."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from emo_music_ros.errors import CompanionError, OptionError
from emo_music_ros.options import option
from emo_music_ros.playback import equaliser
from emo_music_ros.playback.calibration import ASSUMED, Calibration
from emo_music_ros.playback.dose import FULL, MODES, RELIEF, WARN, Dose, pressure
from emo_music_ros.playback.equaliser import Equaliser
from emo_music_ros.playback.ledger import Ledger
from emo_music_ros.playback.loudness import TARGET
from emo_music_ros.playback.weighting import Weighting, level_of
from emo_music_ros.streams import FloatArray

log = logging.getLogger(__name__)

#: How much softer music is at night and after a full dose where nothing is calibrated [dB]: as
#: the levels of day and night, and as the cap and `RELIEF`, are apart.
NIGHT_TRIM, RELIEF_TRIM = -12.5, -5.0
#: Time over which the level that is shown is averaged [s]: "slow" of a sound level meter.
SLOW = 1.0


@dataclass(frozen=True)
class SoundOptions:
    """How loud it may be at the listener, and for whose ears."""

    cap: float = option(
        70.0, "highest level at the listener, when calibrated [dBA]", low=45.0, high=70.0,
        dynamic=True,
    )  # fmt: skip
    start_level: float = option(
        57.5, "level at the listener at the start, when calibrated [dBA]", low=45.0, high=60.0
    )
    night: str = option("", "hours of the night, such as 21:00-07:00; empty = none", dynamic=True)
    night_cap: float = option(
        45.0, "highest level at the listener at night, when calibrated [dBA]", low=30.0, high=60.0,
        dynamic=True,
    )  # fmt: skip
    dose: str = option(
        "sensitive", "weekly dose by ITU-T H.870: 80 or 75 dBA for 40 hours", choices=tuple(MODES)
    )
    audiogram: str = option(
        "", "losses of the better ear [Hz:dB HL], such as '500:30 1000:40 2000:55'; empty = none",
        dynamic=True,
    )  # fmt: skip
    hearing_aids: str = option(
        "unknown", "the equaliser is on only while they are out", choices=("unknown", "in", "out"),
        dynamic=True,
    )  # fmt: skip


class Exposure:
    """Counts what is played and says what may be played. Commands may come from any thread.

    Parameters
    ----------
    rate : int
        Frames per second [Hz].
    options : SoundOptions, optional
        What can be set.
    ledger : Ledger, optional
        Where calibrations and doses are; without it nothing is calibrated, and a dose ends with
        the program.
    wall : callable
        Tells the wall-clock time [unix s]: nights and weeks are those of the people.

    Attributes
    ----------
    calibration : Calibration or None
        Of the device that plays; None = not calibrated.
    """

    def __init__(
        self,
        rate: int,
        options: SoundOptions | None = None,
        ledger: Ledger | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.options = options or SoundOptions()
        self.calibration: Calibration | None = None
        self._rate = rate
        self._ledger = ledger
        self._wall = wall
        self._lock = threading.Lock()
        self._weighting = Weighting(rate)
        self._equaliser = Equaliser(rate)
        self.dose = Dose(self.options.dose)
        self._person = ""
        self._slow = 0.0  # mean A-weighted power of late [full scale²]
        self._problems: dict[str, str] = {}
        self.reconfigure(self.options)

    # -- what is asked for ---------------------------------------------------------------

    def reconfigure(self, options: SoundOptions) -> None:
        """Take new options; what cannot be understood is named and counts as not given."""
        self.options = options
        self.dose.mode = options.dose
        wanted: dict[int, float] = {}
        self._night: tuple[int, int] | None = None
        with self._noted("night"):
            self._night = _night(options.night)
        with self._noted("audiogram"):
            wanted = equaliser.gains(equaliser.audiogram(options.audiogram))
        wanted = wanted if options.hearing_aids == "out" else {}
        with self._lock:
            if wanted or self._equaliser.on:
                self._equaliser.set(wanted)

    def follow(self, person_id: str) -> None:
        """Count for another person from now on."""
        self.keep()
        known: list[tuple[int, float]] = []
        with self._noted("dose"):
            known = self._ledger.dose(person_id) if self._ledger else []
        with self._lock:
            self._person = person_id
            self.dose.load(known)

    def use(self, device: str) -> None:
        """Play on another device from now on; only what was calibrated is known."""
        found = None
        with self._noted("calibration"):
            found = self._ledger.calibration(device) if self._ledger and device else None
        with self._lock:
            self.calibration = found

    def keep(self) -> None:
        """Write down what was counted; what cannot be written is kept for the next time."""
        if self._ledger is None:
            return
        with self._lock:
            person, new = self._person, self.dose.take_new()
        try:
            self._ledger.count(person, new)
            self._problems.pop("keep", None)
        except CompanionError as error:
            self._problems["keep"] = str(error)
            with self._lock:
                if self._person == person:
                    self.dose.give_back(new)

    def forget(self, person_id: str) -> None:
        """Remove what is known of a person.

        Raises
        ------
        StorageError
            If it cannot be removed.
        """
        with self._lock:
            if self._person == person_id:
                self.dose.load([])
        if self._ledger is not None:
            self._ledger.forget(person_id)

    # -- the audio thread ----------------------------------------------------------------

    def equalise(self, samples: FloatArray) -> FloatArray:
        """Return the next frames, float32 [frames, 2], for the ears of the person."""
        with self._lock:
            return self._equaliser(samples)

    def clear(self) -> None:
        """Forget what is still held of the sound, as where a device was away."""
        with self._lock:
            self._equaliser.clear()

    def count(self, samples: FloatArray, heard: bool) -> None:
        """Take the frames [frames, 2] that go to the device; `heard` = it makes them sound."""
        if not len(samples):
            return
        energy = self._weighting(samples if heard else 0.0 * samples)
        self.receive(energy, len(samples) / self._rate)

    def receive(self, energy: float, seconds: float) -> None:
        """Count A-weighted energy [full scale² s] that came within some time [s]."""
        with self._lock:
            keep = math.exp(-seconds / SLOW)
            self._slow = keep * self._slow + (1 - keep) * energy / seconds
            self.dose.add(self._wall(), energy * pressure(self.sensitivity))

    # -- what follows --------------------------------------------------------------------

    @property
    def problem(self) -> str:
        """What is wrong with calibration, ledger or options, and what to do; empty = nothing."""
        return "; ".join(self._problems.values())

    @property
    def sensitivity(self) -> float:
        """Level at the listener of 0 dB of full scale [dBA], assumed where not calibrated."""
        return self.calibration.sensitivity if self.calibration else ASSUMED

    @property
    def level(self) -> float:
        """Level at the listener of late [dBA]; NaN = silence. An estimate if not calibrated."""
        found = self.sensitivity + level_of(self._slow, 1.0)
        return found if found > 0 else math.nan

    @property
    def share(self) -> float:
        """Part of the week's dose that was used, 1 = all. An estimate if not calibrated."""
        with self._lock:
            return self.dose.share(self._wall())

    @property
    def is_night(self) -> bool:
        """Whether it is night now."""
        if self._night is None:
            return False
        now = time.localtime(self._wall())
        minute = 60 * now.tm_hour + now.tm_min
        first, last = self._night
        return first <= minute < last if first < last else minute >= first or minute < last

    @property
    def ceiling(self) -> float:
        """Level that the loudest moment may have [dB of full scale]; inf if not calibrated."""
        if self.calibration is None:
            return math.inf
        caps = [self.options.cap]
        if self.is_night:
            caps.append(self.options.night_cap)
        if self.share >= FULL:
            caps.append(RELIEF)
        return min(caps) - self.calibration.sensitivity - self._equaliser.most

    @property
    def trim(self) -> float:
        """Gain, 0..1, in place of the ceiling where nothing is calibrated."""
        if self.calibration is not None:
            return 1.0
        night = NIGHT_TRIM if self.is_night else 0.0
        relief = RELIEF_TRIM if self.share >= FULL else 0.0
        return float(10 ** ((night + relief) / 20))

    @property
    def start_volume(self) -> float | None:
        """Volume that plays music at the level of the start; None if not calibrated."""
        if self.calibration is None:
            return None
        expected = self.calibration.level(TARGET)
        return min(float(10 ** ((self.options.start_level - expected) / 20)), 1.0)

    def advice(self) -> str:
        """Return what people should know: that it is not calibrated, how full the week is."""
        share = self.share
        told = [] if self.calibration else ["not calibrated"]
        if share >= FULL:
            told.append(f"this week's dose of sound is used up ({100 * share:.0f} %)")
        elif share >= WARN:
            told.append(f"{100 * share:.0f} % of this week's dose of sound is used")
        return ", ".join(told)

    @contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        """Name an error and go on."""
        self._problems.pop(what, None)
        try:
            yield
        except CompanionError as error:
            log.warning("%s", error)
            self._problems[what] = str(error)


def _night(text: str) -> tuple[int, int] | None:
    """Return first and last minute of the day of ``21:00-07:00``, None if it is empty.

    Raises
    ------
    OptionError
        If it is no such text.
    """
    if not text.strip():
        return None
    minutes = []
    for part in text.split("-"):
        try:
            found = time.strptime(part.strip(), "%H:%M")
        except ValueError:
            break
        minutes.append(60 * found.tm_hour + found.tm_min)
    if len(minutes) != 2 or len(text.split("-")) != 2:
        raise OptionError(f"night '{text}' is no span of hours", "Give one such as 21:00-07:00")
    return minutes[0], minutes[1]
