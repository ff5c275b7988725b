# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
# ruff: noqa: T201
"""Work for a process of its own; found there by name, as its folder is on the path."""

import ctypes
import os
import sys
import threading
import warnings
from pathlib import Path

from emo_music_ros.errors import InputError
from emo_music_ros.recommendation.library.apart import apart


def whoami(progress):
    return os.getpid(), os.getpgid(0)


def talk(progress):
    """Say something in every way a library can."""
    print("printed")
    print("on standard error", file=sys.stderr)
    warnings.warn("a warning", stacklevel=1)
    libc = ctypes.CDLL(None)
    libc.puts(b"written in C")
    libc.fflush(None)
    progress(1, 1, "title")
    return "done"


def fail(how, progress):
    progress(1)
    if how == "companion":
        raise InputError("the cause", "The remedy")
    if how == "disk":
        raise OSError(28, "No space left on device")
    if how == "odd":
        raise LookupError("something odd")
    if how == "exit":
        os._exit(7)
    os.kill(os.getpid(), 9)


def wait(progress):
    """Say who it is and work for longer than anybody waits."""
    progress(os.getpid())
    threading.Event().wait(600)


def hand_on(folder):
    """Let another process work, and print who that is."""
    apart(wait, progress=lambda pid: print(pid, flush=True), log=Path(folder) / "log")
