# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emo_music_ros import emotion, plugins
from emo_music_ros import states as state_evidence
from emo_music_ros.encoding.music import model as music
from emo_music_ros.encoding.music import pieces
from emo_music_ros.encoding.music import spectrum as music_spectrum
from emo_music_ros.encoding.music.encoder import (
    CnnMusicEncoder,
    ForestMusicEncoder,
    MusicEncoder,
    predict_music,
)
from emo_music_ros.encoding.music.model import WIDTH, Answers, MusicModel
from emo_music_ros.encoding.music.pieces import analyse
from emo_music_ros.encoding.music.spectrum import SAMPLE_RATE
from emo_music_ros.errors import InputError, ModelError
from emo_music_ros.io.midi import Note, Part
from emo_music_ros.io.synthesis import render, set_level
from emo_music_ros.resources import share
from emo_music_ros.streams import AudioBlock, Encoding, Utterance

RATE = SAMPLE_RATE


def piece(
    pitches: list[int], beat: float, seconds: float, program: int = 0, velocity: int = 90
) -> np.ndarray:
    """A pattern of notes repeated on a sampled instrument, mono at 22,050 Hz."""
    count = int(seconds / beat)
    notes = tuple(
        Note(i * beat, (i + 0.9) * beat, pitches[i % len(pitches)], velocity) for i in range(count)
    )
    audio = set_level(render([Part(notes, program)], RATE, tail=0.5))
    return audio.mean(axis=1)[: int(seconds * RATE)].astype(np.float32)


@pytest.fixture(scope="module")
def tune() -> np.ndarray:
    return piece([60, 64, 67, 72, 67, 64], 0.25, 26.0)


def listen(
    encoder: MusicEncoder,
    audio: np.ndarray,
    sizes: list[int],
    rate: int = RATE,
    start: float = 100.0,
    source: str = "simulated:test",
) -> list[Encoding]:
    found: list[Encoding] = []
    position = turn = 0
    while position < len(audio):
        block = audio[position : position + sizes[turn % len(sizes)]]
        found += encoder.push(
            AudioBlock(start + position / rate, block, rate, position, source=source)
        )
        position += len(block)
        turn += 1
    return found


@pytest.fixture(scope="module")
def encoder() -> MusicEncoder:
    return MusicEncoder()


@pytest.fixture(scope="module")
def golden(encoder: MusicEncoder, tune: np.ndarray) -> list[Encoding]:
    encoder.reset()
    return listen(encoder, tune, [len(tune)])


def test_windows_come_every_hop(golden: list[Encoding]) -> None:
    assert [encoding.window_start for encoding in golden] == pytest.approx([100, 105, 110, 115])
    assert [encoding.time for encoding in golden] == pytest.approx([110, 115, 120, 125])
    first = golden[0]
    assert first.modality == "music"
    assert first.source == "simulated:test"
    assert first.estimate.labels == emotion.QUADRANTS
    assert float(first.estimate.probabilities.sum()) == pytest.approx(1.0, abs=1e-5)
    assert first.estimate.quality > 0.8
    assert state_evidence.states_from(first.estimate) is not None


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(50, 60000), min_size=1, max_size=4))
def test_block_sizes_do_not_matter(sizes: list[int]) -> None:
    encoder, audio, expected = _prepared()
    encoder.reset()
    found = listen(encoder, audio, sizes)
    assert [e.time for e in found] == pytest.approx([e.time for e in expected])
    for mine, theirs in zip(found, expected):
        np.testing.assert_allclose(
            mine.estimate.probabilities, theirs.estimate.probabilities, atol=1e-6
        )
        np.testing.assert_allclose(mine.embedding, theirs.embedding, atol=1e-6)


_PREPARED: list[tuple[MusicEncoder, np.ndarray, list[Encoding]]] = []


def _prepared() -> tuple[MusicEncoder, np.ndarray, list[Encoding]]:
    if not _PREPARED:
        encoder = MusicEncoder()
        audio = piece([57, 60, 64, 69], 0.2, 16.0)
        _PREPARED.append((encoder, audio, listen(encoder, audio, [len(audio)])))
    return _PREPARED[0]


