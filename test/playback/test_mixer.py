from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.playback.mixer import DUCK, KNEE, RAMP, Ending, Mixer, guard

RATE = 8000
FREQUENCY = 220.0


class Sine:
    """A tone of a given length; `hold` makes it look as if decoding lagged behind."""

    def __init__(self, seconds=60.0, frequency=FREQUENCY, amplitude=0.4, phase=0.0):
        index = np.arange(round(seconds * RATE))
        wave = amplitude * np.sin(2 * np.pi * frequency * index / RATE + phase)
        self.samples = np.stack([wave, wave], 1).astype(np.float32)
        self.position = 0
        self.complete = True

    def read(self, frames):
        block = self.samples[self.position : self.position + frames]
        self.position += len(block)
        return block


class Dry(Sine):
    def read(self, frames):
        return np.zeros((0, 2), np.float32)


def roughness(samples):
    """Largest second difference: a click is one far above that of the material."""
    padded = np.concatenate([np.zeros((2, 2), np.float32), samples])
    return float(np.abs(np.diff(padded, n=2, axis=0)).max())


#: Second difference of the material itself, with head room for two voices and their ramps.
SMOOTH = 0.4 * (2 * np.pi * FREQUENCY / RATE) ** 2


def test_nothing_to_play_is_silence():
    mixer = Mixer(RATE)
    assert mixer.idle
    assert mixer.silent
    assert not mixer.render(100).any()


