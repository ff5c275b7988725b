# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros.playback.envelope import FLOOR, decibels
from emo_music_ros.playback.level import FALL, RISE, SILENCE, STEP, STEP_TIME
from emo_music_ros.playback.mixer import FADE_IN, HOLE, KNEE, Ending, Mixer, guard
from emo_music_ros.playback.voices import GLIDE, Loudness

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

    @property
    def ready(self):
        return len(self.samples) - self.position

    def read(self, frames):
        block = self.samples[self.position : self.position + frames]
        self.position += len(block)
        return block


class Dry(Sine):
    ready = 0

    def read(self, frames):
        return np.zeros((0, 2), np.float32)


class Flat(Sine):
    """The same value for ever: what comes out shows the gain."""

    def __init__(self, value=0.2, seconds=600.0):
        super().__init__(0.0)
        self.value, self.left, self.complete = value, round(seconds * RATE), True

    @property
    def ready(self):
        return self.left

    def read(self, frames):
        count = min(frames, self.left)
        self.left -= count
        return np.full((count, 2), self.value, np.float32)


def loud(mixer, source, key=1, **more):
    """Start a source and let it come to its level."""
    mixer.play(key, source, 4.0, 0.0, **more)
    mixer.render(8 * RATE)
    return mixer


def steps(gains, window=STEP_TIME):
    """Return the largest change of the level [dB] within a time [s]."""
    length = round(window * RATE)
    level = 20 * np.log10(np.abs(gains) + FLOOR)
    return float(np.abs(level[length:] - level[:-length]).max())


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
    mixer.play(1, source, crossfade=4.0, fade_in=3.0)
    out = mixer.render(4 * RATE)
    assert np.array_equal(out[3 * RATE :], source.samples[3 * RATE : 4 * RATE])
    assert abs(out[:100]).max() < 0.001  # begins from silence
    assert abs(out[: 2 * RATE]).max() < 0.1
    assert mixer.consumed(1) == 4 * RATE


def test_volume_is_applied():
    mixer = loud(Mixer(RATE, volume=0.5), Sine())
    assert abs(mixer.render(RATE)).max() == pytest.approx(0.2, abs=0.001)
    assert mixer.level == 0.5


