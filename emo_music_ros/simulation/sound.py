# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Simulated listening sessions, and whether the sound kept its rules in each.

What is simulated are people, devices, hours and tracks; what decides is the mixer and the limits
that play for real, at a low rate: a source gives the A-weighted amplitude of its moments instead of
samples, so that what comes out is the level at the listener.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from emo_music_ros.playback.calibration import Calibration
from emo_music_ros.playback.dose import FULL as FULL_DOSE
from emo_music_ros.playback.dose import HOUR, RELIEF, allowance
from emo_music_ros.playback.envelope import FLOOR, decibels
from emo_music_ros.playback.exposure import Exposure, SoundOptions
from emo_music_ros.playback.level import STEP
from emo_music_ros.playback.loudness import FULL, loudness_of
from emo_music_ros.playback.mixer import FADE_IN, HOLE, Mixer
from emo_music_ros.streams import FloatArray, Track

#: Frames per second of the simulation [Hz], and frames looked at together: 0.1 s.
RATE, BLOCK = 50, 5
#: Length of a session, and mean time between two things that happen [s].
SECONDS, EVERY = 30.0, 2.0
#: Time that a stop may take, and a cap that changes may take to hold [s].
STOPS = 2.0
#: What is no violation but rounding [dB].
ROUNDING = 0.05
RULES = (
    "no step above 3 dB in 0.1 s",
    "no rise faster than a fade-in of 3 s",
    "silent within 2 s of stop or distress, and until somebody asks",
    "at most 70 dBA at the listener, at night 45 (calibrated)",
    "at most 65 dBA after a full weekly dose (calibrated)",
    "gives way to a voice by 12 dB within 0.5 s",
    "the dose is the energy that was heard",
    "finite samples, -1..1",
)


