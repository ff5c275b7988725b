# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The messages are stood in for: each has the fields of its definition.

ros-drivers/audio_common: AudioDataStamped {header, audio: AudioData {data}}, AudioInfo.
mgonzs13/audio_common: AudioStamped {header, audio: Audio {audio_data, info}}.
"""

from __future__ import annotations

from types import SimpleNamespace as Message

import numpy as np
import pytest
from builtin_interfaces.msg import Time

from emo_music_ros.errors import InputError
from emo_music_ros.ros.audio_common import ForeignAudio, RawAudioOptions

NOW = 1_700_000_000.0
WAVE = (0.5 * np.sin(np.arange(1600) / 5)).astype(np.float32)


def audio(**options):
    return ForeignAudio(RawAudioOptions(**options), lambda: NOW, "live:microphone")


def header(time):
    return Message(stamp=Time(sec=int(time), nanosec=round(time % 1 * 1e9)))


def test_bytes_without_a_stamp_arrived_just_now():
    content = (WAVE * 32768).astype("<i2").tobytes()
    block = audio()(Message(data=content))
    np.testing.assert_allclose(block.samples, WAVE, atol=1e-4)
    assert (block.sample_rate, block.source) == (16000, "live:microphone")
    assert block.time == pytest.approx(NOW - 0.1)


def test_bytes_are_what_their_description_says():
    convert = audio()
    convert.describe(
        Message(sample_rate=48000, channels=2, sample_format="F32LE", coding_format="wave")
    )
    content = np.repeat(WAVE, 2).astype("<f4").tobytes()
    block = convert(Message(header=header(NOW - 5), audio=Message(data=content)))
    np.testing.assert_allclose(block.samples, WAVE)
    assert (block.sample_rate, block.time) == (48000, pytest.approx(NOW - 5))


def test_coded_bytes_are_refused_with_the_remedy():
    convert = audio()
    convert.describe(
        Message(sample_rate=16000, channels=1, sample_format="S16LE", coding_format="mp3")
    )
    with pytest.raises(InputError, match="'mp3'") as caught:
        convert(Message(data=b"\xff\xfb"))
    assert "format:=wave" in caught.value.remedy


@pytest.mark.parametrize(
    ("field", "full", "zero"),
    [("float32_data", 1, 0), ("int16_data", 32768, 0), ("int32_data", 2147483648, 0),
     ("int8_data", 128, 0), ("uint8_data", 128, 128)],
)  # fmt: skip
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (48000, 4)])
def test_numbers_with_their_description(field, full, zero, rate, channels):
    fields = dict.fromkeys(
        ("float32_data", "int32_data", "int24_data", "int16_data", "int8_data", "uint8_data"), ()
    )
    values = np.repeat(WAVE, channels) * full + zero
    fields[field] = values if field == "float32_data" else values.astype(np.int64)
    sound = Message(
        audio_data=Message(**fields), info=Message(rate=rate, channels=channels, format=8)
    )
    block = audio()(Message(header=header(NOW), audio=sound))
    np.testing.assert_allclose(block.samples, WAVE, atol=0.02)
    assert block.sample_rate == rate
    assert block.time + block.duration <= NOW + 1e-6  # its stamp is that of the end


def test_blocks_without_numbers_are_numbered():
    convert = audio()
    content = (WAVE * 32768).astype("<i2").tobytes()
    numbers = [
        convert(Message(header=header(NOW - 9 + 0.1 * place), audio=Message(data=content)))
        for place in range(3)
    ]
    assert [block.first_sample for block in numbers] == [0, 1600, 3200]
