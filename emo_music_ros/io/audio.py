# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Decode audio files: in blocks, as stereo for the output, or whole.

WAV, FLAC, OGG and MP3 are decoded by libsndfile, everything else, and what libsndfile would play
only in part, by :mod:`emo_music_ros.io.ffmpeg`.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io import mp3
from emo_music_ros.io.ffmpeg import FFmpegSound
from emo_music_ros.io.resampling import DownMix, Resampler, clean, resample, stereo
from emo_music_ros.io.wav import Mended, streamed
from emo_music_ros.paths import kind
from emo_music_ros.streams import FloatArray

#: Frames decoded at a time: small enough not to delay other work, large enough to be cheap.
CHUNK = 8192
#: The last frames are faded out [s], so that a file that ends abruptly ends without a click.
TAIL = 0.01
#: What libsndfile writes into its log about a file that is shorter than it says.
TRUNCATED = ("should be", "ended unexpectedly", "lacks an end-of-stream")
#: What an MP3 may lack of the length it claims (share), and others [s].
ESTIMATE, SHORT = 0.02, 0.1
_REMEDY = "Give a WAV, FLAC, OGG or MP3 file that plays elsewhere; replace or remove this one"
OPPOSITE = "its channels are of opposite sign and would cancel: the loudest one was taken"


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
        As the file claims them; of MP3 and of files without an index the frames are counted.
    ended : bool
        Whether everything that can be decoded was read.
    truncated : bool
        Whether the file is known to be shorter than it claims; some tell only at their end.
    damage : str
        Why decoding ended early, or what was left out; empty = nothing.

    Raises
    ------
    InputError
        If the file does not exist or holds no audio that can be decoded.
    """

    def __init__(self, path: str | Path, start: float = 0.0) -> None:
        self.path = Path(path)
        self.ended = False
        self.damage = ""
        self.truncated = False
        found = self._kind()
        if found != "file":
            what = f"is a {found}, not a file" if found else "cannot be read: there is no such file"
            raise self._refusal(what)
        self._file: _Stream | FFmpegSound = self._opened(start)
        plain: _Stream | None = None
        if isinstance(self._file, FFmpegSound):
            self.rate: int = self._file.rate
        else:
            plain = self._file
            self.rate = plain.samplerate
        self.channels: int = self._file.channels
        self.frames = self._frames or self._file.frames
        if not self.frames:
            self._file.close()
            raise self._refusal("holds no samples, no audio")
        self.position = min(max(round(start * self.rate), 0), self.frames)
        if plain is not None and self.position:
            try:
                plain.seek(self.position)
            except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
                self._file.close()
                raise self._refusal(f"cannot be read from {start:.1f} s: {error}") from error

    def _kind(self) -> str:
        try:
            return kind(self.path)
        except OSError as error:
            raise self._refusal(f"cannot be read: {error.strerror}") from error

    def _opened(self, start: float) -> _Stream | FFmpegSound:
        """Return the file, opened by what plays all of it."""
        self._frames = 0  # counted; 0 = as the decoder says
        try:
            begin = streamed(self.path)
            name = Mended(self.path, begin) if begin else os.fsencode(self.path)
            file = _Stream(name)
        except OSError as error:
            raise self._refusal(f"cannot be read: {error.strerror or error}") from error
        except (soundfile.LibsndfileError, RuntimeError) as error:
            return self._foreign(start, f"it is not readable audio ({error})")
        if file.format == "MP3":
            found = mp3.counted(self.path)
            more = found.frames - file.frames
            # Without a tag the decoder estimates, and one that estimates too little stops early.
            if found.frames and not found.tagged and abs(more) > ESTIMATE * found.frames:
                self._frames = found.frames
            if more > ESTIMATE * file.frames:
                return self._foreign(start, "", file)
        elif file.format == "OGG" and (not file.frames or _links(self.path) > 1):
            return self._foreign(start, "", file)
        if not self._frames:
            self.truncated = _truncated(self.path, file.extra_info)
        return file

    def _foreign(
        self, start: float, why: str, instead: _Stream | None = None
    ) -> _Stream | FFmpegSound:
        """Return the file opened by FFmpeg; where that cannot be, what libsndfile plays of it."""
        try:
            found = FFmpegSound(self.path, start)
        except InputError as error:
            if instead is None:
                raise self._refusal(f"cannot be read: {why}; {error.cause}", error) from error
            if not instead.frames:
                instead.close()
                raise self._refusal("holds no samples, no audio") from error
            self._frames = 0
            self.damage = f"only its first part can be played: {error}"
            return instead
        if instead is not None:
            instead.close()
        self._frames = 0
        return found

    def _refusal(self, what: str, cause: InputError | None = None) -> InputError:
        remedy = _REMEDY if cause is None else cause.remedy
        return InputError(f"audio file '{self.path}' cannot be played, it {what}", remedy)

    def read(self, frames: int = CHUNK) -> NDArray[np.float32]:
        """Return the next frames, float32 [<= frames, channels]; fewer only at the end."""
        try:
            if isinstance(self._file, FFmpegSound):
                samples = self._file.read(frames)
            else:
                samples = self._file.read(frames, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError, RuntimeError, ValueError) as error:
            self.damage = str(error)
            samples = np.zeros((0, self.channels), np.float32)
        self.position += len(samples)
        if len(samples) < frames:
            self.ended = True
            if isinstance(self._file, FFmpegSound):
                self.damage = self._file.damage
            elif not self._frames:  # what was counted is there
                lossy = ESTIMATE * self.frames if self._file.format == "MP3" else 0.0
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


def _links(path: Path) -> int:
    """Return how many streams follow each other in an Ogg file, as radio stations write them."""
    count, audio = 0, True
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        place = data.find(b"OggS")
        while 0 <= place < len(data) - 5:
            begins = bool(data[place + 5] & 2)
            count += begins and audio  # streams side by side begin together
            audio = not begins
            place = data.find(b"OggS", place + 27)
    return count


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
    tail : float
        How much of the end is faded out [s].

    Attributes
    ----------
    duration : float
        Length the file claims [s].

    Raises
    ------
    InputError
        If the file does not exist or holds no audio that can be decoded.
    """

    def __init__(self, path: str | Path, rate: int, start: float = 0.0, tail: float = TAIL) -> None:
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
        self._tail = round(tail * rate)
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