class Source:
    """A track whose moments are between silence and its loudest; `left` counts its frames."""

    def __init__(self, rng: np.random.Generator, track: Track, seconds: float) -> None:
        known = math.isfinite(track.loudest)
        loudest = min(track.loudest, FULL) if known else FULL - abs(rng.normal(0, 6))
        moments = loudest - np.abs(rng.normal(0, 6, math.ceil(seconds)))
        moments[rng.random(len(moments)) < 0.2] = loudest
        # Both channels carry half of the power.
        self._moments = 10 ** (moments / 20) / math.sqrt(2)
        self.left = round(seconds * RATE)
        self._place = 0
        self.complete = True
        self.lags = False

    @property
    def ready(self) -> int:
        """Frames that can be read now."""
        return 0 if self.lags else self.left

    @property
    def now(self) -> float:
        """Amplitude of the moment."""
        place = min(self._place // RATE, len(self._moments) - 1)
        return float(self._moments[place])

    def read(self, frames: int) -> FloatArray:
        """Return the next frames."""
        count = min(frames, self.ready)
        places = np.minimum(np.arange(self._place, self._place + count) // RATE, 10**9)
        values = self._moments[np.minimum(places, len(self._moments) - 1)]
        self._place += count
        self.left -= count
        return np.repeat(values[:, None], 2, axis=1).astype(np.float32)


@dataclass
class Session:
    """One session from a seed; :meth:`run` returns what was violated, and how often."""

    seed: int
    violations: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._rng = rng = np.random.default_rng(self.seed)
        # In half of them the hour changes, which may begin or end the night.
        moment = (0, 0) if rng.random() < 0.5 else (59, 50)
        start = time.mktime((2027, 3, 1, int(rng.integers(24)), *moment, 0, 0, -1))
        self._now = start
        self._exposure = Exposure(RATE, SoundOptions(night="21:00-07:00"), wall=lambda: self._now)
        if rng.random() < 0.8:
            self._exposure.calibration = Calibration("simulated", rng.uniform(75, 110))
        self._exposure.receive(0.0, 1.0)
        self._exposure.dose.add(
            start - HOUR, rng.choice([0.0, 0.5, 0.999, 1.2]) * allowance("sensitive") * HOUR
        )
        volume = self._exposure.start_volume
        self._asked = rng.uniform(0.1, 1.0) if volume is None else volume
        self._loudest_asked = self._asked  # since a voice began
        self._mixer = Mixer(RATE, self._asked)
        self._sources: dict[int, Source] = {}
        self._key = 0
        self._stopped_at = math.nan
        self._lags = False
        self._ducked: tuple[float, float] | None = None
        self._cap_at = start
        self._cap = self._lowest()
        self._gains = [0.0]
        self._sounding: set[int] = set()
        self._powers: list[float] = []

    def run(self) -> Counter[str]:
        """Play the session."""
        commands = self._commands()
        due = 0.0
        energy, before = 0.0, self._exposure.share
        for step in range(round(SECONDS * RATE / BLOCK)):
            if step * BLOCK / RATE >= due:
                commands[int(self._rng.integers(len(commands)))]()
                due += float(self._rng.exponential(EVERY)) * (self._rng.random() < 0.8)
            if step % 5 == 0:
                self._limit()
            out = self._mixer.render(BLOCK)
            self._now += BLOCK / RATE
            self._look(out)
            power = self._powers[-1]
            energy += power * BLOCK / RATE
            self._exposure.receive(power * BLOCK / RATE, BLOCK / RATE)
        sensitivity = self._exposure.sensitivity
        heard = 20e-6**2 * 10 ** (sensitivity / 10) * energy / HOUR / allowance("sensitive")
        if abs(self._exposure.share - before - heard) > 1e-6 + 1e-6 * heard:
            self.violations[RULES[6]] += 1
        return self.violations

    # -- what happens --------------------------------------------------------------------

    def _commands(self) -> list[Callable[[], None]]:
        mixer, rng = self._mixer, self._rng
        return [
            *4 * [self._play],
            lambda: self._neighbour(),
            lambda: self._jump(),
            *2 * [self._stop],
            lambda: mixer.pause(),
            lambda: None if self._silenced else mixer.resume(),
            *2 * [lambda: self._set_volume(rng.uniform(0, 1))],
            lambda: self._duck(0.25),
            lambda: self._duck(1.0),
            self._device_back,
            self._lag,
        ]

    def _track(self) -> tuple[Track, Source]:
        rng = self._rng
        loudness = rng.uniform(-40, -5)
        track = Track("t", "", loudness=loudness, loudest=min(loudness + rng.uniform(1, 18), FULL))
        track = Track("t", "") if rng.random() < 0.15 else track
        self._key += 1
        self._sources[self._key] = source = Source(rng, track, rng.uniform(0.5, 60))
        source.complete, source.lags = not self._lags, self._lags
        return track, source

    @property
    def _silenced(self) -> bool:
        return not math.isnan(self._stopped_at)

    def _play(self) -> None:
        track, source = self._track()
        if self._silenced and self._now - self._stopped_at < STOPS + 1.0:
            return  # nobody asks at once; the rule about silence is looked at in peace
        self._stopped_at = math.nan
        self._mixer.play(self._key, source, 4.0, FADE_IN, loudness_of(track))

    def _neighbour(self) -> None:
        track, source = self._track()
        self._mixer.follow(self._key, source, loudness_of(track))

    def _jump(self) -> None:
        track, source = self._track()
        if not self._mixer.idle and not self._silenced:
            self._mixer.swap(self._key, source, FADE_IN, loudness_of(track))

    def _stop(self) -> None:
        self._mixer.stop()
        self._stopped_at = self._now

    def _set_volume(self, volume: float) -> None:
        self._asked = volume
        self._loudest_asked = max(self._loudest_asked, volume)

    def _duck(self, share: float) -> None:
        self._mixer.duck(share)
        self._ducked = (self._now, self._mixer.level) if share < 1 else None
        self._loudest_asked = self._asked

    def _device_back(self) -> None:
        if not self._silenced:
            self._mixer.restart()
            self._gains[-1] = 0.0  # while it was away nothing was heard

    def _lag(self) -> None:
        """The decoder has nothing for a while, or has caught up."""
        self._lags = not self._lags
        for source in self._sources.values():
            source.complete, source.lags = not self._lags, self._lags
        long = self._mixer._dry > HOLE * RATE
        # What comes back after a long hole begins from silence; a short one is a drop-out.
        self._gains[-1] = 0.0 if long and not self._lags else math.nan

    def _limit(self) -> None:
        self._mixer.set_ceiling(self._exposure.ceiling)
        self._mixer.set_volume(self._asked * self._exposure.trim)
        lowest = self._lowest()
        if lowest < self._cap:
            self._cap_at = self._now
        self._cap = lowest

    # -- what is looked at ---------------------------------------------------------------

    def _lowest(self) -> float:
        """Return the cap that the rules say [dBA], told from the clock and the dose alone."""
        hour = time.localtime(self._now).tm_hour
        cap = 45.0 if hour >= 21 or hour < 7 else 70.0
        return min(cap, RELIEF) if self._exposure.share >= FULL_DOSE else cap

    def _look(self, out: FloatArray) -> None:
        voices = self._mixer._voices
        share = math.sqrt(sum(each.envelope.gain**2 for each in voices))
        gain = self._mixer.level * share
        sound = sum(
            2 * (each.envelope.gain * each.gain.gain * self._sources[each.key].now) ** 2
            for each in voices
            if not self._sources[each.key].lags
        )
        self._powers.append(self._mixer.level**2 * sound)
        change = decibels(self._gains[-1], gain)
        # A track that ends by itself is no change of the level.
        ended = {key for key in self._sounding if not self._sources[key].left}
        self._sounding = {each.key for each in voices}
        if abs(change) > STEP + ROUNDING and not ended and not self._lags:
            self.violations[RULES[0]] += 1
        if change > decibels(0.0, 1.0) / FADE_IN * BLOCK / RATE + ROUNDING:
            self.violations[RULES[1]] += 1
        self._gains.append(gain)
        if self._silenced and self._now - self._stopped_at >= STOPS and out.any():
            self.violations[RULES[2]] += 1
        if self._exposure.calibration and self._now - self._cap_at > STOPS + 1.0:
            mean = float(np.mean(self._powers[-RATE // BLOCK :]))
            level = self._exposure.calibration.level(10 * math.log10(mean + 1e-20))
            if level > self._cap + ROUNDING:
                self.violations[RULES[4 if self._cap == RELIEF else 3]] += 1
        if self._ducked is not None and self._now - self._ducked[0] >= 0.5:
            wanted = self._ducked[1] * 0.25
            if self._mixer.level > max(wanted, self._loudest_asked * 0.25) * 1.01 + FLOOR:
                self.violations[RULES[5]] += 1
            self._ducked = None
        if not np.isfinite(out).all() or abs(out).max() > 1.0:
            self.violations[RULES[7]] += 1


@dataclass(frozen=True)
class Report:
    """What was found: sessions, and by rule how many of them violated it."""

    sessions: int
    violated: dict[str, int]

    @classmethod
    def of(cls, found: Collection[Collection[str]]) -> Report:
        """Return the report of what each session violated."""
        counted = Counter(rule for rules in found for rule in set(rules))
        return cls(len(found), dict(counted))

    def text(self) -> str:
        """Return a table."""
        lines = [
            f"{self.sessions} simulated sessions of {SECONDS:.0f} s (simulation, not people)",
            "",
            "| rule | sessions that violate it |",
            "|---|---:|",
        ]
        lines += [f"| {rule} | {self.violated.get(rule, 0)} |" for rule in RULES]
        return "\n".join(lines)


def run(seed: int) -> list[str]:
    """Run the session of a seed and return the rules that it violated."""
    return sorted(Session(seed).run())