def test_other_rates_are_resampled(encoder: MusicEncoder, tune: np.ndarray) -> None:
    wide = soxr.resample(tune, RATE, 44100).astype(np.float32)
    encoder.reset()
    found = listen(encoder, wide, [4410], rate=44100)
    encoder.reset()
    expected = listen(encoder, tune, [2205])
    assert len(found) >= len(expected) - 1
    for mine, theirs in zip(found, expected):
        assert mine.time == pytest.approx(theirs.time, abs=1e-3)
        assert mine.estimate.valence == pytest.approx(theirs.estimate.valence, abs=0.1)
        assert mine.estimate.arousal == pytest.approx(theirs.estimate.arousal, abs=0.1)


def test_silence_says_nothing(encoder: MusicEncoder) -> None:
    encoder.reset()
    assert listen(encoder, np.zeros(12 * RATE, np.float32), [4096]) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.7])
def test_bad_signal_never_raises(encoder: MusicEncoder, value: float) -> None:
    encoder.reset()
    for encoding in listen(encoder, np.full(11 * RATE, value, np.float32), [4096]):
        assert np.isfinite(encoding.estimate.probabilities).all()
        assert 0.0 <= encoding.estimate.quality <= 1.0


def test_a_gap_begins_anew(encoder: MusicEncoder, tune: np.ndarray) -> None:
    encoder.reset()
    half = 8 * RATE
    encoder.push(AudioBlock(0.0, tune[:half], RATE, 0))
    found = encoder.push(AudioBlock(9.0, tune[:half], RATE, half + RATE))
    assert found == []
    found = encoder.push(AudioBlock(17.0, tune[: 6 * RATE], RATE, 2 * half + RATE))
    assert [encoding.window_start for encoding in found] == pytest.approx([9.0])


@pytest.mark.parametrize("change", ["source", "clock"])
def test_another_piece_begins_anew(encoder: MusicEncoder, tune: np.ndarray, change: str) -> None:
    encoder.reset()
    encoder.push(AudioBlock(0.0, tune[: 8 * RATE], RATE, 0, source="live:a"))
    source = "live:b" if change == "source" else "live:a"
    begin = 8.0 if change == "source" else 20.0
    found = encoder.push(AudioBlock(begin, tune[: 8 * RATE], RATE, 8 * RATE, source=source))
    assert found == []


def test_other_samples_are_ignored(encoder: MusicEncoder) -> None:
    assert encoder.push(Utterance(0.0, "la la la")) == []


def test_windows_further_apart_than_they_are_long(tune: np.ndarray) -> None:
    encoder = MusicEncoder(MusicEncoder.Options(window=5.0, hop=9.0))
    found = listen(encoder, tune, [700])
    assert [encoding.window_start for encoding in found] == pytest.approx([100.0, 109.0, 118.0])


def test_mood_follows_the_music() -> None:
    model = MusicModel()
    lively = analyse(piece([72, 76, 79, 84, 79, 76], 0.14, 20.0, velocity=110), model).mood.estimate
    quiet = analyse(piece([48, 51, 55], 1.6, 20.0, velocity=45), model).mood.estimate
    assert lively.arousal > quiet.arousal + 0.3
    assert lively.valence > quiet.valence


@pytest.mark.parametrize("plugin", [ForestMusicEncoder, CnnMusicEncoder])
def test_the_encoders_of_the_papers(plugin: type[MusicEncoder], tune: np.ndarray) -> None:
    encoder = plugin()
    assert encoder.modality == "music"
    found = listen(encoder, tune, [5000])
    assert len(found) == 4
    for encoding in found:
        assert encoding.estimate.labels == emotion.QUADRANTS
        assert float(encoding.estimate.probabilities.sum()) == pytest.approx(1.0, abs=1e-5)
        assert np.isfinite(encoding.embedding).all()
        assert encoding.features["tempo"] > 0


