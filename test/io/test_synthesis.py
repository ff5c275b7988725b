# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.errors import InputError
from emo_music_ros.io import synthesis
from emo_music_ros.io.midi import Note, Part, read_midi
from emo_music_ros.io.synthesis import (
    fade,
    render,
    render_midi,
    room,
    set_level,
)

RATE = 22050


def frequency(audio: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))))
    return float(np.argmax(spectrum) * RATE / len(audio))


@pytest.mark.parametrize("pitch", [57, 69, 76])
def test_a_note_has_its_pitch(pitch: int) -> None:
    audio = render([Part((Note(0.0, 1.5, pitch),), program=73)], RATE).mean(axis=1)
    expected = 440 * 2 ** ((pitch - 69) / 12)
    found = frequency(audio[RATE // 4 : RATE])
    assert min(abs(found - expected * harmonic) for harmonic in (1, 2)) < 0.02 * expected


def test_notes_sound_when_they_should() -> None:
    audio = render([Part((Note(1.0, 1.5, 60),))], RATE, tail=2.0)
    assert audio.shape == (int(1.5 * RATE) + 2 * RATE, 2)
    assert np.abs(audio[: RATE - 100]).max() == 0.0
    assert np.abs(audio[RATE : RATE + RATE // 2]).max() > 0.01
    assert np.abs(audio[-RATE // 4 :]).max() < 0.2 * np.abs(audio).max()


def test_rendering_is_repeatable() -> None:
    parts = [
        Part((Note(0, 0.4, 60), Note(0.2, 0.6, 64)), 40, pan=-0.5),
        Part((Note(0, 1, 43),), 42),
    ]
    np.testing.assert_array_equal(render(parts, RATE), render(parts, RATE))


def test_pan_and_gain_are_heard() -> None:
    note = (Note(0.0, 1.0, 60),)
    left = render([Part(note, pan=-1.0)], RATE)
    power = (left**2).sum(axis=0)
    assert power[0] > 5 * power[1]
    soft = render([Part(note, gain=0.3, pan=-1.0)], RATE)
    assert np.abs(soft).max() < 0.7 * np.abs(left).max()


def test_force_is_heard() -> None:
    soft, hard = (render([Part((Note(0, 1, 60, v),))], RATE) for v in (30, 120))
    assert np.abs(hard).max() > 1.5 * np.abs(soft).max()


def test_drums_are_not_melodic() -> None:
    drum = render([Part((Note(0, 0.5, 38),), drums=True)], RATE)
    piano = render([Part((Note(0, 0.5, 38),))], RATE)
    assert np.abs(drum).max() > 0.01
    assert not np.allclose(drum[: len(piano)], piano[: len(drum)])


def test_more_parts_than_channels() -> None:
    parts = [Part((Note(0.0, 0.2, 40 + i),), program=i) for i in range(40)]
    assert np.isfinite(render(parts, RATE)).all()


def test_nothing_to_play() -> None:
    assert not render([], RATE, tail=0.1).any()
    assert len(render([], RATE, tail=0.0)) == 0


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-4, 50.0), st.floats(-40.0, -6.0), st.integers(0, 2**31))
def test_level_is_reached_without_clipping(gain: float, level: float, seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal((RATE, 2)).astype(np.float32)
    audio = set_level((noise * gain).astype(np.float32), level)
    assert np.abs(audio).max() <= 10 ** (-1 / 20) + 1e-4
    if level < -18:
        assert 20 * np.log10(np.sqrt(np.mean(audio**2))) == pytest.approx(level, abs=1.0)


def test_level_of_silence() -> None:
    assert not set_level(np.zeros((100, 2), np.float32)).any()
    assert len(set_level(np.zeros((0, 2), np.float32))) == 0


def test_pauses_do_not_raise_the_level() -> None:
    tone = np.sin(np.arange(RATE) * 0.1)[:, None].repeat(2, axis=1).astype(np.float32)
    padded = np.concatenate([tone, np.zeros((3 * RATE, 2), np.float32)])
    assert np.abs(set_level(padded)).max() == pytest.approx(np.abs(set_level(tone)).max(), rel=0.1)


def test_fades_begin_and_end_in_silence() -> None:
    audio = fade(np.ones((RATE, 2), np.float32), RATE, 0.1, 0.2)
    assert np.abs(audio[0]).max() == 0.0
    assert np.abs(audio[-1]).max() < 1e-6
    assert audio[RATE // 2, 0] == 1.0
    assert np.abs(np.diff(audio[:, 0])).max() < 0.01
    assert np.isfinite(fade(np.ones((10, 2), np.float32), RATE, 1.0, 1.0)).all()


def test_a_room_answers() -> None:
    click = np.zeros((RATE, 2), np.float32)
    click[100] = 1.0
    wet = room(click, RATE)
    assert wet.shape == click.shape
    assert not wet[:100].any() or np.abs(wet[:95]).max() < 1e-4
    assert np.sum(wet[200:] ** 2) == pytest.approx(2 * 0.12**2, rel=0.3)
    np.testing.assert_array_equal(wet, room(click, RATE))


def test_midi_files_are_read(tmp_path: Path) -> None:
    pretty_midi = pytest.importorskip("pretty_midi")
    score = pretty_midi.PrettyMIDI()
    for program, drum in ((40, False), (0, True)):
        instrument = pretty_midi.Instrument(program, is_drum=drum)
        instrument.notes.append(pretty_midi.Note(100, 60, 0.5, 1.0))
        score.instruments.append(instrument)
    score.write(str(tmp_path / "a.mid"))
    violin, drums = read_midi(tmp_path / "a.mid")
    assert (violin.program, violin.drums, drums.drums) == (40, False, True)
    assert violin.notes[0].start == pytest.approx(0.5, abs=0.01)
    audio = render_midi(tmp_path / "a.mid", RATE)
    assert np.abs(audio).max() > 0.05


def test_midi_without_notes_or_sense(tmp_path: Path) -> None:
    pretty_midi = pytest.importorskip("pretty_midi")
    pretty_midi.PrettyMIDI().write(str(tmp_path / "empty.mid"))
    (tmp_path / "bad.mid").write_bytes(b"nonsense")
    for name in ("empty.mid", "bad.mid", "absent.mid"):
        with pytest.raises(InputError, match=name):
            render_midi(tmp_path / name, RATE)


def test_a_missing_sound_font_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis.importlib.util, "find_spec", lambda name: None)
    synthesis._soundfont.cache_clear()
    try:
        with pytest.raises(InputError, match="TimGM6mb"):
            render([Part((Note(0, 1, 60),))], RATE)
    finally:
        synthesis._soundfont.cache_clear()
