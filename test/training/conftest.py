# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Small corpora made up in the published formats."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from emo_music_ros.training.corpora import wesad

START = 1_700_000_000


def e4_table(path, rate, samples):
    """Write a csv file as an Empatica E4 exports it."""
    columns = samples.shape[1]
    lines = [", ".join([f"{value:.6f}"] * columns) for value in (START, rate)]
    lines += [",".join(f"{value:.4f}" for value in row) for row in samples]
    path.write_text("\n".join(lines) + "\n")


def pulse(seconds, rate, stressed, generator):
    """A pulse wave of 64 or, under stress, 84 beats a minute."""
    time = np.arange(round(seconds * rate)) / rate
    beats = np.cumsum(np.where(stressed(time), 84, 64) / 60) / rate
    return np.exp(4 * np.cos(2 * np.pi * beats) - 4) + 0.02 * generator.normal(size=len(time))


@pytest.fixture(scope="session")
def stress_predict_folder(tmp_path_factory):
    """Four people of 6 minutes, of which the third and fourth are stress."""
    root = tmp_path_factory.mktemp("stress_predict")
    rows = ["Participant,HR,respr,Time(sec),Label"]
    for person in (2, 3, 4, 5):
        generator = np.random.default_rng(person)
        seconds = 360

        def stressed(time):
            return (time >= 120) & (time < 240)

        slow = np.arange(seconds * 4) / 4
        skin = 1 + 0.1 * person + 0.8 * stressed(slow) * (1 - np.exp(-(slow - 120) / 10))
        skin += 0.02 * np.sin(slow / 3) + 0.005 * generator.normal(size=len(slow))
        folder = root / f"S{person:02d}"
        folder.mkdir()
        e4_table(folder / "BVP.csv", 64, 50 * pulse(seconds, 64, stressed, generator)[:, None])
        e4_table(folder / "EDA.csv", 4, skin[:, None])
        e4_table(folder / "TEMP.csv", 4, 33 + 0.0 * slow[:, None])
        rows += [
            f"{person},70,15.0,{START + second},{int(stressed(second))}"
            for second in range(seconds)
        ]
    (root / "hr_rsp_binary.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture(scope="session")
def wesad_folder(tmp_path_factory):
    """Six people (and one who is kept apart): 20 minutes of rest, stress between meditations."""
    folder = tmp_path_factory.mktemp("wesad")
    columns = ["subject", "Segment", "Condition", "Condition_Name", "Start_Sample", "End_Sample"]
    columns += [*wesad.MEASURES, "split"]
    lines = [",".join(columns)]
    blocks = [  # as published: what is called meditation goes on during the stress
        ("baseline", 0, 1200), ("amusement", 1300, 1690), ("meditation", 1800, 3600),
        ("stress", 2407, 3007),
    ]  # fmt: skip
    for person in (2, 3, 4, 5, 6, 7, 8):
        draw = np.random.default_rng(person)
        for number, (name, first, last) in enumerate(blocks):
            for start in range(first, last - 29, 15):
                stressed = 2407 <= start < 3007
                amused = name == "amusement"
                values = dict.fromkeys(wesad.MEASURES, 1.0)
                values["Heart_Rate"] = 60 + person + 25 * stressed + draw.normal()
                values["SDNN"] = 50 - 25 * stressed + 30 * amused + draw.normal()
                values["RMSSD"] = 40 - 20 * stressed + 30 * amused + draw.normal()
                values["Wrist_EDA_Mean"] = person * (1 + stressed) + 0.1 * draw.random()
                cells = [f"{value:.4f}" for value in values.values()]
                cells[list(values).index("Wrist_SCR_Amplitude_Mean")] = "" if start == 0 else "0.1"
                head = [person, start // 15, number, name, start * 700, (start + 30) * 700]
                lines.append(",".join([*map(str, head), *cells, "train"]))
    with gzip.open(folder / wesad.TABLE, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return folder


def python2_array(array):
    """Return the opcodes with which Python 2 pickles a float64 array (protocol 2)."""
    array = np.ascontiguousarray(array, "<f8")

    def number(value):
        return b"J" + struct.pack("<i", value)

    shape = b"(" + b"".join(map(number, array.shape)) + b"t"
    dtype = b"cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNN" + number(-1) * 2 + b"K\x00tb"
    content = array.tobytes()
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        + b"(K\x01" + shape + dtype + b"\x89T" + struct.pack("<i", len(content)) + content + b"tb"
    )  # fmt: skip


def write_deap(path, data, labels):
    """Write a recording as Python 2 pickled those of DEAP."""
    path.write_bytes(
        b"\x80\x02}(U\x06labels" + python2_array(labels) + b"U\x04data" + python2_array(data)
        + b"u."
    )  # fmt: skip


@pytest.fixture(scope="session")
def deap_folder(tmp_path_factory):
    """Three people, eight trials of 23 s: alpha falls and the heart speeds up with arousal."""
    folder = tmp_path_factory.mktemp("deap")
    for person in (1, 2, 3):
        generator = np.random.default_rng(person)
        data, labels = [], []
        for trial in range(8):
            high = trial % 2
            time = np.arange(23 * 128) / 128
            music = time >= 3
            samples = 5 * generator.normal(size=(40, len(time)))
            alpha = np.where(music, 2.0 if high else 20.0, 10.0)
            samples[:32] += alpha * np.sin(2 * np.pi * 10 * time + generator.uniform(0, 6))
            rate = np.where(music & (high == 1), 95, 65) / 60
            samples[38] = 1000 * np.exp(4 * np.cos(2 * np.pi * np.cumsum(rate) / 128) - 4)
            data.append(samples)
            labels.append([generator.uniform(1, 9), 8.0 if high else 2.0, 5.0, 5.0])
        write_deap(folder / f"s{person:02d}.dat", np.array(data), np.array(labels))
    return folder
