# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from emo_music_ros import msg, streams
from emo_music_ros.errors import InputError
from emo_music_ros.ros import signals


def wire(message):
    """Send a message through the middleware's own encoding."""
    return deserialize_message(serialize_message(message), type(message))


@pytest.mark.parametrize("shape", [(48, 64, 3), (48, 64)])
def test_picture_round_trip(shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    sent = streams.ImageFrame(12.5, picture, "recorded:x")
    message = wire(signals.image_message(sent, "camera"))
    assert message.header.frame_id == "camera"  # a frame of tf, not where the picture came from
    frame = signals.image_frame(message, "recorded:x")
    np.testing.assert_array_equal(frame.image, picture)
    assert frame.time == 12.5
    assert frame.source == "recorded:x"


@pytest.mark.parametrize("label", ["live:camera 0", "recorded:x.mp4", "simulated:face"])
def test_a_picture_that_carries_its_source_in_the_frame_id_keeps_it(label):
    """As older recordings and publishers do."""
    message = Image(height=1, width=1, encoding="mono8", step=1, data=b"\0")
    message.header.frame_id = label
    assert signals.image_frame(message, "live:other").source == label
    message.header.frame_id = "camera_optical_frame"
    assert signals.image_frame(message, "live:other").source == "live:other"
    assert signals.image_frame(message).source == ""


def test_picture_agrees_with_cv_bridge():
    bridge = pytest.importorskip("cv_bridge", reason="cv_bridge is not installed")
    picture = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    message = signals.image_message(streams.ImageFrame(1.0, picture))
    np.testing.assert_array_equal(bridge.CvBridge().imgmsg_to_cv2(message, "bgr8"), picture)


def test_other_encodings_become_bgr_and_padding_is_skipped():
    pixel = {"rgb8": [3, 2, 1], "rgba8": [3, 2, 1, 9], "bgra8": [1, 2, 3, 9]}
    for encoding, values in pixel.items():
        step = 2 * len(values) + 5
        row = bytes(values * 2) + b"\0" * 5
        message = Image(height=3, width=2, encoding=encoding, step=step, data=row * 3)
        frame = signals.image_frame(message)
        assert frame.image.shape == (3, 2, 3)
        assert (frame.image == [1, 2, 3]).all()


@pytest.mark.parametrize(
    "message",
    [
        Image(),
        Image(height=2, width=2, encoding="bgr8", step=6, data=b"\0" * 11),
        Image(height=2, width=2, encoding="bgr8", step=1, data=b"\0" * 12),
        Image(height=2, width=2, encoding="16SC1", step=4, data=b"\0" * 8),
        Image(height=0, width=2, encoding="mono8", step=2),
    ],
)
def test_malformed_picture_is_refused(message):
    with pytest.raises(InputError, match=f"{message.width} x {message.height}"):
        signals.image_frame(message)


@given(st.lists(st.floats(-1, 1, width=32), max_size=50))
def test_audio_round_trip(samples):
    block = streams.AudioBlock(3.0, np.array(samples, np.float32), 16000, 7, 2, "live:x")
    back = signals.audio_block(wire(signals.audio_message(block)))
    np.testing.assert_array_equal(back.samples, block.samples)
    assert (back.time, back.sample_rate, back.first_sample, back.dropped, back.source) == (
        3.0, 16000, 7, 2, "live:x",
    )  # fmt: skip


def test_stereo_is_averaged_and_nonsense_is_refused():
    stereo = msg.AudioChunk(sample_rate=8000, channels=2, data=[1.0, 0.0, 0.5, 0.5])
    np.testing.assert_allclose(signals.audio_block(stereo).samples, [0.5, 0.5])
    for nonsense in (
        msg.AudioChunk(sample_rate=0, channels=1),
        msg.AudioChunk(sample_rate=8000, channels=2, data=[1.0]),
    ):
        with pytest.raises(InputError, match=f"{nonsense.sample_rate} Hz"):
            signals.audio_block(nonsense)


def test_biosignal_round_trip_and_quality_flags():
    samples = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    block = streams.BiosignalBlock(
        4.0, "eeg", samples, 256.0, ("AF7", "AF8"), ("uV", "uV"), 9, 1, 0.25, "live:Muse"
    )
    message = wire(signals.biosignal_message(block))
    back = signals.biosignal_block(message)
    np.testing.assert_array_equal(back.samples, samples)
    assert (back.channels, back.units, back.first_index, back.clock_offset) == (
        ("AF7", "AF8"), ("uV", "uV"), 9, 0.25,
    )  # fmt: skip
    assert message.quality == 0
    flat = streams.BiosignalBlock(0, "ppg", np.ones((5, 1), np.float32), 64, ("x",))
    assert signals.biosignal_message(flat).quality == msg.BiosignalChunk.QUALITY_FLAT
    broken = streams.BiosignalBlock(0, "ppg", np.full((5, 1), np.nan, np.float32), 64, ("x",))
    assert signals.biosignal_message(broken).quality == msg.BiosignalChunk.QUALITY_INVALID
    message.channel_names = ["a", "b", "c", "d"]
    with pytest.raises(InputError, match="eeg of 4 channels with 6 values"):
        signals.biosignal_block(message)


def test_utterance_round_trip():
    said = streams.Utterance(5.0, "好的", "zh", 0.5, "ada", "live:terminal")
    assert signals.utterance(wire(signals.utterance_message(said))) == said


@pytest.mark.parametrize("rate", [0, 1, 3999, 384_001, 2**32 - 1])
def test_sound_of_a_rate_that_no_device_has_is_refused(rate):
    with pytest.raises(InputError, match="4000 to 384000 Hz"):
        signals.audio_block(msg.AudioChunk(sample_rate=rate, channels=1, data=[0.1]))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_sound_that_is_no_number_is_refused(value):
    chunk = msg.AudioChunk(sample_rate=16000, channels=1, data=[0.1, value])
    with pytest.raises(InputError, match="no number"):
        signals.audio_block(chunk)


@pytest.mark.parametrize(("rate", "channels"), [(np.inf, 1), (np.nan, 1), (1e9, 1), (64.0, 257)])
def test_biosignals_of_no_device_are_refused(rate, channels):
    names = [str(number) for number in range(channels)]
    chunk = msg.BiosignalChunk(
        kind="ppg", channel_names=names, nominal_rate=rate, data=[0.0] * channels
    )
    with pytest.raises(InputError, match="ppg"):
        signals.biosignal_block(chunk)


def test_biosignals_in_other_units_are_converted_or_refused():
    chunk = msg.BiosignalChunk(
        kind="eda", channel_names=["x"], units=["kohm"], nominal_rate=4.0, data=[100.0]
    )
    block = signals.biosignal_block(chunk)
    assert (block.samples[0, 0], block.units) == (10.0, ("uS",))
    chunk.units = ["furlong"]
    with pytest.raises(InputError, match="'furlong' is none of eda"):
        signals.biosignal_block(chunk)
    chunk.kind = "aura"
    with pytest.raises(InputError, match="aura"):
        signals.biosignal_block(chunk)


def test_an_utterance_of_nothing_is_none():
    assert signals.utterance(msg.Utterance(text=" \n")) is None
