# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emo_music_ros.ros import ending

ROOT = Path(__file__).resolve().parents[2]
WAIT = "print('ready', flush=True); import time; time.sleep(120); raise SystemExit('no signal')"


def run(code, *numbers, before=lambda: None):
    """Run code, send signals when it prints a line, and return exit code and output."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"from emo_music_ros.ros.ending import *\n{code}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=before,
    )
    lines = [process.stdout.readline()]
    for number in numbers:
        process.send_signal(number)
    with process.stdout:
        lines += process.stdout
    return process.wait(60), "".join(lines)


@pytest.mark.parametrize("number", ending.SIGNALS)
def test_a_process_that_starts_ends_at_once_and_cleanly(number):
    # whoever runs the tests may ignore the signal: nohup
    code = f"quit_on_signal(); {WAIT}"
    assert run(code, number, before=lambda: signal.signal(number, signal.SIG_DFL)) == (0, "ready\n")


def test_many_signals_are_as_good_as_one():
    # a handler that is interrupted by itself
    code = (
        "from queue import SimpleQueue\nqueue = SimpleQueue()\non_signal(lambda: queue.put(0))\n"
        "print('ready', flush=True)\nqueue.get()\nignore_signals()\nprint('end')"
    )
    number = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * 100
    assert run(code, *number) == (0, "ready\nend\n")


def test_the_end_is_not_cut_short():
    code = (
        "import signal\nignore_signals()\nprint('ready', flush=True)\n"
        "for number in SIGNALS: signal.raise_signal(number)\n"
    )
    assert run(code, signal.SIGTERM, signal.SIGINT) == (0, "ready\n")


def test_nohup_is_respected():
    code = "import signal\nquit_on_signal()\nprint('ready')\nsignal.raise_signal(signal.SIGHUP)"
    assert run(code, before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))[0] == 0
    code = f"{code}\nprint('still there')"
    _, output = run(code, before=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert "still there" in output


def test_what_was_there_before_comes_back():
    code = f"quit_on_signal(); on_signal(print); restore_signals(); {WAIT}"
    code, output = run(code, signal.SIGINT, before=_default_interrupt)
    assert code == -signal.SIGINT
    assert "KeyboardInterrupt" in output


def _default_interrupt():
    # a shell's background job ignores it
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_nothing_large_is_imported():
    code = "import sys; print(sorted(name for name in sys.modules if name.startswith('emo_music')))"
    _, output = run(code)
    assert output.strip() == str(["emo_music_ros", "emo_music_ros.ros", "emo_music_ros.ros.ending"])
    _, output = run("import sys; print('numpy' in sys.modules, 'rclpy' in sys.modules)")
    assert output == "False False\n"


def test_the_executables_guard_their_imports_and_check_fields(tmp_path):
    template = (ROOT / "cmake" / "executable.py.in").read_text()
    (tmp_path / "slow.py").write_text(
        "import os\nprint(os.environ['ROS_PYTHON_CHECK_FIELDS'], flush=True)\n"
        "import time; time.sleep(120)\ndef main(): pass\n"
    )
    for name, value in {
        "first_line": "", "CMAKE_INSTALL_PREFIX": str(tmp_path), "module": "slow",
    }.items():  # fmt: skip
        template = template.replace(f"@{name}@", value)
    script = tmp_path / "executable"
    script.write_text(template)
    process = subprocess.Popen(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout.readline() == "1\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == ""
    assert process.returncode == 0
