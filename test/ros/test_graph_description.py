# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import importlib.util

import pytest

from emo_music_ros.consent.rules import DEMONSTRATION
from emo_music_ros.errors import InputError
from emo_music_ros.ros.graph import ENCODERS, INPUTS, SCENARIOS, graph, recognising


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
    parameters = specs["replay"].parameters
    assert (parameters["plugin"], parameters["folder.path"]) == ("folder", str(tmp_path))
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
        {"duration": float("inf")},
        {"consent": "maybe"},
        {"dashboard": "maybe"},
        {"library": "~nobody-here/music"},
        {"summary": "x" * 300},
        {"input": "replay"},
        {"input": "replay", "replay": "/no/such/recording"},
    ],
)
def test_impossible_arguments_are_named(arguments):
    with pytest.raises(InputError):
        graph(**arguments)


@pytest.mark.parametrize("source", ["demo", "replay"])
def test_what_is_not_live_is_of_the_demonstration_person_who_has_consented(tmp_path, source):
    specs = {spec.name: spec.parameters for spec in graph(source, str(tmp_path))}
    assert {each["person_id"] for each in specs.values()} == {DEMONSTRATION}
    assert specs["interaction"]["consent"] is True
    assert not any(each.get("require_consent") for each in specs.values())


def test_with_devices_nobody_is_sensed_without_consent():
    specs = {spec.name: spec.parameters for spec in graph("devices")}
    asks = {name for name, each in specs.items() if each.get("require_consent")}
    assert set(specs) - asks == {"music_encoder", "player"}
    assert specs["interaction"]["consent"] is False
    assert not any("person_id" in each for each in specs.values())
    given = {spec.name: spec.parameters for spec in graph("devices", consent="yes")}
    assert given["interaction"]["consent"] is True


def test_arguments_reach_their_nodes(tmp_path):
    specs = {
        spec.name: spec.parameters
        for spec in graph("demo", "", str(tmp_path), "group", 30.0, "run.json")
    }
    assert specs["recommender"]["folder.path"] == specs["player"]["folder.path"] == str(tmp_path)
    assert specs["recommender"]["therapeutic.scenario"] == "group"
    assert specs["session"]["duration"] == 30.0
    assert specs["session"]["summary"].endswith("/run.json")


def test_pages_are_served_only_where_somebody_asks_for_them():
    assert "dashboard" not in names(input="demo")
    assert names(input="demo", dashboard="true")[-1] == "dashboard"
    specs = {spec.name: spec.parameters for spec in graph("devices", dashboard="true")}
    assert specs["dashboard"]["require_consent"] is True
    assert "dashboard" not in names(input="demo", dashboard="true", without="dashboard")


def test_nodes_are_left_out_and_encoders_chosen():
    everything = names(input="demo")
    assert set(everything) - set(names(input="demo", without="eeg, physiology,replay")) == {
        "eeg_encoder", "physiology_encoder", "replay",
    }  # fmt: skip
    chosen = [
        name for name in names(input="demo", encoders="face,speech_encoder") if "_enc" in name
    ]
    assert chosen == ["face_encoder", "speech_encoder"]
    assert [spec.name for spec in recognising("face,eeg", "eeg")] == ["face_encoder", "fusion"]
    for arguments in ({"without": "egg"}, {"encoders": "fusion"}):
        with pytest.raises(InputError, match="there is no node"):
            names(input="demo", **arguments)


@pytest.mark.parametrize("installed", [True, False])
def test_a_robot_is_told_what_is_recognised_where_its_messages_are(monkeypatch, installed):
    find = importlib.util.find_spec

    def found(name, package=None):
        if name == "hri_msgs":
            return object() if installed else None
        return find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", found)
    assert ("hri" in names(input="devices")) == installed
    assert "hri" not in names(input="demo")
    if installed:
        assert "hri" not in names(input="devices", without="hri")
        (spec,) = (each for each in graph("devices") if each.name == "hri")
        assert spec.parameters["require_consent"]


def test_talking_is_only_where_it_is_asked_for():
    assert "talking" not in names(input="demo")
    assert names(input="demo", talking="true")[-1] == "talking"
    specs = {spec.name: spec.parameters for spec in graph("devices", talking="true")}
    assert specs["talking"]["require_consent"]
    with pytest.raises(InputError, match="talking"):
        graph("demo", talking="perhaps")
