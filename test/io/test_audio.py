# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.io.audio import TAIL, AudioReader, read_mono
from emo_music_ros.io.resampling import stereo


def tone(path, seconds=2.0, rate=44100, channels=2, frequency=440.0, **options):
    wave = 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)
    samples = wave[:, None].repeat(channels, 1).astype(np.float32)
    soundfile.write(path, samples, rate, **options)
    return samples


def everything(reader, block=5000):
    parts = []
    while len(part := reader.read(block)):
        parts.append(part)
    return np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_every_format_gives_back_its_tone(tmp_path, kind):
    samples = tone(tmp_path / f"tone.{kind}", seconds=4.0)
    reader = AudioReader(tmp_path / f"tone.{kind}", 44100)
    out = everything(reader)
    assert reader.complaint == ""
    assert out.dtype == np.float32
    assert reader.duration == pytest.approx(4.0, abs=0.06)
    assert len(out) == pytest.approx(len(samples), abs=3000)
    middle = out[88200:132300]
    spectrum = np.abs(np.fft.rfft(middle[:, 0]))
    assert spectrum.argmax() == 440
    assert abs(middle).max() == pytest.approx(0.5, abs=0.02)


def test_lossless_samples_are_exact_up_to_the_faded_tail(tmp_path):
    samples = tone(tmp_path / "tone.wav", subtype="FLOAT")
    out = everything(AudioReader(tmp_path / "tone.wav", 44100))
    tail = round(TAIL * 44100)
    assert np.array_equal(out[:-tail], samples[:-tail])
    assert abs(out[-1]).max() < 1e-6


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000])
def test_resampling_keeps_length_and_pitch(tmp_path, rate):
    tone(tmp_path / "tone.wav", rate=rate)
    out = everything(AudioReader(tmp_path / "tone.wav", 44100))
    assert len(out) == pytest.approx(88200, abs=2)
    middle = out[22050:66150, 0]
    assert np.abs(np.fft.rfft(middle)).argmax() == 440


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3"])
def test_decoding_in_blocks_equals_decoding_at_once(tmp_path, kind):
    tone(tmp_path / f"tone.{kind}", seconds=4.0)
    whole, _ = soundfile.read(tmp_path / f"tone.{kind}", dtype="float32")
    out = everything(AudioReader(tmp_path / f"tone.{kind}", 44100))
    assert len(out) == len(whole)
    assert np.array_equal(out[:-1000], whole[:-1000])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 20000), min_size=1, max_size=8))
def test_frames_do_not_depend_on_how_they_are_read(tmp_path_factory, cuts):
    path = tmp_path_factory.getbasetemp() / "shared.flac"
    if not path.exists():
        tone(path, seconds=1.0, rate=32000)
    whole = everything(AudioReader(path, 44100), 1_000_000)
    reader, parts, step = AudioReader(path, 44100), [], 0
    while len(part := reader.read(cuts[step % len(cuts)])):
        parts.append(part)
        step += 1
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_other_channel_counts_become_stereo(tmp_path, channels):
    samples = tone(tmp_path / "tone.wav", channels=channels, subtype="FLOAT")
    out = everything(AudioReader(tmp_path / "tone.wav", 44100))
    assert out.shape[1] == 2
    assert np.allclose(out[:1000], samples[:1000, :1], atol=1e-6)