@pytest.mark.parametrize("name", ["music", "music_forest", "music_cnn"])
def test_the_models_hear_more_activity_in_lively_music(name: str) -> None:
    model = MusicModel(name)
    lively = analyse(piece([72, 76, 79, 84, 79, 76], 0.14, 20.0, velocity=110), model).mood.estimate
    quiet = analyse(piece([48, 51, 55], 1.6, 20.0, velocity=45), model).mood.estimate
    assert lively.arousal > quiet.arousal


def test_plugins_are_found_by_name() -> None:
    for name, kind in (
        ("music", MusicEncoder),
        ("music_forest", ForestMusicEncoder),
        ("music_cnn", CnnMusicEncoder),
    ):
        assert plugins.find("encoder", name) is kind


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    for name in ("music.onnx", "music.json"):
        (tmp_path / name).write_bytes(share("models", name).read_bytes())
    content = json.loads((tmp_path / "music.json").read_text("utf-8"))
    content["features"][3] = "something else"
    (tmp_path / "music.json").write_text(json.dumps(content), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emo_music_ros.io.model.share", lambda *parts: tmp_path)
        with pytest.raises(ModelError, match="other features"):
            MusicModel()


def test_a_model_that_is_trained_again_has_another_version() -> None:
    content = json.loads(share("models", "music.json").read_text("utf-8"))
    assert MusicModel().version == f"{content['version']}+{content['sha256'][:8]}"
    assert MusicEncoder().version == MusicModel().version  # by which a library knows its analyses


def test_a_piece_is_cut_into_windows() -> None:
    spectrum = music_spectrum.analyse(np.zeros(27 * RATE, np.float32))
    cut = pieces.windows(spectrum)
    assert [start for start, _ in cut] == [0, WIDTH, 2 * WIDTH]
    assert [len(part) for _, part in cut] == [WIDTH, WIDTH, len(spectrum) - 2 * WIDTH]
    short = music_spectrum.analyse(np.zeros(2 * RATE, np.float32))
    assert [len(part) for _, part in pieces.windows(short)] == [len(short)]


def test_a_temperature_sharpens_or_softens() -> None:
    table = np.array([[0.6, 0.2, 0.1, 0.1], [1.0, 0.0, 0.0, 0.0]])
    np.testing.assert_allclose(music.tempered(table, 1.0), table, atol=1e-5)
    sharp = music.tempered(table, 0.5)
    np.testing.assert_allclose(sharp[0], np.array([36, 4, 1, 1]) / 42)
    assert music.tempered(table, 2.0)[0, 0] < 0.6
    assert (music.tempered(table, 5.0) > 0).all()


def test_a_file_and_a_stream_are_judged_alike(tune: np.ndarray, golden: list[Encoding]) -> None:
    model = MusicModel()
    whole = analyse(tune[: 20 * RATE], model).mood.estimate
    mean = np.mean([golden[i].estimate.probabilities for i in (0, 2)], axis=0)
    golden_whole = music.tempered(mean, model.piece_temperature)
    np.testing.assert_allclose(whole.probabilities, golden_whole, atol=0.05)


def test_files_are_judged(tmp_path: Path, tune: np.ndarray) -> None:
    for ending in ("wav", "flac", "ogg", "mp3"):
        soundfile.write(tmp_path / f"a.{ending}", np.stack([tune, tune], axis=1), RATE)
    soundfile.write(tmp_path / "still.wav", np.zeros(3 * RATE), RATE)
    (tmp_path / "fake.mp3").write_text("not music")
    names = ["a.wav", "a.flac", "a.ogg", "a.mp3", "still.wav", "fake.mp3", "absent.wav"]
    results = list(predict_music(tmp_path / name for name in names))
    assert [Path(result["input"]).name for result in results] == names
    for result in results:
        json.dumps(result, allow_nan=False)
    reference = results[0]
    assert reference["labels"] == list(emotion.QUADRANTS)
    assert sum(reference["probabilities"]) == pytest.approx(1.0, abs=1e-5)
    for result in results[1:4]:
        assert result["valence"] == pytest.approx(reference["valence"], abs=0.2)
        assert result["arousal"] == pytest.approx(reference["arousal"], abs=0.2)
    for result in results[:4]:
        assert set(result["felt"]) == set(emotion.GEMS)
        assert all(0 <= value <= 1 for value in (*result["felt"].values(), result["liked"]))
        for name, value in result["felt"].items():
            assert value == pytest.approx(reference["felt"][name], abs=0.15)
    assert results[4]["probabilities"] == []
    assert results[4]["valence"] is results[4]["felt"] is results[4]["liked"] is None
    assert all("error" in result for result in results[5:])


def test_the_models_of_the_papers_do_not_say_what_is_felt(tmp_path: Path, tune: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", tune, RATE)
    for name in ("music_forest", "music_cnn"):
        (result,) = predict_music([tmp_path / "a.wav"], name)
        assert len(result["probabilities"]) == 4
        assert result["felt"] is result["liked"] is None
        assert -1 <= result["dominance"] <= 1


def test_a_piece_is_the_weighted_mean_of_its_windows() -> None:
    model = MusicModel()
    quadrants = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7]])
    answers = Answers(quadrants, np.array([0.5, -0.5]), np.eye(10)[:2], np.zeros((2, 3)))
    mood = model.mood(answers, np.array([3.0, 1.0]), 0.5)
    expected = music.tempered(np.array([0.55, 0.1, 0.1, 0.25]), model.piece_temperature)
    np.testing.assert_allclose(mood.estimate.probabilities, expected, rtol=1e-5)
    assert mood.estimate.dominance == pytest.approx(0.25)
    assert mood.estimate.quality == 0.5
    assert list(mood.felt) == list(emotion.GEMS)
    assert (mood.felt["amazement"], mood.felt["solemnity"], mood.liked) == (0.75, 0.25, 0)
    words = model.mood(Answers(quadrants, None, None, quadrants), np.ones(2), 1.0)
    by_words = emotion.from_labels(emotion.QUADRANTS, words.estimate.probabilities)
    assert words.estimate.dominance == pytest.approx(by_words.dominance)
    assert words.felt == {}
    assert np.isnan(words.liked)


