# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Messages of signals to plain data and back: pictures, sound, biosignals, what is said."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

import emo_music_ros.msg as msg
from emo_music_ros import streams
from emo_music_ros.errors import InputError
from emo_music_ros.io.pictures import compressed_picture, picture
from emo_music_ros.io.resampling import mono
from emo_music_ros.io.units import standard
from emo_music_ros.ros.stamps import floats, header, seconds
from emo_music_ros.sensing.lsl_finder import HIGHEST_RATE

#: Most channels of a biosignal; its highest rate is that of LSL streams.
MOST_CHANNELS = 256


def image_message(frame: streams.ImageFrame, frame_id: str = "") -> Image:
    """Return a picture as bgr8 or mono8; its source goes another way, see SourceNode."""
    image = np.ascontiguousarray(frame.image, np.uint8)
    colour = image.ndim == 3
    buffer = array("B")
    buffer.frombytes(image.data.cast("B"))
    return Image(
        header=header(frame.time, frame_id),
        height=image.shape[0],
        width=image.shape[1],
        encoding="bgr8" if colour else "mono8",
        step=image.shape[1] * (3 if colour else 1),
        data=buffer,
    )


def image_frame(message: Image | CompressedImage, source: str = "") -> streams.ImageFrame:
    """Return the picture of a message.

    `source` is where it came from unless its frame id says so, as it did in older recordings.

    Raises
    ------
    InputError
        If it is empty or short, or its encoding or format is none of a picture.
    """
    found = picture(message) if isinstance(message, Image) else compressed_picture(message)
    source = streams.picture_source(message.header.frame_id, source)
    return streams.ImageFrame(seconds(message.header.stamp), found, source)


def audio_message(block: streams.AudioBlock) -> msg.AudioChunk:
    """Return an audio block as a message."""
    return msg.AudioChunk(
        header=header(block.time),
        source=block.source,
        sample_rate=block.sample_rate,
        channels=1,
        first_sample=block.first_sample,
        dropped=block.dropped,
        data=floats(block.samples),
    )


def audio_block(message: msg.AudioChunk) -> streams.AudioBlock:
    """Return an audio message as mono.

    Raises
    ------
    InputError
        If rate, channels or samples make no sense.
    """
    samples: NDArray[np.float32] = np.frombuffer(message.data, np.float32)
    channels = message.channels
    lowest, highest = streams.AUDIO_RATES
    what = f"sound of {message.sample_rate} Hz with {channels} channels"
    if not lowest <= message.sample_rate <= highest:
        raise InputError(
            f"{what} cannot be used", f"Set sample_rate; {lowest} to {highest} Hz are taken"
        )
    if not channels or samples.size % channels:
        raise InputError(
            f"{what} and {samples.size} values cannot be used",
            "Set channels, and send every frame whole",
        )
    if not np.isfinite(samples).all():
        raise InputError(f"{what} cannot be used: it holds what is no number", "Send -1..1")
    if channels > 1:
        samples = mono(samples.reshape(-1, channels))
    return streams.AudioBlock(
        seconds(message.header.stamp),
        samples,
        message.sample_rate,
        message.first_sample,
        message.dropped,
        message.source,
    )


def biosignal_message(block: streams.BiosignalBlock) -> msg.BiosignalChunk:
    """Return a biosignal block as a message, with its quality flags."""
    samples = np.asarray(block.samples, np.float32)
    finite = np.isfinite(samples).all()
    quality = 0 if finite else msg.BiosignalChunk.QUALITY_INVALID
    if finite and len(samples) > 1 and (np.ptp(samples, axis=0) == 0).any():
        quality |= msg.BiosignalChunk.QUALITY_FLAT
    return msg.BiosignalChunk(
        header=header(block.time),
        source=block.source,
        kind=block.kind,
        channel_names=list(block.channels),
        units=list(block.units),
        nominal_rate=float(block.rate),
        first_index=block.first_index,
        dropped=block.dropped,
        clock_offset=block.clock_offset,
        quality=quality,
        data=floats(samples),
    )


def biosignal_block(message: msg.BiosignalChunk) -> streams.BiosignalBlock:
    """Return a biosignal message as plain data in the unit of its kind.

    Raises
    ------
    InputError
        If its shape, rate or kind make no sense, or its unit cannot be converted.
    """
    data: NDArray[np.float32] = np.frombuffer(message.data, np.float32)
    channels = len(message.channel_names)
    if not 0 < channels <= MOST_CHANNELS or data.size % channels:
        raise InputError(
            f"{message.kind or 'a signal'} of {channels} channels with {data.size} values cannot "
            "be used",
            f"Name 1 to {MOST_CHANNELS} channels, and send every sample whole",
        )
    if not 0 < message.nominal_rate <= HIGHEST_RATE:
        raise InputError(
            f"{message.kind or 'a signal'} of {message.nominal_rate:g} Hz cannot be used",
            f"Set nominal_rate; up to {HIGHEST_RATE:g} Hz are taken",
        )
    values, units = standard(
        message.kind, data.reshape(-1, channels), tuple(message.units), message.kind
    )
    return streams.BiosignalBlock(
        time=seconds(message.header.stamp),
        kind=message.kind,
        samples=values,
        rate=message.nominal_rate,
        channels=tuple(message.channel_names),
        units=units,
        first_index=message.first_index,
        dropped=message.dropped,
        clock_offset=message.clock_offset,
        source=message.source,
    )


def utterance_message(utterance: streams.Utterance) -> msg.Utterance:
    """Return an utterance as a message."""
    return msg.Utterance(
        header=header(utterance.time),
        source=utterance.source,
        person_id=utterance.person_id,
        text=utterance.text,
        language=utterance.language,
        confidence=float(utterance.confidence),
    )


def utterance(message: msg.Utterance) -> streams.Utterance | None:
    """Return an utterance message as plain data, None if nothing is said."""
    if not message.text.strip():
        return None
    return streams.Utterance(
        seconds(message.header.stamp),
        message.text,
        message.language,
        message.confidence,
        message.person_id,
        message.source,
    )
