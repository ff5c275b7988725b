# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Heart, skin and brain beside neurokit2 and a torch EEGNet: accuracy and time of one update.

The signals are simulated with a known heart rate. Name the folder of an Empatica E4 export in
EMO_MUSIC_E4 to compare with the heart rate of the device (HR.csv) too.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.common import Row, alternate, installed
from emo_music_ros.encoding.eeg.encoder import LABELS, EegEncoder
from emo_music_ros.encoding.physiology import cardiac, electrodermal
from emo_music_ros.encoding.physiology.encoder import STREAMS, PhysiologyEncoder
from emo_music_ros.encoding.shared.buffer import Window
from emo_music_ros.encoding.shared.filters import StreamingFilter
from emo_music_ros.io.empatica import read_e4
from emo_music_ros.io.muse import MUSE_CHANNELS
from emo_music_ros.streams import BiosignalBlock

OURS = "emo_music_ros"
SECONDS = 60
RATES = {"ppg": 64, "ecg": 250, "eda": 8}
HEART_RATES = (52, 60, 68, 76, 84, 92, 100, 110)

Floats = NDArray[np.float64]


def window(kind: str, signal: Floats, rate: float | None = None) -> Window:
    """Return a signal [samples] as the encoder sees it."""
    stream = STREAMS[kind]
    rate = rate or RATES[kind]
    raw = signal[:, None]
    band = StreamingFilter(rate, *stream.band, order=stream.order)
    return Window(raw, band(raw), np.ones(raw.shape, bool), rate)


def our_rate(kind: str, signal: Floats) -> float:
    wave = cardiac.QRS if kind == "ecg" else cardiac.PULSE
    return cardiac.summarise(cardiac.find_beats(window(kind, signal), wave)).rate


def their_rate(kind: str, signal: Floats) -> float:
    import neurokit2 as nk

    rate = RATES[kind]
    if kind == "ecg":
        cleaned = nk.ecg_clean(signal, sampling_rate=rate)
        peaks = nk.ecg_peaks(cleaned, sampling_rate=rate)[1]["ECG_R_Peaks"]
    else:
        cleaned = nk.ppg_clean(signal, sampling_rate=rate)
        peaks = nk.ppg_findpeaks(cleaned, sampling_rate=rate)["PPG_Peaks"]
    return float(60 * rate / np.median(np.diff(peaks))) if len(peaks) > 2 else float("nan")


def simulated(kind: str) -> list[tuple[int, Floats]]:
    """Return minutes of heart signal with their rate; every second one is shaken for 10 s."""
    import neurokit2 as nk

    found = []
    for number, rate in enumerate(HEART_RATES):
        if kind == "ecg":
            signal = nk.ecg_simulate(
                SECONDS, sampling_rate=RATES[kind], heart_rate=rate, noise=0.05, random_state=number
            )
        else:
            signal = nk.ppg_simulate(
                SECONDS, sampling_rate=RATES[kind], heart_rate=rate, random_state=number
            )
        signal = np.asarray(signal, float)
        if number % 2:
            draw = np.random.default_rng(number)
            start = 20 * RATES[kind]
            shaken = slice(start, start + 10 * RATES[kind])
            steps = np.arange(10 * RATES[kind]) / RATES[kind]
            swing = np.sin(2 * np.pi * draw.uniform(1, 3) * steps + draw.uniform(0, 6))
            signal[shaken] += 3 * np.ptp(signal) * swing
        found.append((rate, signal))
    return found


def rows(
    calls: dict[str, tuple[str, Callable[[], object]]], notes: dict[str, str] | None = None
) -> list[Row]:
    times = alternate({name: call for name, (_, call) in calls.items()})
    return [
        Row(name, package, *times[name], (notes or {}).get(name, ""))
        for name, (package, _) in calls.items()
    ]