def test_plays_what_the_source_has_after_the_fade_in():
    mixer = Mixer(RATE)
    source = Sine()
    mixer.play(1, source, crossfade=1.0, fade_in=0.5)
    out = mixer.render(RATE)
    assert np.array_equal(out[RATE // 2 :], source.samples[RATE // 2 : RATE])
    assert abs(out[:100]).max() < 0.02  # begins from silence
    assert mixer.consumed(1) == RATE


def test_volume_is_applied():
    mixer = Mixer(RATE, volume=0.5)
    mixer.play(1, Sine(), 0.0, 0.0)
    out = mixer.render(RATE)
    assert abs(out[RATE // 2 :]).max() == pytest.approx(0.2, abs=0.001)


def test_cross_fade_keeps_the_power_of_unrelated_tracks():
    mixer = Mixer(RATE)
    mixer.play(1, Sine(frequency=220), 0.0, 0.0)
    mixer.render(RATE)
    mixer.play(2, Sine(frequency=311), crossfade=2.0, fade_in=3.0)
    fade = mixer.render(2 * RATE)
    power = (fade.astype(float) ** 2).mean(axis=1).reshape(-1, RATE // 4).mean(axis=1)
    assert np.allclose(power, 0.08, rtol=0.15)
    assert [ending[:2] for ending in mixer.take_endings()] == [(1, Ending.FADED)]
    assert mixer.consumed(1) is None


def test_source_at_its_end_is_reported_and_the_rest_is_silence():
    mixer = Mixer(RATE)
    mixer.play(1, Sine(seconds=0.5), 0.0, 0.0)
    out = mixer.render(RATE)
    assert not out[RATE // 2 :].any()
    assert mixer.take_endings() == [(1, Ending.FINISHED, RATE // 2)]
    assert mixer.take_endings() == []
    assert mixer.idle
    assert mixer.starved == 0


def test_a_source_that_lags_is_counted_and_not_taken_for_its_end():
    mixer = Mixer(RATE)
    dry = Dry()
    dry.complete = False
    mixer.play(1, dry, 0.0, 0.0)
    mixer.render(100)
    assert mixer.starved == 1
    assert mixer.take_endings() == []
    assert not mixer.idle


def test_pause_halts_within_the_ramp_and_resumes_where_it_was():
    mixer = Mixer(RATE)
    source = Sine()
    mixer.play(1, source, 0.0, 0.0)
    mixer.render(RATE)
    mixer.pause()
    paused = mixer.render(RATE)
    ramp = round(RAMP * RATE)
    assert not paused[ramp:].any()
    assert source.position == RATE + ramp
    assert mixer.paused
    mixer.resume()
    again = mixer.render(RATE)
    assert np.array_equal(again[ramp:], source.samples[RATE + 2 * ramp : RATE + ramp + RATE])
    assert roughness(np.concatenate([paused, again])[ramp:]) < 2 * SMOOTH


@pytest.mark.parametrize("fade", [0.5, 1.5, 2.0])
def test_stop_falls_silent_within_its_fade(fade):
    mixer = Mixer(RATE)
    mixer.play(1, Sine(), 0.0, 0.0)
    mixer.render(RATE)
    mixer.stop(fade)
    assert mixer.fading
    out = mixer.render(3 * RATE)
    assert out[: round(fade * RATE) - 100].any()
    assert not out[round(fade * RATE) :].any()
    assert mixer.idle
    assert [ending[:2] for ending in mixer.take_endings()] == [(1, Ending.FADED)]


def test_play_during_a_stop_brings_the_new_track_at_full_level():
    mixer = Mixer(RATE)
    mixer.play(1, Sine(), 0.0, 0.0)
    mixer.render(RATE)
    mixer.stop(1.0)
    mixer.render(RATE // 2)
    new = Sine(frequency=100)
    mixer.play(2, new, crossfade=1.0, fade_in=1.0)
    out = mixer.render(3 * RATE)
    assert np.array_equal(out[2 * RATE :], new.samples[2 * RATE : 3 * RATE])


def test_play_while_paused_does_not_bring_the_old_track_back():
    mixer = Mixer(RATE)
    old = Sine()
    mixer.play(1, old, 0.0, 0.0)
    mixer.render(RATE)
    mixer.pause()
    mixer.render(RATE)
    heard = old.position
    mixer.play(2, Sine(frequency=100), crossfade=1.0, fade_in=0.5)
    mixer.render(RATE)
    assert old.position == heard
    assert not mixer.paused
    assert [ending[:2] for ending in mixer.take_endings()] == [(1, Ending.FADED)]


def test_swap_keeps_a_pause():
    mixer = Mixer(RATE)
    mixer.play(1, Sine(), 0.0, 0.0)
    mixer.render(RATE)
    mixer.pause()
    mixer.render(RATE)
    mixer.swap(2, Sine(frequency=100))
    assert not mixer.render(RATE).any()
    mixer.resume()
    assert mixer.render(RATE).any()


def test_volume_rises_no_faster_than_six_decibels_a_second():
    mixer = Mixer(RATE, volume=0.1)
    ones = Sine()
    ones.samples = np.full((20 * RATE, 2), 0.5, np.float32)
    mixer.play(1, ones, 0.0, 0.0)
    mixer.render(RATE)
    mixer.set_volume(0.8)
    out = mixer.render(6 * RATE)[:, 0].astype(float)
    level = 20 * np.log10(out)
    assert (level[RATE:] - level[:-RATE]).max() < 6.6  # the curve is exact at full scale only
    assert abs(np.diff(level)).max() < 0.01
    assert out[-1] == pytest.approx(0.4)


def test_guard_bends_only_what_is_too_loud():
    quiet = np.linspace(-KNEE, KNEE, 100, dtype=np.float32)[:, None].repeat(2, 1)
    assert np.array_equal(guard(quiet), quiet)
    loud = np.linspace(-3, 3, 601, dtype=np.float32)[:, None].repeat(2, 1)
    bent = guard(loud)
    assert abs(bent).max() <= 1.0
    assert (np.diff(bent[:, 0]) >= 0).all()
    assert guard(np.zeros((0, 2), np.float32)).shape == (0, 2)


COMMANDS = st.sampled_from(
    ["play", "pause", "resume", "stop", "leave", "swap", "louder", "softer", "short"]
)
SCHEDULES = st.lists(st.tuples(st.integers(1, 3000), COMMANDS), min_size=1, max_size=10)


def perform(schedule, cuts, **sine):
    """Run a schedule of (frames until the command, command), rendering in blocks of `cuts`."""
    mixer = Mixer(RATE, volume=0.7)
    out, step, key = [], 0, 0
    for frames, command in [*schedule, (4000, "resume")]:
        while frames:
            block = min(frames, cuts[step % len(cuts)])
            out.append(mixer.render(block))
            frames -= block
            step += 1
        key += 1
        if command == "play":
            mixer.play(key, Sine(phase=key, **sine), 0.2, 0.1)
        elif command == "short":
            mixer.play(key, Sine(seconds=0.05, frequency=20.0), 0.2, 0.1)
        elif command == "swap" and not mixer.idle:
            mixer.swap(key, Sine(phase=key, **sine))
        elif command in ("pause", "resume"):
            getattr(mixer, command)()
        elif command in ("stop", "leave"):
            getattr(mixer, command)(0.3)
        elif command in ("louder", "softer"):
            mixer.set_volume(0.9 if command == "louder" else 0.05)
    out.append(mixer.render(4000))
    return np.concatenate(out)


@settings(max_examples=60, deadline=None)
@given(SCHEDULES, st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_sound_does_not_depend_on_the_block_size(schedule, cuts):
    assert np.allclose(perform(schedule, cuts), perform(schedule, [100000]), atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3000), COMMANDS.filter(lambda name: name != "short")),
        min_size=1,
        max_size=10,
    )
)
def test_no_sequence_of_commands_clicks(schedule):
    out = perform(schedule, [64], amplitude=0.3)
    assert np.isfinite(out).all()
    assert abs(out).max() <= 1.0
    # up to three voices at once, plus the corners of their ramps
    assert roughness(out) < 4.5 * SMOOTH


def test_roughness_finds_a_click():
    sine = Sine().samples[:RATE] * np.linspace(0, 1, RATE, dtype=np.float32)[:, None]
    assert roughness(sine) < 1.1 * SMOOTH
    sine[4010:] = 0.0
    assert roughness(sine) > 4.5 * SMOOTH


def test_music_gives_way_to_a_voice_at_once_and_comes_back_without_a_click():
    mixer = Mixer(RATE, volume=0.5)
    tone = Sine()
    mixer.play(1, tone, 0.0, 0.0)
    before = mixer.render(RATE)
    mixer.duck(0.25)
    down = mixer.render(RATE)
    assert abs(down[round(DUCK * RATE) :]).max() == pytest.approx(0.05, abs=1e-3)
    mixer.set_volume(0.4)  # what is asked for meanwhile counts when it is over
    mixer.duck(1.0)
    up = mixer.render(3 * RATE)
    assert abs(up[2 * RATE :]).max() == pytest.approx(0.16, abs=1e-3)
    assert roughness(np.concatenate([before, down, up])) < 1.1 * roughness(before)