def test_cross_fade_keeps_the_power_of_unrelated_tracks():
    mixer = loud(Mixer(RATE), Sine(frequency=220))
    mixer.play(2, Sine(frequency=311), crossfade=2.0, fade_in=3.0)
    fade = mixer.render(2 * RATE)
    power = (fade.astype(float) ** 2).mean(axis=1).reshape(-1, RATE // 4).mean(axis=1)
    assert np.allclose(power, 0.08, rtol=0.15)
    assert [ending[:2] for ending in mixer.take_endings()] == [(1, Ending.FADED)]
    assert mixer.consumed(1) is None


def test_pause_fades_out_and_resume_fades_in_where_it_was():
    source = Flat()
    mixer = loud(Mixer(RATE), source)
    mixer.pause()
    paused = mixer.render(3 * RATE)
    fade = round(SILENCE * RATE)
    assert paused[fade - 10].any()
    assert not paused[fade + 1 :].any()
    assert mixer.paused
    assert mixer.consumed(1) == pytest.approx(8 * RATE + fade, abs=2)
    mixer.resume()
    again = mixer.render(5 * RATE)
    assert again[-1, 0] == np.float32(0.2)
    assert again[round((FADE_IN - 0.1) * RATE), 0] < 0.2
    assert steps(np.concatenate([paused, again])[RATE:, 0] / 0.2) <= STEP


@pytest.mark.parametrize("fade", [1.4, SILENCE, 1.8])
@pytest.mark.parametrize("volume", [1.0, 0.3])
def test_stop_is_over_within_two_seconds(fade, volume):
    mixer = loud(Mixer(RATE, volume), Flat())
    mixer.stop(fade)
    assert mixer.fading
    out = mixer.render(3 * RATE)
    assert out[RATE // 2].any()
    assert not out[round(fade * RATE) + 1 :].any()
    assert mixer.idle
    assert [ending[:2] for ending in mixer.take_endings()] == [(1, Ending.FADED)]


def test_play_during_a_stop_begins_from_silence_when_that_is_over():
    mixer = loud(Mixer(RATE), Flat(0.2))
    mixer.stop()
    mixer.render(RATE // 2)
    new = Flat(-0.2)
    mixer.play(2, new, crossfade=4.0, fade_in=3.0)
    out = mixer.render(6 * RATE)[:, 0]
    begins = int(np.flatnonzero(out < 0)[0])
    assert begins == pytest.approx(RATE, abs=2)
    assert (np.diff(out[: begins - 1]) <= 0).all()  # what was stopped never comes back
    assert out[-1] == np.float32(-0.2)
    assert steps(out[RATE // 2 :] / 0.2) <= STEP
    assert mixer.take_endings()[0][:2] == (1, Ending.FADED)


def test_a_pause_during_a_skip_holds_what_comes_next():
    mixer = loud(Mixer(RATE), Flat())
    mixer.stop()
    mixer.play(2, Flat(), 4.0, 3.0)
    mixer.pause()
    mixer.render(3 * RATE)
    assert mixer.paused
    assert not mixer.render(RATE).any()
    mixer.resume()
    assert mixer.render(4 * RATE)[-1].any()


def test_a_second_choice_during_a_stop_replaces_the_first():
    mixer = loud(Mixer(RATE), Flat())
    mixer.stop()
    mixer.play(2, Flat(), 4.0, 3.0)
    mixer.play(3, Flat(), 4.0, 3.0)
    mixer.render(3 * RATE)
    assert mixer.consumed(3)
    assert {ending[:2] for ending in mixer.take_endings()} == {
        (1, Ending.FADED),
        (2, Ending.FADED),
    }
    mixer.stop()
    mixer.play(4, Flat(), 4.0, 3.0)
    mixer.stop()  # also forgets what was to come
    mixer.render(3 * RATE)
    assert mixer.idle


def test_play_while_paused_does_not_bring_the_old_track_back():
    old = Sine()
    mixer = loud(Mixer(RATE), old)
    mixer.pause()
    mixer.render(2 * RATE)
    heard = old.position
    mixer.play(2, Sine(frequency=100), crossfade=4.0, fade_in=3.0)
    mixer.render(RATE)
    assert old.position == heard
    assert not mixer.paused
    assert [ending[:2] for ending in mixer.take_endings()] == [(1, Ending.FADED)]


def test_swap_keeps_a_pause():
    mixer = loud(Mixer(RATE), Sine())
    mixer.pause()
    mixer.render(2 * RATE)
    mixer.swap(2, Sine(frequency=100), 3.0)
    assert not mixer.render(RATE).any()
    mixer.resume()
    assert mixer.render(RATE).any()


def test_a_jump_within_a_track_is_faded_and_never_louder_than_the_track():
    mixer = loud(Mixer(RATE), Flat())
    mixer.swap(2, Flat(), 3.0)  # the same sound: it must not add up
    out = mixer.render(4 * RATE)[:, 0]
    assert out.max() <= 0.2001
    assert mixer.consumed(1) is None
    mixer.swap(3, Flat(-0.2), 3.0)
    out = mixer.render(4 * RATE)[:, 0]
    assert int(np.flatnonzero(out < 0)[0]) > RATE
    assert out[-1] == np.float32(-0.2)


def test_volume_rises_and_falls_no_faster_than_allowed():
    mixer = loud(Mixer(RATE, volume=0.1), Flat())
    mixer.set_volume(0.8)
    up = mixer.render(6 * RATE)[:, 0].astype(float) / 0.2
    assert up[-1] == pytest.approx(0.8)
    assert steps(up[1000:], 1.0) <= RISE + 0.1
    mixer.set_volume(0.1)
    down = mixer.render(2 * RATE)[:, 0].astype(float) / 0.2
    assert down[-1] == pytest.approx(0.1)
    assert decibels(down[round(0.1 * RATE)], down[0]) <= FALL * 0.1 + 0.01


def test_music_gives_way_to_a_voice_within_half_a_second_and_comes_back():
    tone = Sine()
    mixer = loud(Mixer(RATE, volume=0.5), tone)
    before = mixer.render(RATE)
    mixer.duck(0.25)
    down = mixer.render(RATE)
    assert abs(down[RATE // 2 :]).max() == pytest.approx(0.05, abs=1e-3)
    mixer.set_volume(0.4)  # what is asked for meanwhile counts when it is over
    mixer.duck(1.0)
    up = mixer.render(3 * RATE)
    assert abs(up[5 * RATE // 2 :]).max() == pytest.approx(0.16, abs=1e-3)
    assert roughness(np.concatenate([before, down, up])[2:]) < 1.1 * roughness(before[2:]) + 0.2


def test_several_commands_at_once_are_no_faster_than_one():
    mixer = loud(Mixer(RATE), Flat())
    mixer.duck(0.1)
    mixer.set_volume(0.2)
    mixer.stop()
    out = mixer.render(2 * RATE)[:, 0] / 0.2
    assert steps(np.concatenate([np.ones(RATE), out])[RATE // 2 :]) <= STEP
    assert not out[round(SILENCE * RATE) + 1 :].any()


def test_the_level_takes_over_when_a_track_ends_while_it_is_faded_over():
    """A track that comes in over one that ends would otherwise begin anew from its own fade."""
    mixer = Mixer(RATE)
    mixer.play(1, Flat(seconds=8.3), 4.0, 3.0)
    mixer.render(8 * RATE)
    mixer.play(2, Flat(), 4.0, 3.0)
    out = mixer.render(12 * RATE)[:, 0] / 0.2
    assert out[-1] == pytest.approx(1.0)
    after = out[round(0.3 * RATE) + 1 :]
    assert abs(np.diff(20 * np.log10(after + FLOOR))).max() <= 13.4 / RATE + 1e-4


def test_a_ceiling_keeps_the_loudest_moment_below_it_and_lets_go_when_the_track_is_over():
    mixer = Mixer(RATE)
    mixer.set_ceiling(-40.0)
    loud(mixer, Flat(), loudness=Loudness(1.0, -20.0))
    assert mixer.level == pytest.approx(0.1)
    assert mixer.limited
    mixer.play(2, Flat(), 4.0, 3.0, Loudness(1.0, -60.0))
    mixer.render(30 * RATE)
    assert mixer.level == 1.0
    assert not mixer.limited
    mixer.set_ceiling(-70.0)  # night begins
    out = mixer.render(3 * RATE)[:, 0]
    assert mixer.level == pytest.approx(10 ** (-10 / 20))
    assert abs(np.diff(20 * np.log10(out / 0.2 + FLOOR))).max() <= FALL / RATE + 1e-4


def test_neighbours_of_an_album_are_joined_sample_by_sample():
    whole = Sine(20.0)
    first, second = Sine(0.0), Sine(0.0)
    cut = 9 * RATE + 1234
    first.samples, second.samples = whole.samples[:cut], whole.samples[cut:]
    mixer = Mixer(RATE)
    mixer.play(1, first, 4.0, 3.0)
    heard = [mixer.render(512) for _ in range(120)]
    assert mixer.follow(2, second)
    assert mixer.consumed(2) is None
    heard += [mixer.render(511) for _ in range(150)]
    out = np.concatenate(heard)
    assert np.array_equal(out[4 * RATE :], whole.samples[4 * RATE : len(out)])
    assert mixer.take_endings() == [(1, Ending.FINISHED, cut)]
    assert mixer.consumed(2) == len(out) - cut


def test_a_follower_glides_from_the_gain_of_the_track_before_to_its_own():
    mixer = Mixer(RATE)
    mixer.play(1, Flat(seconds=9.0), 4.0, 3.0, Loudness(1.0))
    mixer.render(8 * RATE)
    mixer.follow(2, Flat(), Loudness(0.5))
    out = mixer.render(12 * RATE)[:, 0].astype(float) / 0.2
    assert steps(out[1000:], 1.0) <= GLIDE + 0.1
    assert out[-1] == pytest.approx(0.5)


def test_nothing_follows_what_is_stopped_and_a_jump_forgets_what_was_to_follow():
    mixer = loud(Mixer(RATE), Flat())
    mixer.stop()
    assert not mixer.follow(2, Flat())
    mixer = loud(Mixer(RATE), Flat(seconds=10.0))
    mixer.follow(2, Flat())
    mixer.swap(3, Flat(), 3.0)
    mixer.render(20 * RATE)
    assert (2, Ending.FADED, 0) in mixer.take_endings()
    assert not Mixer(RATE).follow(1, Flat())


def test_music_that_comes_back_after_a_hole_comes_slowly():
    source = Flat()
    source.complete = False
    mixer = loud(Mixer(RATE), source)
    left, source.left = source.left, 0
    for _ in range(20):
        mixer.render(round(HOLE * RATE / 10))
    source.left = left
    out = np.concatenate([mixer.render(100) for _ in range(4 * RATE // 100)])[:, 0] / 0.2
    assert steps(np.concatenate([np.zeros(RATE), out])) <= STEP
    assert out[-1] == pytest.approx(1.0)


def test_what_is_no_number_is_silence():
    source = Sine()
    source.samples[RATE : 2 * RATE] = np.nan
    source.samples[3 * RATE] = np.inf
    mixer = Mixer(RATE)
    mixer.play(1, source, 4.0, 0.1)
    out = mixer.render(4 * RATE)
    assert np.isfinite(out).all()
    assert not out[RATE : 2 * RATE].any()


def test_source_at_its_end_is_reported_and_the_rest_is_silence():
    mixer = Mixer(RATE)
    mixer.play(1, Sine(seconds=0.5), 0.0, 0.0)
    out = mixer.render(RATE)
    assert out[RATE // 2 - 10 : RATE // 2].any()
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


def test_guard_bends_only_what_is_too_loud():
    quiet = np.linspace(-KNEE, KNEE, 100, dtype=np.float32)[:, None].repeat(2, 1)
    assert np.array_equal(guard(quiet), quiet)
    loud = np.linspace(-3, 3, 601, dtype=np.float32)[:, None].repeat(2, 1)
    bent = guard(loud)
    assert abs(bent).max() <= 1.0
    assert (np.diff(bent[:, 0]) >= 0).all()
    assert guard(np.zeros((0, 2), np.float32)).shape == (0, 2)


COMMANDS = st.sampled_from(
    [
        *("play", "pause", "resume", "stop", "swap", "louder", "softer", "short", "follow"),
        *("duck", "unduck", "lower", "lift"),
    ]
)
SCHEDULES = st.lists(st.tuples(st.integers(1, 9000), COMMANDS), min_size=1, max_size=14)


def perform(schedule, cuts, make, look=lambda mixer: None):
    """Run a schedule of (frames until the command, command), rendering in blocks of `cuts`."""
    mixer = Mixer(RATE, volume=0.7)
    out, step, key = [], 0, 0
    for frames, command in [*schedule, (4000, "resume"), (4000, "")]:
        while frames:
            block = min(frames, cuts[step % len(cuts)])
            out.append(mixer.render(block))
            look(mixer)
            frames -= block
            step += 1
        key += 1
        loudness = Loudness(1.0, -20.0 - key % 5)
        if command == "play":
            mixer.play(key, make(key, 60.0), 4.0, 3.0, loudness)
        elif command == "short":
            mixer.play(key, make(key, 0.5), 4.0, 3.0, loudness)
        elif command == "follow":
            mixer.follow(key, make(key, 60.0), loudness)
        elif command == "swap" and not mixer.idle:
            mixer.swap(key, make(key, 60.0), 3.0, loudness)
        elif command in ("pause", "resume", "stop"):
            getattr(mixer, command)()
        elif command in ("louder", "softer"):
            mixer.set_volume(0.9 if command == "louder" else 0.05)
        elif command in ("duck", "unduck"):
            mixer.duck(0.25 if command == "duck" else 1.0)
        elif command in ("lower", "lift"):
            mixer.set_ceiling(-30.0 if command == "lower" else np.inf)
    return np.concatenate(out)


@settings(max_examples=30, deadline=None)
@given(SCHEDULES, st.lists(st.integers(60, 700), min_size=1, max_size=6))
def test_sound_does_not_depend_on_the_block_size(schedule, cuts):
    def make(key, seconds):
        return Sine(seconds, phase=key)

    assert np.allclose(perform(schedule, cuts, make), perform(schedule, [100000], make), atol=1e-5)


def power(mixer):
    """Return the gain of everything that sounds together, if no two voices are the same sound."""
    return mixer.level * np.sqrt(sum(each.envelope.gain**2 for each in mixer._voices))


BLOCK = 40


@settings(max_examples=60, deadline=None)
@given(SCHEDULES.map(lambda found: [each for each in found if each[1] != "short"]))
def test_no_sequence_of_commands_makes_a_step_or_a_click(schedule):
    gains = []
    out = perform(
        [(frames // BLOCK * BLOCK, command) for frames, command in schedule],
        [BLOCK],
        lambda key, seconds: Flat(0.2, seconds),
        lambda mixer: gains.append(power(mixer)),
    )
    assert np.isfinite(out).all()
    assert abs(np.diff(out[:, 0])).max() < 0.002
    assert steps(np.concatenate([np.zeros(RATE // BLOCK), gains]), STEP_TIME / BLOCK) <= STEP


def test_roughness_finds_a_click():
    sine = Sine().samples[:RATE] * np.linspace(0, 1, RATE, dtype=np.float32)[:, None]
    assert roughness(sine) < 1.1 * SMOOTH
    sine[4010:] = 0.0
    assert roughness(sine) > 4.5 * SMOOTH
