# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from emo_music_ros.errors import ModelError
from emo_music_ros.io.model import Model, describe, session_options
from emo_music_ros.resources import share

MODELS = sorted(path.stem for path in share("models").glob("*.onnx"))


def copy(name, folder):
    for ending in (".onnx", ".json"):
        (folder / f"{name}{ending}").write_bytes((share("models") / f"{name}{ending}").read_bytes())


@pytest.mark.parametrize("name", MODELS)
def test_every_model_loads_and_has_a_card(name):
    model = Model(name)
    assert model.labels
    assert model.version
    card = (share("models") / f"{name}.md").read_text("utf-8").lower()
    for word in ("licence", "split", "baseline", "limit"):
        assert word in card


def test_models_stay_small():
    assert sum(path.stat().st_size for path in share("models").iterdir()) < 25e6


def test_missing_model_names_the_file(tmp_path):
    with pytest.raises(ModelError, match=r"face\.onnx is missing.*Restore it"):
        Model("face", tmp_path)


def test_one_flipped_bit_is_refused(tmp_path):
    copy(MODELS[0], tmp_path)
    network = tmp_path / f"{MODELS[0]}.onnx"
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)
    with pytest.raises(ModelError, match="corrupt"):
        Model(MODELS[0], tmp_path)


def test_description_of_another_kind_is_refused(tmp_path):
    copy(MODELS[0], tmp_path)
    (tmp_path / f"{MODELS[0]}.json").write_text("{}")
    with pytest.raises(ModelError, match="unreadable"):
        Model(MODELS[0], tmp_path)


def test_no_network_with_a_right_hash_is_refused(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"not a network")
    describe(tmp_path / "x.onnx", version="1", labels=["a"])
    with pytest.raises(ModelError, match="no usable network"):
        Model("x", tmp_path)
    assert json.loads((tmp_path / "x.json").read_text())["version"] == "1"


def test_wrong_number_of_inputs_is_an_error():
    with pytest.raises(ValueError, match="zip"):
        Model(MODELS[0])(*[np.zeros((1, 1), np.float32)] * 9)


@pytest.mark.parametrize("name", MODELS)
def test_no_model_names_a_folder_of_the_machine_it_was_made_on(name):
    content = (share("models") / f"{name}.onnx").read_bytes()
    assert b"stack_trace" not in content
    assert b'File "' not in content


def test_networks_keep_no_memory_of_the_inputs_they_saw():
    options = session_options()
    assert not options.enable_mem_pattern
    assert not options.enable_cpu_mem_arena
