# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import soundfile

from emo_music_ros.errors import InputError
from emo_music_ros.io.audio import AudioReader, Decoder

av = pytest.importorskip("av", reason="PyAV is not installed")

RATE = 48000


def tone(seconds=2.0, frequency=440.0):
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)).astype(
        np.float32
    )


def encoded(path, codec, samples, picture=False):
    """Write mono sound with PyAV, if told beside pictures."""
    with av.open(str(path), "w") as container:
        if picture:
            video = container.add_stream("mpeg4", rate=10)
            video.width = video.height = 64
        track = container.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        fifo = av.AudioFifo()
        for piece in av.AudioResampler(track.format, "mono", RATE).resample(frame):
            fifo.write(piece)
        if picture:
            for _ in range(10):
                image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "bgr24")
                container.mux(video.encode(image))
            container.mux(video.encode(None))
        while piece := fifo.read(track.codec_context.frame_size or 1024) or fifo.read():
            container.mux(track.encode(piece))
        container.mux(track.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.m4a", "aac"), ("a.aac", "aac"), ("a.webm", "libopus"), ("a.opus", "libopus"),
     ("a.mka", "flac"), ("a.mp4", "aac")],
)  # fmt: skip
def test_containers_give_back_their_tone(tmp_path, name, codec):
    path = encoded(tmp_path / name, codec, tone(), picture=name == "a.mp4")
    reader = AudioReader(path, 44100)
    out = reader.read(3 * 44100)
    assert reader.complaint == ""
    assert reader.duration == pytest.approx(2.0, abs=0.1)
    assert len(out) / 44100 == pytest.approx(2.0, abs=0.1)
    assert np.abs(np.fft.rfft(out[22050:66150, 0])).argmax() == 440


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.aac", "aac"), ("a.mka", "flac")])
def test_start_skips(tmp_path, name, codec):
    samples = np.concatenate([tone(2.0, 440.0), tone(2.0, 1000.0)])
    reader = AudioReader(encoded(tmp_path / name, codec, samples), RATE, start=2.5)
    out = reader.read(RATE)
    assert np.abs(np.fft.rfft(out[:, 0])).argmax() == 1000
    assert len(reader.read(4 * RATE)) / RATE == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(("rate", "whole"), [(16000, True), (8000, False)])
def test_every_link_of_a_chained_ogg_is_played_or_what_is_missing_is_told(tmp_path, rate, whole):
    links = []
    for name, hertz, seconds in (
        ("a.ogg", 16000, 2.0),
        ("b.ogg", 16000, 1.0),
        ("c.ogg", rate, 1.0),
    ):
        soundfile.write(tmp_path / name, np.zeros(round(seconds * hertz), np.float32), hertz)
        links.append((tmp_path / name).read_bytes())
    (tmp_path / "all.ogg").write_bytes(b"".join(links))
    reader = AudioReader(tmp_path / "all.ogg", 16000)
    played = len(reader.read(5 * 16000)) / 16000
    assert played == pytest.approx(4.0 if whole else 3.0, abs=0.1)
    assert bool(reader.complaint) is not whole


def test_an_ogg_without_end_mark_is_played(tmp_path):
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.ogg", rng.normal(0, 0.1, 10 * 16000), 16000)
    data = (tmp_path / "a.ogg").read_bytes()
    (tmp_path / "a.ogg").write_bytes(data[: data.rfind(b"OggS")])
    decoder = Decoder(tmp_path / "a.ogg")
    count = 0
    while not decoder.ended:
        count += len(decoder.read())
    assert count / 16000 > 8


def test_damaged_packets_are_left_out_and_told(tmp_path):
    path = encoded(
        tmp_path / "a.aac",
        "aac",
        np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32),
    )
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    path.write_bytes(data)
    decoder = Decoder(path)
    while not decoder.ended:
        decoder.read()
    assert decoder.position > RATE


def test_a_video_without_sound_is_refused(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "bgr24")
        container.mux(video.encode(image))
        container.mux(video.encode(None))
    with pytest.raises(InputError, match="no sound track"):
        Decoder(tmp_path / "a.mp4")


def test_without_pyav_such_a_file_is_refused_with_the_remedy(tmp_path, monkeypatch):
    path = encoded(tmp_path / "a.m4a", "aac", tone(0.2))
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(InputError, match=r"a\.m4a.*PyAV") as caught:
        Decoder(path)
    assert "pip install av" in caught.value.remedy
    assert "ffmpeg" in caught.value.remedy
