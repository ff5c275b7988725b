# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The pages are opened only where somebody can see them."""

from __future__ import annotations

import webbrowser
from queue import Empty, Queue

import pytest

from emo_music_ros.dashboard import browser


@pytest.fixture
def opened(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    found: Queue[str] = Queue()
    monkeypatch.setattr(webbrowser, "open", found.put)
    return found


def test_without_a_display_nothing_is_opened(opened):
    browser.show("http://127.0.0.1:8420/")
    with pytest.raises(Empty):
        opened.get(timeout=0.1)


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_where_there_is_a_display_the_address_is_opened(opened, monkeypatch, name):
    monkeypatch.setenv(name, ":0")
    browser.show("http://127.0.0.1:8420/")
    assert opened.get(timeout=10) == "http://127.0.0.1:8420/"