def test_midi_files_are_rendered(tmp_path: Path) -> None:
    pretty_midi = pytest.importorskip("pretty_midi")
    score = pretty_midi.PrettyMIDI()
    piano = pretty_midi.Instrument(0)
    piano.notes = [pretty_midi.Note(90, 60 + i % 12, i * 0.3, i * 0.3 + 0.25) for i in range(40)]
    score.instruments.append(piano)
    score.write(str(tmp_path / "a.mid"))
    (tmp_path / "b.mid").write_bytes(b"MThd")
    good, bad = predict_music([tmp_path / "a.mid", tmp_path / "b.mid"])
    assert len(good["probabilities"]) == 4
    assert "b.mid" in bad["error"]


def test_only_the_middle_of_a_long_file_is_heard(tmp_path: Path) -> None:
    quiet, loud = np.zeros(20 * RATE), 0.2 * np.sin(np.arange(130 * RATE) * 0.1)
    soundfile.write(tmp_path / "long.wav", np.concatenate([quiet, loud, quiet]), RATE)
    audio, duration = pieces.read_audio(tmp_path / "long.wav")
    assert duration == pytest.approx(170.0)
    assert len(audio) == 120 * RATE
    assert np.abs(audio[:RATE]).max() > 0.1


def test_a_short_file_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "click.wav", np.ones(1000) * 0.1, RATE)
    with pytest.raises(InputError, match="click.wav"):
        pieces.read_audio(tmp_path / "click.wav")


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match="absent.onnx"):
        MusicEncoder(MusicEncoder.Options(model="absent"))


def test_estimate_of_the_quadrants() -> None:
    corner = music.estimate(np.array([1, 0, 0, 0], np.float32))
    assert (corner.valence, corner.arousal) == (1.0, 1.0)
    even = music.estimate(np.full(4, 0.25, np.float32))
    assert (even.valence, even.arousal) == (0.0, 0.0)
    assert even.confidence == pytest.approx(0.0, abs=1e-6)