def beats(kind: str, title: str) -> dict[str, list[Row]]:
    minutes = simulated(kind)
    notes = {}
    for name, estimate in ((OURS, our_rate), ("neurokit2", their_rate)):
        errors = np.array([abs(estimate(kind, signal) - rate) for rate, signal in minutes])
        notes[name] = (
            f"error of the rate: mean {errors.mean():.2f}, largest {errors.max():.2f} /min"
        )
    signal = minutes[1][1]
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        OURS: ("this project", lambda: our_rate(kind, signal)),
        "neurokit2": (installed("neurokit2"), lambda: their_rate(kind, signal)),
    }
    return {title: rows(calls, notes)}


def skin() -> dict[str, list[Row]]:
    import neurokit2 as nk

    rate = RATES["eda"]
    many = 5
    signal = np.asarray(
        nk.eda_simulate(
            SECONDS, sampling_rate=rate, scr_number=many, drift=0.01, noise=0.0, random_state=1
        )
    )

    def ours() -> float:
        return electrodermal.summarise(window("eda", signal)).responses * SECONDS / 60

    def theirs() -> float:
        phasic = nk.eda_phasic(signal, sampling_rate=rate, method="highpass")["EDA_Phasic"]
        return float(len(nk.eda_peaks(phasic.to_numpy(), sampling_rate=rate)[1]["SCR_Peaks"]))

    def deconvolution() -> float:
        parts = nk.eda_phasic(signal, sampling_rate=rate, method="sparsEDA")["EDA_Phasic"]
        return float(len(nk.eda_peaks(parts.to_numpy(), sampling_rate=rate)[1]["SCR_Peaks"]))

    package = installed("neurokit2")
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        OURS: ("this project", ours),
        "neurokit2, high-pass": (package, theirs),
        "neurokit2, sparsEDA": (package, deconvolution),
    }
    notes = {name: f"{call():.0f} responses of {many}" for name, (_, call) in calls.items()}
    return {"Skin: responses of one minute": rows(calls, notes)}


def whole_update() -> dict[str, list[Row]]:
    import neurokit2 as nk

    pulse = simulated("ppg")[4][1]
    skin_rate = RATES["eda"]
    conductance = np.asarray(
        nk.eda_simulate(SECONDS, sampling_rate=skin_rate, scr_number=5, random_state=1)
    )
    encoder = PhysiologyEncoder(PhysiologyEncoder.Options(update_interval=2.0))
    place = 0

    def ours() -> object:
        nonlocal place
        found: list[object] = []
        while not found:
            for kind, signal in (("ppg", pulse), ("eda", conductance)):
                rate = RATES[kind]
                start = place * 2 * rate
                rows_ = np.arange(start, start + 2 * rate) % len(signal)
                samples = signal[rows_, None].astype(np.float32)
                block = BiosignalBlock(place * 2.0, kind, samples, rate, (kind,), first_index=start)
                found += encoder.push(block)
            place += 1
        return found

    def theirs() -> object:
        cleaned = nk.ppg_clean(pulse, sampling_rate=RATES["ppg"])
        peaks = nk.ppg_findpeaks(cleaned, sampling_rate=RATES["ppg"])["PPG_Peaks"]
        variability = nk.hrv_time(peaks, sampling_rate=RATES["ppg"])
        phasic = nk.eda_phasic(conductance, sampling_rate=skin_rate, method="highpass")
        responses = nk.eda_peaks(phasic["EDA_Phasic"].to_numpy(), sampling_rate=skin_rate)
        return variability, responses

    calls: dict[str, tuple[str, Callable[[], object]]] = {
        OURS: ("this project", ours),
        "neurokit2": (installed("neurokit2"), theirs),
    }
    notes = {
        OURS: "2 s of new signal to stress probability, breath and baseline included",
        "neurokit2": "beats, variability and skin responses of the minute, no classifier",
    }
    return {"Body: one update": rows(calls, notes)}


