# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""How commands end that do not end as nodes do."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What the executable does, then a command that is interrupted.
INTERRUPTED = """
import argparse, signal, sys
from emo_music_ros.ros.ending import quit_on_signal
quit_on_signal()
from emo_music_ros.commands.run import run
parser = argparse.ArgumentParser()
parser.set_defaults(run=lambda arguments: signal.raise_signal(signal.SIGINT))
sys.exit(run(parser, []))
"""


def test_a_command_that_is_interrupted_says_so():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background job ignores it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, done.stderr) == (130, "")
