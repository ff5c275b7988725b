from __future__ import annotations

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.encoding.audio_features import BANDS, RATE  # noqa: E402
from emo_music_ros.encoding.speech import SpeechModel  # noqa: E402
from emo_music_ros.encoding.voice_activity import Segment  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.training import speech  # noqa: E402


def clips(people=20, seed=0):
    """Return clips whose class is the place of the loudest band."""
    draw = np.random.default_rng(seed)
    result = []
    for actor in range(1, people + 1):
        for label in range(8):
            spectrum = draw.normal(-8, 1, (BANDS, int(draw.integers(16, 24))))
            spectrum[4 + 7 * label : 8 + 7 * label] += 8
            result.append(
                speech.Clip(
                    label,
                    actor,
                    (spectrum.astype(np.float16),),
                    (np.zeros(speech.PROSODY, np.float32),),
                )
            )
    return result


def test_damage_keeps_the_speech():
    draw = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 700 * np.arange(RATE) / RATE).astype(np.float32)
    for _ in range(20):
        result = speech.damage(tone, draw)
        assert result.dtype == np.float32
        assert np.abs(result).max() <= 1.0
        assert 0.9 * RATE < len(result) < 1.1 * RATE
        spectrum = np.abs(np.fft.rfft(result))
        peak = np.argmax(spectrum) * RATE / len(result)
        assert 630 < peak < 770


def test_files_are_labelled_by_their_names(tmp_path):
    folder = tmp_path / "ravdess" / "Actor_07"
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE)
    soundfile.write(folder / "03-01-05-02-01-01-07.flac", noise, RATE)
    soundfile.write(folder / "03-01-08-01-01-01-07.wav", np.repeat(noise, 3), 3 * RATE)
    first, second = speech.load(tmp_path, 0, variants=2)
    assert (first.label, first.actor) == (4, 7)
    assert (second.label, second.actor) == (7, 7)
    assert len(first.spectra) == len(first.prosodies) == 3
    assert first.spectra[0].shape[1] == pytest.approx(second.spectra[0].shape[1], abs=2)
    with pytest.raises(InputError, match="RAVDESS"):
        speech.load(tmp_path / "absent", 0)


def test_padding_hardly_changes_the_answer():
    network = speech.SpeechNetwork().eval()
    some = [clip.spectra[0].astype(np.float32) for clip in clips(1)]
    none = [np.zeros(speech.PROSODY, np.float32)] * len(some)
    with torch.no_grad():
        together = network(*speech.collate(some, none))[0]
        alone = torch.cat(
            [
                network(torch.from_numpy(one)[None], torch.zeros(1, speech.PROSODY))[0]
                for one in some
            ]
        )
    torch.testing.assert_close(together, alone, atol=0.03, rtol=0.05)


def test_folds_never_hear_the_actor_they_judge(monkeypatch):
    heard = []
    everything = clips()
    monkeypatch.setattr(
        speech, "fit", lambda part, seed, epochs: heard.append({c.actor for c in part})
    )
    judged = []

    def infer(network, part):
        judged.append({clip.actor for clip in part})
        return np.zeros((len(part), 8), np.float32)

    monkeypatch.setattr(speech, "infer", infer)
    speech.cross_validate(everything, 0, 1)
    assert len(heard) == speech.FOLDS
    for known, new in zip(heard, judged):
        assert not known & new
        assert known | new == set(range(1, 21))
        assert sum(actor % 2 for actor in new) == 2  # two men, two women


def test_training_learns_and_leaves_a_usable_model(tmp_path, monkeypatch):
    monkeypatch.setattr(speech, "load", lambda data, seed: clips(8))
    monkeypatch.setattr(speech, "FOLDS", 2)
    monkeypatch.setattr(speech, "AVERAGING", 0.8)
    monkeypatch.setattr(speech.cross_validate, "__defaults__", (2,))
    figures = speech.train(tmp_path, tmp_path, seed=0, epochs=12)
    assert figures["unweighted average recall"] > 0.4
    judge = SpeechModel(tmp_path)
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    estimate, embedding, _ = judge(Segment(noise, 0, 0.01, 0.001))
    assert embedding.shape == (speech.EMBEDDING,)
    assert estimate.probabilities.shape == (8,)
    card = (tmp_path / "speech.md").read_text()
    assert "unweighted average recall, women" in card
    assert "none heard in training" in card
