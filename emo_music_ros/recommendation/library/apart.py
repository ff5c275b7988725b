# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Run a function in a process of its own.

Its memory is given back when it is done, and whatever libraries print goes into a log instead of
between what people read. (multiprocessing would import the program that asked there, too: a whole
node, with ROS.)
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emo_music_ros.errors import CompanionError

_CODE = f"from {__name__} import _child; _child()"
#: What a message of the child is: how far it is, what it returns, what it failed with.
_PROGRESS, _RESULT, _ERROR = range(3)


def apart(
    function: Callable[..., Any], *arguments: Any, progress: Callable[..., None] | None, log: Path
) -> Any:
    """Return what a function returns in a process of its own.

    The process ends with the one that called, also where that is killed.

    Parameters
    ----------
    function : callable
        Found by its name in the other process; gets the arguments, and last a function that hands
        on whatever it is called with to `progress`.
    *arguments : Any
        Can be pickled.
    progress : callable or None
        Told on the way.
    log : pathlib.Path
        File for what is printed there.

    Raises
    ------
    CompanionError
        As the function did; or if the process broke off, with the last line of the log.
    OSError
        As the function did, or if the log cannot be written.
    """
    with log.open("wb") as printed:
        child = subprocess.Popen(
            [sys.executable, "-c", _CODE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            cwd=log.parent,  # not where somebody has a file that is called like a module
            env=os.environ | {"PYTHONPATH": _path()},
            start_new_session=True,  # Ctrl-C is for us, who end it
        )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        pickle.dump((function, arguments), child.stdin)
        child.stdin.flush()
        while True:
            kind, content = pickle.load(child.stdout)
            if kind == _RESULT:
                return content
            if kind == _ERROR:
                raise content
            if progress is not None:
                progress(*content)
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        raise _broken_off(function, child.wait(), log) from None
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
        with contextlib.suppress(BrokenPipeError):  # it may never have read what was written
            child.stdin.close()


def _path() -> str:
    """Return where the other process finds this package, whatever this one was started from."""
    root = str(Path(__file__).resolve().parents[3])
    return os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))


def _broken_off(function: Callable[..., Any], code: int, log: Path) -> CompanionError:
    lines = log.read_text("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return CompanionError(
        f"the process for '{function.__name__}' {how}: {last}",
        f"See {log}; free memory if it was killed, and start again: what is done is kept",
    )


def _child() -> None:
    """Do what the standard input says."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # also for libraries that are not written in Python

    def send(kind: int, content: Any) -> None:
        pickle.dump((kind, content), messages)
        messages.flush()

    function, arguments = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        result = function(*arguments, lambda *content: send(_PROGRESS, content))
        _flush()
        send(_RESULT, result)
    except (CompanionError, OSError) as error:  # the others are told by the log
        _flush()
        send(_ERROR, error)


def _flush() -> None:
    """Write what was printed: who gets the answer ends this process at once."""
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)  # of libraries in C


def _end_with_parent() -> None:
    os.read(0, 1)  # nothing ever comes: it returns when the other end is closed
    os._exit(0)
