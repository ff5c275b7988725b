# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Mix what is played: start, cross-fade, pause, stop and volume without a click or a step.

Nothing here knows about files, threads or devices. What comes out depends on the number of
frames asked for so far and on when the commands came, not on the size of the blocks.

Voices share the mix: their fades keep its power, so that all changes of the level are those of
one gain (:mod:`emo_music_ros.playback.level`).
"""

from __future__ import annotations

import math
from enum import Enum

import numpy as np

from emo_music_ros.playback.envelope import (
    Envelope,
    decibels,
    power_in,
    power_out,
    rest_in,
    rest_out,
    smooth,
)
from emo_music_ros.playback.level import RISE, SILENCE, Level
from emo_music_ros.playback.voices import AS_IS, GLIDE, FrameSource, Loudness, Voice, voice
from emo_music_ros.streams import FloatArray

#: Shortest fade of a voice [s].
RAMP = 0.03
#: At most this many tracks sound at once; the softest ones are faded out quickly.
VOICES = 4
#: Level above which the clip guard bends the signal.
KNEE = 0.9
#: A source that had nothing for longer than this [s] begins anew from silence.
HOLE = 0.5
#: Fade-in from silence [s].
FADE_IN = 3.0


class Ending(Enum):
    """Why a voice fell silent."""

    FINISHED = "finished"  # its source came to its end
    FADED = "faded"  # faded out for another one, or stopped


class _Mode(Enum):
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"


def guard(samples: FloatArray) -> FloatArray:
    """Bend what exceeds the knee so that nothing leaves -1..1; below it nothing changes."""
    size = np.abs(samples)
    if size.size == 0 or float(size.max()) <= KNEE:
        return samples
    room = 1.0 - KNEE
    bent = np.sign(samples) * (KNEE + room * np.tanh((size - KNEE) / room))
    return np.where(size > KNEE, bent, samples).astype(np.float32)


class Mixer:
    """Plays one source, cross-fading when it is replaced.

    Parameters
    ----------
    rate : int
        Frames per second [Hz].
    volume : float
        Gain at the start, 0..1.

    Attributes
    ----------
    starved : int
        Times a source had nothing ready although it was not at its end.
    """

    def __init__(self, rate: int, volume: float = 1.0) -> None:
        self.rate = rate
        self.starved = 0
        self._voices: list[Voice] = []
        self._follower: Voice | None = None  # begins with the frame after the last one
        self._pending: tuple[Voice, float] | None = None  # begins when a stop is over; fade-in
        self._hold = False  # it begins paused
        self._mode = _Mode.RUNNING
        self._volume = volume
        self._duck = 1.0
        self._ceiling = math.inf
        self._level = Level(rate)
        self._rise = RISE
        self._dry = 0  # frames in a row in which nothing was heard
        self._endings: list[tuple[int, Ending, int]] = []

    @property
    def idle(self) -> bool:
        """Whether there is nothing to play."""
        return not self._voices

    @property
    def paused(self) -> bool:
        """Whether playing is halted or about to be."""
        return self._mode in (_Mode.PAUSED, _Mode.PAUSING)

    @property
    def silent(self) -> bool:
        """Whether the next frame is silence because nothing plays or it is paused."""
        return self.idle or self._mode is _Mode.PAUSED

    @property
    def fading(self) -> bool:
        """Whether something is being faded out, for another track or for silence."""
        return self._mode is _Mode.STOPPING or any(voice.leaving for voice in self._voices)

    @property
    def level(self) -> float:
        """Gain of now, 0..1."""
        return 0.0 if self.silent else self._level.gain

    @property
    def limited(self) -> bool:
        """Whether the ceiling keeps the level below what was asked for."""
        return not self.idle and self._limit() < self._volume * self._duck

    def consumed(self, key: int) -> int | None:
        """Return how many frames of a voice were played, None if it does not sound."""
        for each in self._voices:
            if each.key == key:
                return each.consumed
        return None

    # -- commands ------------------------------------------------------------------------

    def play(
        self,
        key: int,
        source: FrameSource,
        crossfade: float,
        fade_in: float,
        loudness: Loudness = AS_IS,
    ) -> None:
        """Start a source: cross-faded [s] with what sounds, or faded in [s] from silence.

        During a stop it begins when that is over: what was stopped does not come back.
        """
        self._drop_next()
        if self._mode in (_Mode.PAUSING, _Mode.STOPPING):
            self._mode = _Mode.STOPPING
            self._pending = voice(self.rate, key, source, loudness, 1.0), fade_in
            return
        if self.silent:
            self._drop_all()
            self._begin(voice(self.rate, key, source, loudness, 1.0), fade_in)
            return
        self._rebase()
        length = max(self._frames(crossfade), self._frames(RAMP))
        for each in self._voices:
            self._leave(each, length)
        softest = sorted(self._voices, key=lambda each: each.envelope.gain)
        for each in softest[: max(len(self._voices) - VOICES + 1, 0)]:
            self._leave(each, min(self._frames(RAMP), each.envelope.remaining))
        entering = voice(self.rate, key, source, loudness, 0.0)
        entering.envelope.go(1.0, length, power_in)
        self._voices.append(entering)
        self._aim()

    def follow(self, key: int, source: FrameSource, loudness: Loudness = AS_IS) -> bool:
        """Start a source with the frame after the last one of what sounds, without any fade.

        Return False if nothing sounds that it could follow.
        """
        last = self._voices[-1] if self._voices else None
        if last is None or last.leaving or self._mode is _Mode.STOPPING:
            return False
        self._drop_next()
        # Its own gain is reached slowly: between parts of one piece there is no step either.
        loudest = loudness.loudest + max(decibel(last.gain.gain / loudness.gain), 0.0)
        self._follower = voice(self.rate, key, source, Loudness(loudness.gain, loudest), 1.0)
        self._aim()
        return True

    def swap(self, key: int, source: FrameSource, fade: float, loudness: Loudness = AS_IS) -> None:
        """Replace the source of the voice that sounds, as after a seek; keeps a pause."""
        if self._mode is _Mode.STOPPING:
            self._endings.append((key, Ending.FADED, 0))
            return
        self._drop_next()
        entering = voice(self.rate, key, source, loudness, 1.0)
        if self._mode is _Mode.PAUSED:
            self._drop_all()
            self._voices.append(entering)
            self._mode = _Mode.PAUSED
            return
        # What is the same in both would add up to more than it was in an equal-power fade.
        length = max(self._frames(fade), self._frames(RAMP))
        for each in self._voices:
            each.leaving = True
            each.envelope.go(0.0, length, smooth)
        entering.envelope = Envelope(0.0)
        entering.envelope.go(1.0, length, smooth)
        self._voices.append(entering)
        self._rise = RISE
        if self._level.gain < self._level.target:
            self._level.go(self._level.target)  # a start that is on goes on more slowly
        self._aim()

    def pause(self) -> None:
        """Fade out and halt; a second pause changes nothing."""
        if self._pending is not None:
            self._hold = True
        elif self._mode is _Mode.RUNNING and self._voices:
            self._mode = _Mode.PAUSING
            self._aim()

    def resume(self, fade_in: float = FADE_IN) -> None:
        """Go on after a pause, faded in [s]."""
        self._hold = False
        if self.paused:
            self._mode = _Mode.RUNNING
            self._start(fade_in)

    def restart(self, fade_in: float = FADE_IN) -> None:
        """Fade what plays in from silence [s], as after a device was away for a while."""
        self._level.jump(0.0)
        if self._mode is _Mode.RUNNING:
            self._start(fade_in)

    def stop(self, fade: float = SILENCE) -> None:
        """Fade out, from full level in `fade` [s], and drop everything; at once when paused."""
        self._drop_next()
        if self._mode is _Mode.PAUSED:
            self._drop_all()
            self._mode = _Mode.RUNNING
        elif self._voices:
            self._mode = _Mode.STOPPING
            self._level.go(0.0, fall=decibels(0.0, 1.0) / fade)

    def set_volume(self, volume: float) -> None:
        """Go to a gain: at most 6 dB/s upwards and 27 dB/s downwards."""
        self._volume = volume
        self._aim()

    def duck(self, gain: float) -> None:
        """Give way to a voice: go to a share of the volume, quickly down and slowly up."""
        self._duck = gain
        self._aim()

    def set_ceiling(self, ceiling: float) -> None:
        """Keep the loudest moment of everything below a level [dB of full scale]."""
        self._ceiling = ceiling
        self._aim()

    def take_endings(self) -> list[tuple[int, Ending, int]]:
        """Return key, reason and frames played of the voices that ended since the last call."""
        endings, self._endings = self._endings, []
        return endings

    # -- sound ---------------------------------------------------------------------------

    def mix(self, frames: int) -> tuple[FloatArray, FloatArray]:
        """Return the next frames, float32 [frames, 2], and the level of each, [frames, 1]."""
        out = np.zeros((frames, 2), np.float32)
        levels = np.zeros((frames, 1), np.float32)
        done = 0
        while done < frames and not self.silent:
            length = self._stretch(frames - done)
            if length:
                block = out[done : done + length]
                got = 0
                for each in self._voices:
                    added = each.add_to(block)
                    self.starved += added < length
                    got = max(got, added)
                self._dry = 0 if got else self._dry + length
                levels[done : done + length] = self._level.take(length)
                done += length
            self._sweep()
        return out, levels

    def render(self, frames: int) -> FloatArray:
        """Return the next frames as they go to the device, float32 [frames, 2], -1..1."""
        mix, levels = self.mix(frames)
        return guard(mix * levels)

    # -- inside --------------------------------------------------------------------------

    def _frames(self, seconds: float) -> int:
        return round(seconds * self.rate)

    def _stretch(self, frames: int) -> int:
        """Return how many frames there are until something begins or ends."""
        ends = [frames]
        if self._mode is not _Mode.RUNNING:
            ends.append(self._level.remaining)
        for each in self._voices:
            if each.source.complete:
                ends.append(each.source.ready)
            if each.leaving:
                ends.append(each.envelope.remaining)
        return min(ends)

    def _limit(self) -> float:
        sounding = [*self._voices, *([self._follower] if self._follower else [])]
        return min((each.limit(self._ceiling) for each in sounding), default=1.0)

    def _aim(self) -> None:
        """Send the level where everything that was asked for together says."""
        if self._mode is _Mode.STOPPING:
            return
        wanted = min(self._volume * self._duck, self._limit())
        target = wanted if self._mode is _Mode.RUNNING else 0.0
        if self._level.remaining == 0:
            self._rise = RISE
        if target != self._level.target:
            self._level.go(target, max(self._rise, RISE))

    def _start(self, fade_in: float) -> None:
        """Rise from silence, to full level in `fade_in` [s] at least."""
        self._rebase()
        target = min(self._volume * self._duck, self._limit())
        self._rise = decibels(0.0, max(target, 1e-3)) / max(fade_in, RAMP)
        self._level.go(target, self._rise)

    def _begin(self, entering: Voice, fade_in: float, hold: bool = False) -> None:
        self._mode = _Mode.PAUSED if hold else _Mode.RUNNING
        self._voices.append(entering)
        self.restart(fade_in)

    def _leave(self, each: Voice, samples: int) -> None:
        each.leaving = True
        each.envelope.go(0.0, samples, power_out)

    def _sweep(self) -> None:
        """Take away what ended, and begin what waits for that."""
        if self._dry > HOLE * self.rate:
            self.restart()  # nothing is heard: what comes then comes slowly
        ended = False
        for each in list(self._voices):
            if each.ended or (each.leaving and each.envelope.remaining == 0):
                ended |= each.envelope.gain > 0.0
                self._voices.remove(each)
                ending = Ending.FADED if each.leaving else Ending.FINISHED
                self._endings.append((each.key, ending, each.consumed))
                if ending is Ending.FINISHED and self._follower is not None:
                    self._join(each, self._follower)
                self._aim()
        if self.idle or (self._mode is not _Mode.RUNNING and self._level.remaining == 0):
            self._arrive()
        elif ended:
            self._rebase()

    def _join(self, before: Voice, follower: Voice) -> None:
        """Let a track go on where another one ends, in its fade and with its gain."""
        follower.envelope = before.envelope
        follower.gain.jump(before.gain.gain)
        follower.gain.go(follower.loudness.gain, GLIDE, GLIDE)
        self._voices.append(follower)
        self._follower = None

    def _rebase(self) -> None:
        """Let the level make up for power that is missing, as where a track ended in its fade.

        The voices that are left share the whole mix again, and go on with their fade from there.
        """
        share = math.sqrt(sum(each.envelope.gain**2 for each in self._voices))
        if not 0.0 < share < 1.0 - 1e-9:
            return
        self._level.jump(self._level.gain * share)
        entering = next((each for each in self._voices if not each.leaving), None)
        length = entering.envelope.remaining if entering else 0
        risen = min(entering.envelope.gain / share, 1.0 - 1e-9) if entering else 0.0
        for each in self._voices:
            each.envelope = Envelope(min(each.envelope.gain / share, 1.0))
            if each is entering:
                each.envelope.go(1.0, length, rest_in(risen))
            elif entering is not None:
                each.envelope.go(0.0, length, rest_out(risen))
            else:
                each.leaving = False  # the level fades it
        if self._mode is _Mode.RUNNING and entering is not None:
            self._rise = RISE
            self._aim()
        elif self._mode is _Mode.RUNNING:
            self.stop()  # only what was leaving is left
        else:
            self._level.go(0.0)

    def _arrive(self) -> None:
        """Silence is reached."""
        if self._mode is _Mode.PAUSING and self._voices:
            self._mode = _Mode.PAUSED
            return
        pending, hold = self._pending, self._hold
        self._pending = None
        self._drop_all()
        if pending is not None:
            self._begin(*pending, hold)

    def _drop_next(self) -> None:
        """Give up what was to begin."""
        waiting = [self._follower, self._pending[0] if self._pending else None]
        self._endings += [(each.key, Ending.FADED, 0) for each in waiting if each is not None]
        self._follower = self._pending = None
        self._hold = False

    def _drop_all(self) -> None:
        self._drop_next()
        self._endings += [(each.key, Ending.FADED, each.consumed) for each in self._voices]
        self._voices.clear()
        self._mode = _Mode.RUNNING
        self._level.jump(0.0)


def decibel(ratio: float) -> float:
    """Return a ratio of gains above 0 in decibels."""
    return 20.0 * math.log10(ratio)
