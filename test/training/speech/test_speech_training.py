from __future__ import annotations

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

from emo_music_ros.emotion import RAVDESS  # noqa: E402
from emo_music_ros.encoding.speech.audio_features import BANDS, RATE, features  # noqa: E402
from emo_music_ros.encoding.speech.encoder import SpeechModel  # noqa: E402
from emo_music_ros.encoding.speech.functionals import COUNT, functionals  # noqa: E402
from emo_music_ros.encoding.speech.voice_activity import Segment  # noqa: E402
from emo_music_ros.errors import InputError  # noqa: E402
from emo_music_ros.training.corpora.base import Corpus  # noqa: E402
from emo_music_ros.training.shared.work import Work  # noqa: E402
from emo_music_ros.training.speech import clips as speech_clips  # noqa: E402
from emo_music_ros.training.speech import comparison  # noqa: E402
from emo_music_ros.training.speech import network as networks  # noqa: E402
from emo_music_ros.training.speech import run as speech  # noqa: E402
from emo_music_ros.training.speech.clips import prepare_clips  # noqa: E402
from emo_music_ros.training.speech.conditions import CONDITIONS  # noqa: E402


def corpus(people=8, each=1, seed=0):
    """Return short buzzes whose class is the height and movement of their pitch."""
    draw = np.random.default_rng(seed)
    items, labels, actors = [], [], []
    for actor in range(1, people + 1):
        for label in range(8):
            for _ in range(each):
                time = np.arange(int(draw.uniform(0.5, 0.6) * RATE)) / RATE
                hertz = 90 * 1.2**label * (1 + 0.2 * (label % 2) * time) * draw.uniform(0.98, 1.02)
                phase = 2 * np.pi * np.cumsum(hertz) / RATE
                wave = sum(np.sin(n * phase) / n for n in range(1, 12))
                wave = 0.1 * wave + draw.normal(0, 1e-3, len(time))
                items.append(wave.astype(np.float32))
                labels.append(label)
                actors.append(actor)
    people = np.array(actors)
    return Corpus(
        *("RAVDESS speech", "made up", "none", items, np.array(labels), RAVDESS, people, "actors"),
        {"sex": np.where(people % 2 == 1, "male", "female")},
    )


def clips(count=24, seed=0):
    """Return clips whose class is the place of the loudest band and one of the statistics."""
    draw = np.random.default_rng(seed)
    result = []
    for index in range(count):
        label, steps = index % 8, int(draw.integers(16, 24))
        spectrum = draw.normal(-8, 1, (BANDS, steps)).astype(np.float32)
        spectrum[4 + 7 * label : 8 + 7 * label] += 8
        statistics = draw.normal(size=(1, COUNT)).astype(np.float32)
        statistics[0, 8 * label : 8 * label + 8] += 2
        contour = np.zeros((networks.CONTOUR, steps), np.float32)
        result.append(networks.Clip(label, (spectrum,), (contour,), statistics))
    return result


@pytest.fixture
def small(monkeypatch):
    """Make a training of seconds."""
    monkeypatch.setattr(speech_clips, "COPIES", 1)
    monkeypatch.setattr(prepare_clips, "__defaults__", (0, 1))
    monkeypatch.setattr(speech, "FOLDS", 2)
    monkeypatch.setattr(networks, "SEQUENCES", 1)
    monkeypatch.setattr(networks, "WHOLES", 1)
    monkeypatch.setattr(networks, "AVERAGING", 0.8)
    quick = networks.Course(epochs=4, batch=16, rate=5e-3, decay=0.01, clean=0.5)
    monkeypatch.setattr(networks.fit_sequence, "__defaults__", (quick,))
    whole = networks.Course(epochs=30, batch=16, rate=5e-3, decay=0.01, clean=0.5)
    monkeypatch.setattr(networks.fit_whole, "__defaults__", (whole,))
    monkeypatch.setattr(speech.ravdess, "files", lambda data: [data])
    monkeypatch.setattr(speech.ravdess, "load", lambda data: corpus(4))


def test_padding_does_not_change_the_answer():
    torch.manual_seed(0)
    network = networks.SequenceNetwork().eval()
    some = clips()
    with torch.no_grad():
        together = network(
            *networks.pad([c.spectra[0] for c in some], [c.contours[0] for c in some])
        )
        alone = torch.cat(
            [network(*networks.pad(clip.spectra, clip.contours)[:2])[0] for clip in some]
        )
    # the recurrent layer hears the silence of the padding backwards: that alone may differ
    torch.testing.assert_close(together[0], alone, atol=0.03, rtol=0.05)


def test_the_gain_does_not_change_the_answer():
    network = networks.SequenceNetwork().eval()
    mel, contour, _ = networks.pad(clips()[0].spectra, clips()[0].contours)
    with torch.no_grad():
        torch.testing.assert_close(network(mel, contour)[0], network(mel + 5, contour)[0])


def test_warping_moves_bands_and_time_but_keeps_what_it_is():
    draw = torch.Generator().manual_seed(0)
    some = clips(8)
    mel, contour, lengths = networks.pad(
        [c.spectra[0] for c in some], [c.contours[0] for c in some]
    )
    warped, line, other = networks.warp(mel, contour + 0.5, lengths, draw)
    assert warped.shape[0] == line.shape[0] == 8
    assert warped.shape[2] == line.shape[2] == int(other.max())
    assert torch.isfinite(warped).all()
    assert ((other / lengths - 1).abs() < 0.3).all()
    before = mel[0, :, : lengths[0]].mean(dim=1).argmax()
    after = warped[0, :, : other[0]].mean(dim=1).argmax()
    assert abs(int(before) - int(after)) <= 8