def brain() -> dict[str, list[Row]]:
    import torch

    from emo_music_ros.training.eeg.eegnet import EegNet

    torch.set_num_threads(1)
    draw = np.random.default_rng(0)
    calls: dict[str, tuple[str, Callable[[], object]]] = {}
    for name, model in ((OURS, "eeg"), (f"{OURS}, EEGNet plugin", "eeg_eegnet")):
        encoder = EegEncoder(EegEncoder.Options(model=model))
        calls[name] = ("this project", _brain_update(encoder, draw))
    network = EegNet(len(MUSE_CHANNELS), 512, len(LABELS)).eval()
    signal = torch.from_numpy(draw.normal(size=(1, 4, 512)).astype(np.float32))

    def eager() -> object:
        with torch.no_grad():
            return network(signal)

    calls["EEGNet, network only"] = (installed("torch"), eager)
    notes = {OURS: "1 s of new signal to probabilities, filters and artefacts included"}
    return {"Brain: one update": rows(calls, notes)}


def _brain_update(encoder: EegEncoder, draw: np.random.Generator) -> Callable[[], object]:
    noise = draw.normal(scale=20.0, size=(256, 4)).astype(np.float32)
    place = 0

    def once() -> object:
        nonlocal place
        found: list[object] = []
        while not found:
            block = BiosignalBlock(
                float(place), "eeg", noise, 256.0, MUSE_CHANNELS, first_index=256 * place
            )
            found = list(encoder.push(block))
            place += 1
        return found

    return once


def device(folder: Path) -> dict[str, list[Row]]:
    """Compare the heart rate of whole minutes with that of the device."""
    import neurokit2 as nk

    blocks = [block for block in read_e4(folder) if block.kind == "ppg"]
    rate, start = blocks[0].rate, blocks[0].time
    pulse = np.concatenate([block.samples for block in blocks])[:, 0].astype(float)
    table = np.loadtxt(folder / "HR.csv", delimiter=",")
    began, theirs = float(table[0]), table[2:]
    size = round(SECONDS * rate)
    whole = window("ppg", pulse, rate)
    errors: dict[str, list[float]] = {OURS: [], "neurokit2": []}
    for first in range(0, len(pulse) - size, size):
        # HR.csv is a mean over the last ten seconds.
        at = start + first / rate - began
        real = theirs[max(0, int(at) + 5) : int(at) + 5 + SECONDS]
        if len(real) < SECONDS:
            continue
        part = slice(first, first + size)
        piece = Window(whole.raw[part], whole.filtered[part], whole.valid[part], rate)
        ours = cardiac.summarise(cardiac.find_beats(piece, cardiac.PULSE)).rate
        cleaned = nk.ppg_clean(pulse[part], sampling_rate=rate)
        peaks = nk.ppg_findpeaks(cleaned, sampling_rate=rate)["PPG_Peaks"]
        other = float(60 * rate / np.median(np.diff(peaks)))
        errors[OURS].append(abs(ours - float(np.median(real))))
        errors["neurokit2"].append(abs(other - float(np.median(real))))
    notes = {
        name: f"{len(values)} minutes, from the device's rate: median {np.nanmedian(values):.1f}, "
        f"95 % within {np.nanquantile(values, 0.95):.1f} /min"
        for name, values in errors.items()
    }
    minute = pulse[:size]
    calls: dict[str, tuple[str, Callable[[], object]]] = {
        OURS: ("this project", lambda: our_rate("ppg", minute)),
        "neurokit2": (installed("neurokit2"), lambda: their_rate("ppg", minute)),
    }
    return {f"Heart: recorded at the wrist ({folder.name})": rows(calls, notes)}


def compare() -> dict[str, list[Row]]:
    warnings.simplefilter("ignore")
    found = beats("ppg", "Heart: pulse wave of one minute")
    found |= beats("ecg", "Heart: electrocardiogram of one minute")
    found |= skin()
    found |= whole_update()
    found |= brain()
    if os.environ.get("EMO_MUSIC_E4"):
        found |= device(Path(os.environ["EMO_MUSIC_E4"]))
    return found
