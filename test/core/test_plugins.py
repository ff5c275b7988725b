# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest

from emo_music_ros import plugins
from emo_music_ros.errors import OptionError, PluginError
from emo_music_ros.options import option


class Good:
    @dataclass(frozen=True)
    class Options:
        level: int = option(1, "level", low=0, high=5)

    def __init__(self, options):
        self.options = options


class Bad(Good):
    def __init__(self, options):
        raise RuntimeError("no such device")


NOT_A_CLASS = 3


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    def points(group):
        return [
            EntryPoint(name, f"{__name__}:{value}" if ":" not in value else value, group)
            for name, value in {
                "good": "Good", "bad": "Bad", "thing": "NOT_A_CLASS", "gone": "no_such_module:X",
            }.items()
        ]  # fmt: skip

    monkeypatch.setattr(plugins, "entry_points", points)
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or type(sys)(__name__))
    for name in ("Good", "Bad", "NOT_A_CLASS"):
        monkeypatch.setattr(sys.modules[__name__], name, globals()[name], raising=False)


def test_made_with_its_options():
    assert plugins.create("encoder", "good", {"level": 4}).options.level == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("goood", "Did you mean 'good'"),
        ("gone", "cannot be imported"),
        ("thing", "is not a class"),
        ("bad", "no such device"),
    ],
)
def test_broken_plugins_are_named(name, words):
    with pytest.raises(PluginError, match=words):
        plugins.create("encoder", name)


def test_options_are_checked_under_the_name_of_the_plugin():
    with pytest.raises(OptionError, match=r"good\.level"):
        plugins.create("encoder", "good", {"level": 9})


def test_unknown_stage():
    with pytest.raises(PluginError, match="Did you mean 'encoder'"):
        plugins.create("encodr", "good")
