# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Sound of ``audio_common_msgs``, where that is installed, in either of its two forms.

The one of ros-drivers/audio_common (``AudioData`` and ``AudioDataStamped``: bytes, described on
a topic of their own by ``AudioInfo``), and the one of mgonzs13/audio_common (``AudioStamped``:
numbers with their description).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.pcm import FORMATS, Stream, decoded, scaled
from emo_music_ros.options import option
from emo_music_ros.ros.stamps import seconds
from emo_music_ros.streams import AudioBlock

try:  # only where it is installed
    from audio_common_msgs import msg as foreign
except ImportError:
    foreign = None

#: Field of numbers -> full scale, silence.
_NUMBERS = {
    "float32_data": (1.0, 0.0),
    "int16_data": (32768.0, 0.0),
    "int32_data": (2147483648.0, 0.0),
    "int24_data": (8388608.0, 0.0),
    "int8_data": (128.0, 0.0),
    "uint8_data": (128.0, 128.0),
}


@dataclass(frozen=True)
class RawAudioOptions:
    """What bytes without a description are."""

    audio_rate: int = option(
        16000, "rate of sound that comes as bytes and without AudioInfo [Hz]", low=8000, high=48000
    )
    audio_channels: int = option(1, "its channels", low=1, high=64)
    audio_format: str = option("S16LE", "its format", choices=tuple(FORMATS))


def kinds() -> list[type]:
    """Return the message classes that carry sound here: those of the form that is installed."""
    names = ("AudioStamped", "AudioDataStamped", "AudioData")
    found = [getattr(foreign, name, None) for name in names]
    # In one of the two forms AudioData is a part of other messages only.
    return [
        kind
        for kind in found
        if kind is not None
        and (kind.__name__ != "AudioData" or "data" in kind.get_fields_and_field_types())
    ]


def info_kind() -> type | None:
    """Return the class of messages that describe the bytes of others, None if there is none."""
    kind: type | None = getattr(foreign, "AudioInfo", None)
    has = kind is not None and hasattr(kind, "sample_format")
    return kind if has else None


class ForeignAudio:
    """Turns messages with sound into blocks.

    Parameters
    ----------
    options : RawAudioOptions
        What bytes are that nobody describes.
    now : callable
        Tells the time of the topics [unix s].
    source : str
        Label of the blocks.
    """

    def __init__(self, options: Any, now: Callable[[], float], source: str) -> None:
        self._rate, self._channels = options.audio_rate, options.audio_channels
        self._format, self._coding = options.audio_format, "wave"
        self._now, self._source = now, source
        self._stream = Stream()

    def describe(self, info: Any) -> None:
        """Take an AudioInfo: what the bytes are from now on."""
        self._rate = int(info.sample_rate) or self._rate
        self._channels = int(info.channels) or self._channels
        self._format = info.sample_format or self._format
        self._coding = info.coding_format or "wave"

    def __call__(self, message: Any) -> AudioBlock:
        """Return what a message holds.

        Raises
        ------
        InputError
            If it cannot be used; it names what came and what would work.
        """
        audio = getattr(message, "audio", message)  # stamped or not
        stamp = seconds(message.header.stamp) if hasattr(message, "header") else 0.0
        if hasattr(audio, "info"):
            samples = _numbers(audio.audio_data)
            rate, channels = int(audio.info.rate), int(audio.info.channels)
        else:
            if self._coding.lower() not in ("wave", "wav", "raw", "pcm"):
                raise InputError(
                    f"sound coded as '{self._coding}' cannot be used",
                    "Start the driver with format:=wave",
                )
            content = np.frombuffer(audio.data, np.uint8)
            samples = decoded(content, self._format)
            rate, channels = self._rate, self._channels
        if not np.isfinite(samples).all():
            raise InputError("sound that is no number cannot be used", "Send -1..1")
        # Some stamp the end of a block: it cannot end in the future.
        arrived = self._now() - samples.size / max(channels * rate, 1)
        begin = min(stamp, arrived) if stamp > 0 else arrived
        block, begin, first = self._stream(samples, channels, rate, begin)
        return AudioBlock(begin, block, rate, first, source=self._source)


def _numbers(audio: Any) -> NDArray[np.float32]:
    for name, (full, zero) in _NUMBERS.items():
        values = getattr(audio, name, ())
        if len(values):
            return scaled(values, full, zero)
    return np.zeros(0, np.float32)