class Sound(NamedTuple):
    """A whole recording.

    Attributes
    ----------
    samples : numpy.ndarray
        float32 [n], one channel, -1..1.
    lost : float
        Share of the samples that were no numbers, 0..1; they are silence.
    notes : tuple of str
        What is odd about it and was coped with.
    """

    samples: NDArray[np.float32]
    lost: float
    notes: tuple[str, ...] = ()


def read_mono(path: str | Path, rate: int) -> Sound:
    """Read a whole recording at `rate` [Hz]; a truncated one as far as it goes, which is noted.

    Raises
    ------
    InputError
        If it does not exist, cannot be decoded to its end or holds no samples.
    """
    decoder = Decoder(path)
    parts, mix = [], DownMix()
    opposite = False
    try:
        while not decoder.ended:
            parts.append(mix(decoder.read()))
            opposite |= mix.opposite
    finally:
        decoder.close()
    whole = np.concatenate(parts)
    if decoder.damage or not len(whole):
        raise InputError(
            f"audio file '{path}' cannot be read to its end: it is {decoder.trouble or 'empty'}",
            _REMEDY,
        )
    lost = float(np.mean(~np.isfinite(whole)))
    notes = [f"it is truncated after {len(whole) / decoder.rate:.2f} s"] * decoder.truncated
    notes += [OPPOSITE] * opposite
    return Sound(clean(resample(clean(whole), decoder.rate, rate)), lost, tuple(notes))
