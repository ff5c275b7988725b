import pytest

from emo_music_ros.errors import InputError
from emo_music_ros.ros.graph import ENCODERS, INPUTS, SCENARIOS, graph


def names(**arguments):
    return [spec.name for spec in graph(**arguments)]


@pytest.mark.parametrize("source", [name for name in INPUTS if name != "replay"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_choice_gives_one_whole_loop(source, scenario):
    found = names(input=source, scenario=scenario)
    assert len(found) == len(set(found))
    assert {*ENCODERS, "fusion", "recommender", "player", "session", "interaction"} <= set(found)


def test_a_recording_takes_the_place_of_the_devices(tmp_path):
    specs = {spec.name: spec for spec in graph(input="replay", replay=str(tmp_path))}
    assert specs["replay"].parameters == {"plugin": "folder", "folder.path": str(tmp_path)}
    assert "biosignals" in specs
    assert not {"camera", "microphone", "conversation"} & set(specs)
    (tmp_path / "a.mcap").touch()
    specs = {spec.name: spec for spec in graph(input="replay", replay=str(tmp_path))}
    assert specs["replay"].parameters["plugin"] == "mcap"


@pytest.mark.parametrize(
    "arguments",
    [
        {"input": "radio"},
        {"scenario": "moon"},
        {"duration": -1.0},
        {"duration": float("nan")},
        {"input": "replay"},
        {"input": "replay", "replay": "/no/such/recording"},
    ],
)
def test_impossible_arguments_are_named(arguments):
    with pytest.raises(InputError):
        graph(**arguments)


def test_arguments_reach_their_nodes(tmp_path):
    specs = {
        spec.name: spec.parameters
        for spec in graph("demo", "", str(tmp_path), "group", 30.0, "run.json")
    }
    assert specs["recommender"]["folder.path"] == str(tmp_path)
    assert specs["recommender"]["therapeutic.scenario"] == "group"
    assert specs["session"]["duration"] == 30.0
    assert specs["session"]["summary"].endswith("/run.json")
