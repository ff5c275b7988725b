# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Turn notes into sound: a General MIDI sound font played by a sample synthesiser.

The sound font is TimGM6mb.sf2, which the package ``pretty_midi`` carries; the synthesiser is
``tinysoundfont``. Times are seconds, audio is float32 [samples, 2], -1..1.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from emo_music_ros.errors import InputError
from emo_music_ros.io.midi import Part, read_midi

FloatArray = NDArray[np.float32]

#: Voices of the synthesiser: General MIDI has 16 channels, the tenth plays drums.
_CHANNELS = 16
_DRUM_CHANNEL = 9
_DRUM_BANK = 128


@functools.lru_cache(maxsize=1)
def _soundfont() -> bytes:
    """Return the content of the sound font, read once."""
    found = importlib.util.find_spec("pretty_midi")
    places = list(found.submodule_search_locations or ()) if found else []
    for place in places:
        path = Path(place) / "TimGM6mb.sf2"
        if path.is_file():
            return path.read_bytes()
    raise InputError(
        "the General MIDI sound font TimGM6mb.sf2 is not installed",
        "Install the Python package pretty_midi",
    )


def render(parts: Sequence[Part], sample_rate: int = 44100, tail: float = 2.0) -> FloatArray:
    """Play parts together.

    Parameters
    ----------
    parts : sequence of Part
        What to play. More parts than channels share them by program.
    sample_rate : int
        Rate of the result in Hz.
    tail : float
        Seconds rendered after the end of the last note, for it to ring out.

    Returns
    -------
    numpy.ndarray
        float32 [samples, 2]; may exceed -1..1 where many notes sound together.

    Raises
    ------
    InputError
        If the sound font or the synthesiser is not installed.
    """
    try:
        import tinysoundfont
    except ImportError as error:
        raise InputError(
            "the synthesiser is not installed", "Install the Python package tinysoundfont"
        ) from error
    synth = tinysoundfont.Synth(gain=-9.0, samplerate=sample_rate)
    font = synth.sfload(_soundfont())
    melodic = [channel for channel in range(_CHANNELS) if channel != _DRUM_CHANNEL]
    channels: dict[tuple[int, float, float], int] = {}
    events: list[tuple[int, int, int, int, int]] = []  # sample, off/on, channel, pitch, velocity
    for part in parts:
        if part.drums:
            channel, bank, program = _DRUM_CHANNEL, _DRUM_BANK, 0
        else:
            voice = (part.program, part.pan, part.gain)
            channel = channels.setdefault(voice, melodic[len(channels) % len(melodic)])
            bank, program = 0, part.program
        synth.program_select(channel, font, bank, program, part.drums)
        synth.control_change(channel, 10, int(round(64 + 63 * float(np.clip(part.pan, -1, 1)))))
        synth.control_change(channel, 7, int(round(100 * float(np.clip(part.gain, 0, 1.27)))))
        for note in part.notes:
            first = max(0, int(round(note.start * sample_rate)))
            last = max(first + 1, int(round(note.end * sample_rate)))
            velocity = int(np.clip(note.velocity, 1, 127))
            events += [(first, 1, channel, note.pitch, velocity), (last, 0, channel, note.pitch, 0)]
    events.sort()
    length = (events[-1][0] if events else 0) + int(tail * sample_rate)
    audio = np.zeros((length, 2), np.float32)
    memory = memoryview(audio.view(np.uint8).reshape(-1).data)
    frame = audio.itemsize * 2
    position = 0
    for sample, on, channel, pitch, velocity in [*events, (length, -1, 0, 0, 0)]:
        if sample > position:
            synth.generate_simple(sample - position, memory[position * frame : sample * frame])
            position = sample
        if on == 1:
            synth.noteon(channel, pitch, velocity)
        elif on == 0:
            synth.noteoff(channel, pitch)
    return audio


def render_midi(path: Path, sample_rate: int = 44100) -> FloatArray:
    """Read and play a MIDI file; float32 [samples, 2] as from :func:`render`, level set.

    Raises
    ------
    InputError
        If it cannot be read or holds no note.
    """
    parts = read_midi(path)
    if not parts:
        raise InputError(f"'{path}' holds no note", "Give a MIDI file with music in it")
    return set_level(render(parts, sample_rate))


def set_level(audio: FloatArray, level: float = -20.0, peak: float = -1.0) -> FloatArray:
    """Bring audio to one loudness.

    Parameters
    ----------
    audio : numpy.ndarray
        float32 [samples, channels].
    level : float
        Wanted root mean square of the sounding parts (blocks of 4096 samples within 30 dB of
        the loudest) in dB of full scale.
    peak : float
        The largest sample allowed in dB of full scale; peaks above it are bent by a soft knee.

    Returns
    -------
    numpy.ndarray
        Same shape; silence stays silence.
    """
    if not len(audio) or not np.any(audio):
        return audio
    edges = np.arange(0, len(audio), 4096)
    power = np.add.reduceat(np.mean(audio.astype(float) ** 2, axis=1), edges)
    power /= np.diff(np.append(edges, len(audio)))
    sounding = power[power >= power.max() * 1e-3]
    scaled = audio * (10 ** (level / 20) / np.sqrt(sounding.mean()))
    ceiling = 10 ** (peak / 20)
    knee = 0.7 * ceiling
    over = np.abs(scaled) > knee
    bent = knee + (ceiling - knee) * np.tanh((np.abs(scaled) - knee) / (ceiling - knee))
    return np.where(over, np.sign(scaled) * bent, scaled).astype(np.float32)


def fade(audio: FloatArray, sample_rate: int, fade_in: float, fade_out: float) -> FloatArray:
    """Fade audio [samples, channels] in and out along a raised cosine; lengths in seconds."""
    faded = audio.copy()
    count_in = min(len(audio), int(fade_in * sample_rate))
    count_out = min(len(audio), int(fade_out * sample_rate))
    faded[:count_in] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(count_in) / max(count_in, 1))[:, None]
    ramp = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, count_out + 1) / max(count_out, 1))
    faded[len(audio) - count_out :] *= ramp[:, None]
    return faded


def room(
    audio: FloatArray, sample_rate: int, share: float = 0.12, decay: float = 1.1
) -> FloatArray:
    """Put audio [samples, 2] into a room: exponentially decaying noise, fixed by its seed.

    Parameters
    ----------
    audio : numpy.ndarray
        float32 [samples, 2]; the tail of the room is added inside its length.
    sample_rate : int
        In Hz.
    share : float
        Root mean square of the reflections relative to the direct sound.
    decay : float
        Time in seconds to fall by 60 dB.
    """
    if not len(audio):
        return audio
    time = np.arange(int(decay * sample_rate)) / sample_rate
    noise = np.random.default_rng(0).standard_normal((len(time), 2))
    response = noise * np.exp(-6.9 * time / decay)[:, None]
    # Walls and air swallow the treble: a moving average over 0.2 ms.
    width = max(1, int(2e-4 * sample_rate))
    response = np.apply_along_axis(np.convolve, 0, response, np.ones(width) / width, "same")
    response *= share / np.sqrt(np.sum(response**2, axis=0))
    wet = fftconvolve(audio, response.astype(np.float32), axes=0)[: len(audio)]
    return (audio + wet).astype(np.float32)
