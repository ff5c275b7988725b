# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Work in a process of its own: its result, its failures, its chatter, its end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import chores
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emo_music_ros import errors
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.recommendation.library.apart import apart

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _chores_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "test" / "helpers"))


def test_it_is_another_process_and_group(tmp_path: Path) -> None:
    pid, group = apart(chores.whoami, progress=None, log=tmp_path / "log")
    assert pid != os.getpid()
    assert group != os.getpgid(0)  # Ctrl-C at the terminal does not tear it apart
    assert not Path(f"/proc/{pid}").exists()  # its memory is given back


def test_what_libraries_say_goes_into_the_log_alone(tmp_path: Path, capfd) -> None:
    told = []
    result = apart(
        chores.talk, progress=lambda *content: told.append(content), log=tmp_path / "log"
    )
    assert (result, told) == ("done", [(1, 1, "title")])
    assert capfd.readouterr() == ("", "")
    log = (tmp_path / "log").read_text()
    assert all(
        text in log for text in ("printed", "on standard error", "a warning", "written in C")
    )


def test_errors_come_over_whole(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        apart(chores.fail, "companion", progress=None, log=tmp_path / "log")
    assert (raised.value.cause, raised.value.remedy) == ("the cause", "The remedy")
    with pytest.raises(OSError, match="No space left"):
        apart(chores.fail, "disk", progress=None, log=tmp_path / "log")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("odd", "ended with code 1: LookupError: something odd"),
        ("exit", "ended with code 7: it said nothing"),
        ("kill", "was killed by signal 9"),
    ],
)
def test_a_process_that_breaks_off_is_told(tmp_path: Path, how: str, told: str) -> None:
    with pytest.raises(CompanionError, match=told) as raised:
        apart(chores.fail, how, progress=None, log=tmp_path / "log")
    assert str(tmp_path / "log") in raised.value.remedy


def test_it_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    code = f"import chores; chores.hand_on({str(tmp_path)!r})"
    path = os.pathsep.join((str(ROOT), os.environ["PYTHONPATH"]))
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while _runs(pid):
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, CompanionError)
]


@settings(max_examples=30)
@given(st.sampled_from(KINDS), st.text(), st.text())
def test_every_error_survives_being_handed_over(kind, cause: str, remedy: str) -> None:
    import pickle

    again = pickle.loads(pickle.dumps(kind(cause, remedy)))
    assert type(again) is kind
    assert (again.cause, again.remedy, str(again)) == (cause, remedy, str(kind(cause, remedy)))