def test_start_skips(tmp_path):
    samples = tone(tmp_path / "tone.wav", subtype="FLOAT")
    out = everything(AudioReader(tmp_path / "tone.wav", 44100, start=1.0))
    assert np.array_equal(out[:1000], samples[44100:45100])
    assert len(everything(AudioReader(tmp_path / "tone.wav", 44100, start=99.0))) == 0


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_a_truncated_file_plays_what_is_there_and_says_so(tmp_path, kind):
    tone(tmp_path / f"full.{kind}", seconds=20.0)
    data = (tmp_path / f"full.{kind}").read_bytes()
    cut = tmp_path / f"cut.{kind}"
    cut.write_bytes(data[: len(data) // 2])
    reader = AudioReader(cut, 44100)
    out = everything(reader)
    assert 4 * 44100 < len(out) < 16 * 44100
    assert "cut." in reader.complaint
    assert np.isfinite(out).all()


def test_broken_samples_become_silence():
    broken = np.array([[np.nan, 0.5], [np.inf, -np.inf]], np.float32)
    assert np.array_equal(stereo(broken), [[0.0, 0.5], [1.0, -1.0]])


@pytest.mark.parametrize("content", [b"", b"hello" * 2000, b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_not_audio_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "song.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"song\.wav.*cannot be played"):
        AudioReader(path, 44100)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        AudioReader(tmp_path / "gone.mp3", 44100)
    with pytest.raises(InputError, match="cannot be played"):
        AudioReader(tmp_path, 44100)


def test_a_file_without_frames_is_refused(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 2), np.float32), 44100)
    with pytest.raises(InputError, match="no audio"):
        AudioReader(tmp_path / "none.wav", 44100)


def test_a_wav_file_written_by_a_pipe_is_whole(tmp_path):
    tone(tmp_path / "tone.wav", subtype="PCM_16")
    data = bytearray((tmp_path / "tone.wav").read_bytes())
    place = data.index(b"data") + 4
    data[4:8] = data[place : place + 4] = b"\xff" * 4
    (tmp_path / "pipe.wav").write_bytes(data)
    reader = AudioReader(tmp_path / "pipe.wav", 44100)
    assert len(everything(reader)) == 88200
    assert reader.complaint == ""


def test_a_whole_recording_is_mono_at_the_rate_asked_for(tmp_path):
    samples = tone(tmp_path / "tone.wav", subtype="FLOAT")
    out, lost, _ = read_mono(tmp_path / "tone.wav", 44100)
    assert np.array_equal(out, samples[:, 0])
    assert lost == 0.0
    assert len(read_mono(tmp_path / "tone.wav", 16000)[0]) == pytest.approx(32000, abs=1)


def test_samples_that_are_no_numbers_are_counted(tmp_path):
    samples = np.full((1000, 2), 0.5, np.float32)
    samples[:250, 1] = np.nan
    soundfile.write(tmp_path / "holes.wav", samples, 16000, subtype="FLOAT")
    out, lost, _ = read_mono(tmp_path / "holes.wav", 16000)
    assert lost == pytest.approx(0.25)
    assert not out[:250].any()


def test_a_recording_without_samples_is_refused(tmp_path):
    soundfile.write(tmp_path / "none.wav", np.zeros((0, 1), np.float32), 16000)
    for name in ("none.wav", "gone.wav"):
        with pytest.raises(InputError, match=name) as caught:
            read_mono(tmp_path / name, 16000)
        assert caught.value.remedy


@pytest.mark.parametrize("whole", [0, 36, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_file_that_was_never_finished_is_whole(tmp_path, whole):
    samples = tone(tmp_path / "tone.wav", subtype="FLOAT")
    content = bytearray((tmp_path / "tone.wav").read_bytes())
    begin = content.index(b"data") + 8
    content[4:8] = struct.pack("<I", whole)
    content[begin - 4 : begin] = bytes(4)
    (tmp_path / "tone.wav").write_bytes(content)
    reader = AudioReader(tmp_path / "tone.wav", 44100, start=0.5)
    out = everything(reader)
    assert reader.complaint == ""
    assert len(out) == len(samples) - 22050
    assert np.array_equal(out[:1000], samples[22050:23050])


def test_every_name_of_a_file_is_opened(tmp_path):
    tone(tmp_path / "tone.wav")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    (tmp_path / "tone.wav").rename(odd)
    assert len(read_mono(odd, 16000).samples) == pytest.approx(32000, abs=1)


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "song.wav")
    with pytest.raises(InputError, match="is a pipe"):
        AudioReader(tmp_path / "song.wav", 44100)


def test_what_is_odd_about_a_recording_is_noted(tmp_path):
    wave = tone(tmp_path / "tone.wav", channels=1)
    soundfile.write(tmp_path / "tone.wav", np.column_stack([wave, -wave]), 44100)
    data = (tmp_path / "tone.wav").read_bytes()
    (tmp_path / "tone.wav").write_bytes(data[: len(data) // 2])
    found = read_mono(tmp_path / "tone.wav", 44100)
    assert np.abs(found.samples).max() == pytest.approx(0.5, abs=0.01)
    assert "truncated" in found.notes[0]
    assert "opposite" in found.notes[1]
