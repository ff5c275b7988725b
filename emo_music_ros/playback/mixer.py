"""Mix what is played: cross-fades, pause, stop and volume without a click.

Nothing here knows about files, threads or devices. What comes out depends on the number of
frames asked for so far and on when the commands came, not on the size of the blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np

from emo_music_ros.playback.envelope import Envelope, decibels, geometric, power_in, power_out
from emo_music_ros.streams import FloatArray

#: Ramp of pause, resume and seek [s].
RAMP = 0.03
#: Fastest change of the volume [dB/s]: up-ramps are slow because sudden loudness alarms.
RISE = 6.0
FALL = 40.0
#: At most this many tracks sound at once; older ones are faded out quickly.
VOICES = 3
#: Level above which the clip guard bends the signal.
KNEE = 0.9

#: Time to give way to a voice, and to come back [s].
DUCK, UNDUCK = 0.15, 1.0


class FrameSource(Protocol):
    """Where a voice takes its frames from."""

    complete: bool  # everything there will ever be can be read now

    def read(self, frames: int) -> FloatArray:
        """Return float32 [<= frames, 2] without waiting; fewer means none are ready."""
        ...


class Ending(Enum):
    """Why a voice fell silent."""

    FINISHED = "finished"  # its source came to its end
    FADED = "faded"  # faded out for another one, or stopped


class _Mode(Enum):
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING = "stopping"


@dataclass
class _Voice:
    key: int
    source: FrameSource
    envelope: Envelope
    leaving: bool = False
    consumed: int = 0
    ended: bool = field(default=False, init=False)


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
        self._voices: list[_Voice] = []
        self._transport = Envelope(1.0)
        self._mode = _Mode.RUNNING
        self._volume = Envelope(volume)
        self._duck = Envelope(1.0)
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

    def consumed(self, key: int) -> int | None:
        """Return how many frames of a voice were played, None if it does not sound."""
        for voice in self._voices:
            if voice.key == key:
                return voice.consumed
        return None

    def play(self, key: int, source: FrameSource, crossfade: float, fade_in: float) -> None:
        """Start a source: cross-faded [s] with what sounds, or faded in [s] from silence."""
        if self._mode is _Mode.PAUSED:
            self._drop_all()
        elif self._mode is not _Mode.RUNNING or self._transport.remaining:
            ramp = max(self._transport.remaining, self._frames(RAMP))
            share = self._transport.gain
            for voice in self._voices:
                voice.envelope = Envelope(voice.envelope.gain * share)
                self._leave(voice, ramp)
        self._mode = _Mode.RUNNING
        self._transport = Envelope(1.0)
        length = self._frames(crossfade if self._voices else fade_in)
        for voice in self._voices:
            if not voice.leaving:
                self._leave(voice, length)
        for voice in self._voices[: max(len(self._voices) - VOICES + 1, 0)]:
            if voice.envelope.remaining > self._frames(RAMP):
                self._leave(voice, self._frames(RAMP))
        envelope = Envelope(0.0)
        envelope.go(1.0, max(length, self._frames(RAMP)), power_in)
        self._voices.append(_Voice(key, source, envelope))

    def swap(self, key: int, source: FrameSource) -> None:
        """Replace the source of the voice that sounds, as after a seek; keeps a pause."""
        if self._mode is _Mode.PAUSED:
            self._drop_all()
            self._voices.append(_Voice(key, source, Envelope(1.0)))
            return
        for voice in self._voices:
            if not voice.leaving:
                self._leave(voice, self._frames(RAMP))
        envelope = Envelope(0.0)
        envelope.go(1.0, self._frames(RAMP), power_in)
        self._voices.append(_Voice(key, source, envelope))

    def leave(self, fade: float) -> None:
        """Fade what sounds out [s] as if another track came; dropped at once when paused."""
        if self._mode is _Mode.PAUSED:
            self._drop_all()
            self._run()
        for voice in self._voices:
            if not voice.leaving:
                self._leave(voice, self._frames(fade))

    def pause(self) -> None:
        """Ramp down and halt; a second pause changes nothing."""
        if self._mode is _Mode.RUNNING and self._voices:
            self._mode = _Mode.PAUSING
            self._transport.go(0.0, self._frames(RAMP))

    def resume(self) -> None:
        """Go on after a pause."""
        if self.paused:
            self._mode = _Mode.RUNNING
            self._transport.go(1.0, self._frames(RAMP))

    def stop(self, fade: float) -> None:
        """Fade out [s] and drop everything; dropped at once when paused."""
        if self._mode is _Mode.PAUSED:
            self._drop_all()
            self._run()
        elif self._voices and self._mode is not _Mode.STOPPING:
            self._mode = _Mode.STOPPING
            self._transport.go(0.0, self._frames(fade))

    def set_volume(self, volume: float) -> None:
        """Ramp to a gain, at most 6 dB/s upwards and 40 dB/s downwards."""
        change = decibels(self._volume.gain, volume)
        seconds = change / RISE if change > 0 else -change / FALL
        self._volume.go(
            volume,
            max(self._frames(seconds), self._frames(RAMP)),
            geometric(self._volume.gain, volume),
        )

    def duck(self, gain: float) -> None:
        """Give way to a voice: ramp to a share of the volume, quickly down and slowly up."""
        seconds = DUCK if gain < self._duck.gain else UNDUCK
        self._duck.go(gain, self._frames(seconds))

    def take_endings(self) -> list[tuple[int, Ending, int]]:
        """Return key, reason and frames played of the voices that ended since the last call."""
        endings, self._endings = self._endings, []
        return endings

    def mix(self, frames: int) -> FloatArray:
        """Return the next frames before the volume is applied, float32 [frames, 2]."""
        out = np.zeros((frames, 2), np.float32)
        done = 0
        while done < frames and not self.silent:
            length = frames - done
            if self._transport.remaining:
                length = min(length, self._transport.remaining)
            block = out[done : done + length]
            for voice in self._voices:
                self._add(voice, block)
            if self._transport.remaining or self._transport.target != 1.0:
                block *= self._transport.take(length)
            self._sweep()
            if self._transport.remaining == 0:
                self._arrive()
            done += length
        return out

    def level(self, mix: FloatArray) -> FloatArray:
        """Apply volume and clip guard to what :meth:`mix` returned."""
        gain = self._volume.take(len(mix)) * self._duck.take(len(mix))
        return guard(mix * gain)

    def render(self, frames: int) -> FloatArray:
        """Return the next frames as they go to the device, float32 [frames, 2], -1..1."""
        return self.level(self.mix(frames))

    def _frames(self, seconds: float) -> int:
        return round(seconds * self.rate)

    def _leave(self, voice: _Voice, samples: int) -> None:
        voice.leaving = True
        voice.envelope.go(0.0, max(samples, self._frames(RAMP)), power_out)

    def _run(self) -> None:
        self._mode = _Mode.RUNNING
        self._transport = Envelope(1.0)

    def _arrive(self) -> None:
        if self._mode is _Mode.PAUSING:
            self._mode = _Mode.PAUSED
        elif self._mode is _Mode.STOPPING:
            self._drop_all()
            self._run()
        elif self.idle:
            self._run()

    def _add(self, voice: _Voice, block: FloatArray) -> None:
        complete = voice.source.complete
        samples = voice.source.read(len(block))
        got = len(samples)
        voice.consumed += got
        block[:got] += samples * voice.envelope.take(len(block))[:got]
        if got < len(block):
            if complete:
                voice.ended = True
            else:
                self.starved += 1

    def _sweep(self) -> None:
        for voice in list(self._voices):
            faded = voice.leaving and voice.envelope.remaining == 0
            if voice.ended or faded:
                self._voices.remove(voice)
                ending = Ending.FADED if voice.leaving else Ending.FINISHED
                self._endings.append((voice.key, ending, voice.consumed))

    def _drop_all(self) -> None:
        self._endings += [(voice.key, Ending.FADED, voice.consumed) for voice in self._voices]
        self._voices.clear()
