"""Decode audio files (mp3, ogg, flac, wav): in blocks, as stereo for the output, or whole."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.resampling import Resampler, clean, mono, resample, stereo
from emo_music_ros.streams import FloatArray

#: Frames decoded at a time: small enough not to delay other work, large enough to be cheap.
CHUNK = 8192
#: The last frames are faded out [s], so that a file that ends abruptly ends without a click.
TAIL = 0.01
#: What libsndfile writes into its log about a file that is shorter than it says.
TRUNCATED = ("should be", "ended unexpectedly", "lacks an end-of-stream")
#: What an MP3 may lack of the length its header only estimates (share), and others [s].
ESTIMATE, SHORT = 0.02, 0.1
_REMEDY = "Give a WAV, FLAC, OGG or MP3 file that plays elsewhere; replace or remove this one"


class _Stream(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read in blocks.

    soundfile seeks to where it is after every read of a seekable file, which in MP3 loses the
    state of the decoder and clicks at every block.
    """

    def seekable(self) -> bool:
        """Return False."""
        return False


class Decoder:
    """An audio file, decoded in blocks at its own rate and with its own channels.

    Parameters
    ----------
    path : str or Path
        The file.
    start : float
        Where to begin [s]; beyond the end gives no frames. In MP3 files it is approximate.

    Attributes
    ----------
    rate, channels, frames : int
        As the file claims them.
    ended : bool
        Whether everything that can be decoded was read.
    truncated : bool
        Whether the file is known to be shorter than it claims; some tell only at their end.
    damage : str
        Why decoding ended early; empty = it did not.

    Raises
    ------
    InputError
        If the file does not exist or holds no audio that can be decoded.
    """

    def __init__(self, path: str | Path, start: float = 0.0) -> None:
        self.path = Path(path)
        self.ended = False
        self.damage = ""
        try:
            self._file = _Stream(self.path)
        except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
            missing = not self.path.exists()
            why = "there is no such file" if missing else f"it is not readable audio ({error})"
            raise self._refusal(f"cannot be read: {why}") from error
        self.rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames
        if not self.frames:
            self._file.close()
            raise self._refusal("holds no samples, no audio")
        self.truncated = _truncated(self.path, self._file.extra_info)
        self.position = min(max(round(start * self.rate), 0), self.frames)
        if self.position:
            try:
                self._file.seek(self.position)
            except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
                self._file.close()
                raise self._refusal(f"cannot be read from {start:.1f} s: {error}") from error

    def _refusal(self, what: str) -> InputError:
        return InputError(f"audio file '{self.path}' cannot be played, it {what}", _REMEDY)

    def read(self, frames: int = CHUNK) -> NDArray[np.float32]:
        """Return the next frames, float32 [<= frames, channels]; fewer only at the end."""
        try:
            samples = self._file.read(frames, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
            self.damage = str(error)
            samples = np.zeros((0, self.channels), np.float32)
        self.position += len(samples)
        if len(samples) < frames:
            self.ended = True
            lossy = ESTIMATE * self.frames if self.path.suffix.lower() == ".mp3" else 0.0
            if self.frames - self.position > max(SHORT * self.rate, lossy):
                self.truncated = True
        return np.asarray(samples, np.float32)

    @property
    def trouble(self) -> str:
        """What was wrong with the file so far; empty = nothing."""
        if self.damage:
            return f"damaged ({self.damage})"
        return "truncated" if self.truncated else ""

    @property
    def closed(self) -> bool:
        """Whether the file is closed."""
        return bool(self._file.closed)

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._file.close()


def _truncated(path: Path, log: str) -> bool:
    """Return whether a file ends before its header says it does.

    Of WAV files the bytes are counted: the decoder takes for truncated what a pipe wrote, whose
    length was not known when the header was written.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return any(mark in log for mark in TRUNCATED)
        while len(chunk := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", chunk)
            if name == b"data":
                streamed = length in (0, 0xFFFFFFFF, 0x7FFFFFFF)
                return not streamed and file.tell() + length > size
            file.seek(length + length % 2, os.SEEK_CUR)
    return False


class AudioReader:
    """An audio file as a stream of stereo frames, decoded and resampled while it is read.

    Parameters
    ----------
    path : str or Path
        The file.
    rate : int
        Frames per second of the output [Hz].
    start : float
        Where to begin [s]; beyond the end gives no frames. In MP3 files it is approximate.

    Attributes
    ----------
    duration : float
        Length the file claims [s].

    Raises
    ------
    InputError
        If the file does not exist or holds no audio that can be decoded.
    """

    def __init__(self, path: str | Path, rate: int, start: float = 0.0) -> None:
        self._file = Decoder(path, start)
        self.path = self._file.path
        self.rate = rate
        self.duration: float = self._file.frames / self._file.rate
        try:
            self._resampler = Resampler(self._file.rate, rate, 2)
        except (RuntimeError, ValueError) as error:
            self._file.close()
            raise InputError(
                f"'{self.path}' cannot be played at {rate} Hz: {error}",
                "Replace the file or remove it",
            ) from error
        self._tail = round(TAIL * rate)
        self._ready: FloatArray = np.zeros((0, 2), np.float32)

    @property
    def complaint(self) -> str:
        """What was wrong with the file so far, for example that it is truncated; empty = nothing.

        Known at the beginning for some files, for others only at their end.
        """
        trouble = self._file.trouble
        return f"'{self.path}' plays only in part: it is {trouble}" if trouble else ""

    def read(self, frames: int) -> FloatArray:
        """Return the next frames, float32 [<= frames, 2]; fewer than asked for only at the end."""
        parts = []
        wanted = frames
        while wanted > 0:
            ended = self._file.ended
            usable = len(self._ready) if ended else len(self._ready) - self._tail
            if usable <= 0:
                if ended:
                    break
                self._decode()
                continue
            take = min(wanted, usable)
            parts.append(self._ready[:take])
            self._ready = self._ready[take:]
            wanted -= take
        return np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._file.close()

    def _decode(self) -> None:
        frames = stereo(self._file.read())
        last = self._file.ended
        self._ready = np.concatenate([self._ready, self._resampler(frames, last)])
        if last:
            tail = min(self._tail, len(self._ready))
            fade = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, tail + 1) / max(tail, 1))
            self._ready[len(self._ready) - tail :] *= fade[:, None].astype(np.float32)


def read_mono(path: str | Path, rate: int) -> tuple[NDArray[np.float32], float]:
    """Read a whole recording; a truncated one as far as it goes.

    Returns
    -------
    samples : numpy.ndarray
        float32 [n], one channel, -1..1, at `rate` [Hz].
    lost : float
        Share of the samples that were no numbers, 0..1; they are silence.

    Raises
    ------
    InputError
        If it does not exist, cannot be decoded to its end or holds no samples.
    """
    decoder = Decoder(path)
    parts = []
    try:
        while not decoder.ended:
            parts.append(mono(decoder.read()))
    finally:
        decoder.close()
    whole = np.concatenate(parts)
    if decoder.damage or not len(whole):
        raise InputError(
            f"audio file '{path}' cannot be read to its end: it is {decoder.trouble or 'empty'}",
            _REMEDY,
        )
    lost = float(np.mean(~np.isfinite(whole)))
    return clean(resample(clean(whole), decoder.rate, rate)), lost
