"""Decode an audio file as a stream of stereo frames at the rate of the output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr

from emo_music_ros.errors import InputError
from emo_music_ros.streams import FloatArray

#: Frames decoded at a time: small enough not to delay other work, large enough to be cheap.
CHUNK = 8192
#: The last frames are faded out [s], so that a file that ends abruptly ends without a click.
TAIL = 0.01
#: What libsndfile writes into its log about a file that is shorter than it says.
TRUNCATED = ("should be", "ended unexpectedly", "lacks an end-of-stream")


def stereo(samples: FloatArray) -> FloatArray:
    """Return float32 [frames, 2] from [frames, channels]; other counts are averaged to both."""
    if samples.shape[1] != 2:
        samples = np.repeat(samples.mean(axis=1, keepdims=True, dtype=np.float32), 2, axis=1)
    return np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)


class _Stream(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is read in blocks.

    soundfile seeks to where it is after every read of a seekable file, which in MP3 loses the
    state of the decoder and clicks at every block.
    """

    def seekable(self) -> bool:
        """Return False."""
        return False


class AudioReader:
    """An audio file (mp3, ogg, flac, wav), decoded and resampled while it is read.

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
    complaint : str
        What was wrong with the file so far, for example that it is truncated; empty = nothing.

    Raises
    ------
    InputError
        If the file does not exist or holds no audio that can be decoded.
    """

    def __init__(self, path: str | Path, rate: int, start: float = 0.0) -> None:
        self.path = Path(path)
        self.rate = rate
        self.complaint = ""
        try:
            self._file = _Stream(self.path)
        except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
            missing = not self.path.is_file()
            raise InputError(
                f"'{self.path}' cannot be played: "
                + ("there is no such file" if missing else f"it is not readable audio ({error})"),
                "Scan the library again" if missing else "Replace the file or remove it",
            ) from error
        if self._file.frames == 0:
            self._file.close()
            raise InputError(
                f"'{self.path}' cannot be played: it holds no audio",
                "Replace the file or remove it",
            )
        self.duration: float = self._file.frames / self._file.samplerate
        first = min(max(round(start * self._file.samplerate), 0), self._file.frames)
        if any(mark in self._file.extra_info for mark in TRUNCATED):
            self._complain("it is truncated")
        self._left = self._file.frames - first
        self._resampler: soxr.ResampleStream | None = None
        try:
            if first:
                self._file.seek(first)
            if self._file.samplerate != rate:
                self._resampler = soxr.ResampleStream(
                    self._file.samplerate, rate, 2, dtype="float32"
                )
        except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
            self._file.close()
            raise InputError(
                f"'{self.path}' cannot be played from {start:.1f} s: {error}",
                "Replace the file or remove it",
            ) from error
        self._tail = round(TAIL * rate)
        self._ready: FloatArray = np.zeros((0, 2), np.float32)
        self._ended = False

    def read(self, frames: int) -> FloatArray:
        """Return the next frames, float32 [<= frames, 2]; fewer than asked for only at the end."""
        parts = []
        wanted = frames
        while wanted > 0:
            usable = len(self._ready) if self._ended else len(self._ready) - self._tail
            if usable <= 0:
                if self._ended:
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
        try:
            samples = self._file.read(CHUNK, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
            self._complain(f"it cannot be decoded to its end ({error})")
            samples = np.zeros((0, self._file.channels), np.float32)
            self._left = 0
        last = len(samples) < CHUNK
        self._left -= len(samples)
        if last and self._left > 0.1 * self._file.samplerate:
            self._complain("it is truncated")
        frames = stereo(samples)
        if self._resampler is not None:
            frames = self._resampler.resample_chunk(frames, last=last)
        self._ready = np.concatenate([self._ready, frames])
        if last:
            self._ended = True
            tail = min(self._tail, len(self._ready))
            fade = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, tail + 1) / max(tail, 1))
            self._ready[len(self._ready) - tail :] *= fade[:, None].astype(np.float32)

    def _complain(self, what: str) -> None:
        if not self.complaint:
            self.complaint = f"'{self.path}' plays only in part: {what}"