def test_both_kinds_of_networks_learn(monkeypatch):
    monkeypatch.setattr(networks, "AVERAGING", 0.8)  # the training is short
    known, new = clips(64), clips(32, seed=1)
    truth = torch.tensor([clip.label for clip in new])
    whole = networks.fit_whole(known, 0, networks.Course(30, 16, 5e-3, 0.01, 0.5))
    with torch.no_grad():
        found = whole(torch.from_numpy(np.stack([clip.statistics[0] for clip in new])))
    assert (found.argmax(dim=1) == truth).float().mean() > 0.6
    sequence = networks.fit_sequence(known, 0, networks.Course(25, 16, 5e-3, 0.01, 0.5))
    with torch.no_grad():
        found = sequence(*networks.pad([c.spectra[0] for c in new], [c.contours[0] for c in new]))[
            0
        ]
    assert (found.argmax(dim=1) == truth).float().mean() > 0.4


def test_training_is_repeated_by_its_seed():
    course = networks.Course(2, 16, 5e-3, 0.01, 0.5)
    one, two = (networks.weights(networks.fit_whole(clips(), 5, course)) for _ in range(2))
    other = networks.weights(networks.fit_whole(clips(), 6, course))
    for name, value in one.items():
        np.testing.assert_array_equal(value, two[name])
    assert any(not np.array_equal(value, other[name]) for name, value in one.items())


def test_kept_features_are_those_of_run_time(tmp_path, small):
    made = corpus(2)
    (first, *_) = prepare_clips(made, Work(tmp_path))
    found = features(made.items[0])
    np.testing.assert_allclose(first.statistics[0], functionals(found), atol=1e-4)
    np.testing.assert_allclose(first.spectra[0], networks.halve(found.mel), atol=0.02)
    assert len(first.spectra) == len(first.contours) == len(first.statistics) == 2
    again = prepare_clips(made, Work(tmp_path, frozen=True))
    np.testing.assert_array_equal(
        again[3].spectra[1], prepare_clips(made, Work(tmp_path))[3].spectra[1]
    )


def test_folds_never_hear_the_actor_they_judge():
    made = corpus(20)
    protocol = speech.folds_by_actor(made)
    assert len(protocol.folds) == speech.FOLDS
    for known, new in protocol.folds:
        heard, judged = set(made.people[known]), set(made.people[new])
        assert not heard & judged
        assert heard | judged == set(range(1, 21))
        assert sum(actor % 2 for actor in judged) == 2  # two men, two women


def test_training_leaves_a_usable_model_and_goes_on_where_it_was(tmp_path, small):
    work = Work(tmp_path / "work")
    figures = speech.train(tmp_path, tmp_path, work)
    assert figures["UAR"] > 0.3
    steps = {path.name for path in work.folder.iterdir()}
    (frozen,) = speech.evaluate(tmp_path, Work(tmp_path / "work", frozen=True))
    assert frozen.measures["UAR"]["value"] == figures["UAR"]
    assert {path.name for path in work.folder.iterdir()} == steps
    judge = SpeechModel(tmp_path)
    item = corpus().items[3]
    estimate, embedding, _ = judge(Segment(item, 0, 0.01, 1e-6))
    assert embedding.shape == (networks.EMBEDDING,)
    assert estimate.probabilities.shape == (8,)
    assert estimate.labels == RAVDESS
    card = (tmp_path / "speech.md").read_text()
    assert "UAR, women" in card
    assert "by actor" in card
    with pytest.raises(InputError, match="int8"):
        speech.train(tmp_path, tmp_path, work, precision="int8")


def test_all_tables(tmp_path, small, monkeypatch):
    monkeypatch.setattr(comparison, "opensmile_peer", lambda corpus, work: None)
    chosen = {name: CONDITIONS[name] for name in ("babble, 0 dB, reduced",)}
    monkeypatch.setattr(speech, "CONDITIONS", chosen)
    monkeypatch.setattr(comparison.baselines.fit_sequences, "__defaults__", (0, 2, 32, 2e-3))
    results = speech.evaluate(tmp_path, Work(tmp_path / "work"), leaky=True, baselines=True)
    ours, *rest = results
    assert ours.candidate == "emo_music_ros"
    assert not ours.leaky
    assert ours.measures["UAR"]["trivial"] == pytest.approx(1 / 8)
    assert ours.people == 4
    assert set(ours.groups["sex"]) == {"male", "female"}
    names = [result.candidate for result in rest]
    assert {"CNN on log-Mel", "LSTM on MFCC", "statistics alone"} <= set(names)
    assert "8 emotions, babble, 0 dB, reduced" in {result.task for result in rest}
    assert [result.leaky for result in rest].count(True) == 1
    for result in results:
        assert np.isfinite(result.probabilities).all()
        np.testing.assert_allclose(result.probabilities.sum(axis=1), 1, atol=1e-4)


def test_another_corpus_is_answered_in_its_own_classes(tmp_path):
    (tmp_path / "wav").mkdir()
    names = ("03a01Fa", "03a01Wa", "08a01Nb", "08a02Td")
    for name, item in zip(names, corpus(1).items):
        soundfile.write(tmp_path / "wav" / f"{name}.wav", item, RATE)
    (result,) = speech.evaluate(tmp_path, Work(tmp_path / "work"))
    assert result.corpus == "EMO-DB"
    assert "never trained" in result.protocol
    assert result.probabilities.shape == (4, 6)
    assert set(result.groups["sex"]) == {"male", "female"}
    with pytest.raises(InputError, match="neither RAVDESS"):
        speech.evaluate(tmp_path / "absent", Work(tmp_path / "work"))
