# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The setup: what is skipped, what is repeated, what people are told."""

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """Return the module of the setup, working in a folder of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "scripts" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    for name, folder in (("BUILD", "build"), ("STAMPS", "stamps"), ("LOGS", "log")):
        monkeypatch.setattr(module, name, tmp_path / ".venv" / folder)
    monkeypatch.setattr(module, "INSTALLING", tmp_path / ".venv" / "installing")
    (tmp_path / ".venv" / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    return module


@pytest.fixture
def commands(bootstrap, monkeypatch):
    """Record the commands of the steps instead of running them."""
    seen: list[list[str]] = []

    def record(title, command, environment, shown):
        seen.append([str(part) for part in command])

    monkeypatch.setattr(bootstrap, "run", record)
    return seen


def words(commands, *wanted):
    """Return the commands that contain all the words."""
    return [command for command in commands if all(word in command for word in wanted)]


def test_stamps_hold_for_one_state(bootstrap):
    assert not bootstrap.is_done("step", "a")
    bootstrap.set_done("step", "a")
    assert bootstrap.is_done("step", "a")
    assert not bootstrap.is_done("step", "b")


@pytest.mark.parametrize(
    ("version", "fits"), [((3, 9), False), ((3, 10), True), ((3, 13), True), ((3, 14), False)]
)
def test_supported_pythons(bootstrap, version, fits):
    assert bootstrap.supported(version) is fits


def test_unsupported_python_is_told_what_to_do(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 1))
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="this is Python 3.8.1. Install Python 3.10 to 3.13"):
        bootstrap.use_supported_python()


def test_another_python_of_the_machine_is_taken(bootstrap, monkeypatch):
    taken = []
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 8, 1))
    monkeypatch.setattr(
        bootstrap.shutil, "which", lambda name: "/opt/python3.12" if "3.12" in name else None
    )
    monkeypatch.setattr(bootstrap.os, "execv", lambda path, arguments: taken.append(path))
    with pytest.raises(SystemExit):
        bootstrap.use_supported_python()  # the real execv would not return
    assert taken == ["/opt/python3.12"]


def test_packages_are_installed_once_per_content(bootstrap, commands, tmp_path):
    file = tmp_path / "some.txt"
    file.write_text("numpy==2.2.6\n")
    bootstrap.pip_install("packages", "packages", "-r", file)
    bootstrap.pip_install("packages", "packages", "-r", file)
    assert len(commands) == 1
    file.write_text("numpy==2.2.7\n")
    bootstrap.pip_install("packages", "packages", "-r", file)
    assert len(commands) == 2


def test_a_failed_installation_is_tried_again(bootstrap, monkeypatch, tmp_path):
    file = tmp_path / "some.txt"
    file.write_text("numpy==2.2.6\n")

    def fail(*arguments):
        raise bootstrap.StepError("no network")

    monkeypatch.setattr(bootstrap, "run", fail)
    with pytest.raises(bootstrap.StepError):
        bootstrap.pip_install("packages", "packages", "-r", file)
    assert not bootstrap.INSTALLING.exists()
    assert not (bootstrap.STAMPS / "packages").exists()


@pytest.fixture
def made(bootstrap, monkeypatch):
    """Record the virtual environments that are made, each with a Python in it."""
    commands: list[list[str]] = []

    def run(command, **_):
        commands.append(command)
        binaries = Path(command[-1]) / "bin"
        binaries.mkdir(parents=True, exist_ok=True)
        (binaries / "python").touch()
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    return commands


def test_a_killed_installation_makes_a_new_environment(bootstrap, made):
    bootstrap.ensure_venv()
    bootstrap.ensure_venv()
    assert len(made) == 1
    bootstrap.VENV.mkdir(exist_ok=True)
    bootstrap.INSTALLING.touch()  # as if pip had been killed
    bootstrap.ensure_venv()
    assert len(made) == 2
    assert not bootstrap.INSTALLING.exists()


def test_an_environment_whose_python_is_gone_is_made_again(bootstrap, made, capsys):
    bootstrap.ensure_venv()
    python = bootstrap.VENV / "bin" / "python"
    python.unlink()
    python.symlink_to("/usr/local/uninstalled/python3")
    bootstrap.ensure_venv()
    assert len(made) == 2
    assert "is not whole" in capsys.readouterr().out


def test_a_half_made_environment_is_made_again(bootstrap, monkeypatch, made):
    """The stamp comes last: whoever was killed while `venv` worked left none."""

    def killed(command, **_):
        (bootstrap.VENV / "bin").mkdir(parents=True)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap.subprocess, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.ensure_venv()
    assert bootstrap.VENV.exists()
    bootstrap.ensure_venv()
    bootstrap.ensure_venv()
    assert len(made) == 1


def test_an_environment_that_cannot_be_made_is_told(bootstrap, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "ensurepip is not available")
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda command, **_: failed)
    monkeypatch.setattr(bootstrap, "ensure_system_packages", lambda: True)
    with pytest.raises(SystemExit) as told:
        bootstrap.ensure()
    assert "ensurepip is not available" in str(told.value)
    assert bootstrap.AGAIN in str(told.value)


def test_a_disk_that_fills_up_is_told(bootstrap, monkeypatch):
    def full():
        raise OSError(28, "No space left on device", "/somewhere/torn")

    monkeypatch.setattr(bootstrap, "ensure_system_packages", lambda: True)
    monkeypatch.setattr(bootstrap, "ensure_venv", full)
    with pytest.raises(SystemExit, match="/somewhere/torn cannot be written: No space left"):
        bootstrap.ensure()


@pytest.mark.parametrize("name", ["plain", "with space", "a.b_c-d+e@f"])
def test_a_path_that_can_be_built_in(bootstrap, monkeypatch, tmp_path, name):
    (tmp_path / name).mkdir()
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path / name)
    assert bootstrap.trouble_with_place() == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [("prüf", r"'\xfc'"), ("a:b", "':'"), ("a;b", "';'"), ("a$b", "'$'"), ("a\nb", r"'\n'")],
)
def test_a_path_that_cannot_be_built_in_is_told(bootstrap, monkeypatch, tmp_path, name, shown):
    (tmp_path / name).mkdir()
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path / name)
    told = bootstrap.trouble_with_place()
    assert f"holds {shown}," in told
    assert "Move the project" in told
    assert told.isascii()  # a terminal without UTF-8 shows it too
    assert "\n" not in told


def test_a_folder_that_cannot_be_written_is_told(bootstrap, monkeypatch, tmp_path, mortal):
    folder = tmp_path / "theirs"
    folder.mkdir(0o500)
    monkeypatch.setattr(bootstrap, "ROOT", folder)
    monkeypatch.setattr(bootstrap, "VENV", folder / ".venv")
    told = bootstrap.trouble_with_place()
    assert "cannot be written" in told
    assert "cp -r" in told


def test_too_small_a_disk_is_told_before_the_first_setup_only(bootstrap, monkeypatch):
    small = type("Usage", (), {"free": 100 * 2**20})
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: small)
    assert "100 MiB free" in bootstrap.trouble_with_place()
    bootstrap.set_done("build", "whatever")
    assert bootstrap.trouble_with_place() == ""


def test_trouble_with_the_place_is_told_before_anything_is_made(tmp_path):
    """As a person sees it: the real script, in a folder with an umlaut."""
    folder = tmp_path / "prüfstand" / "scripts"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "bootstrap.py", folder)
    done = subprocess.run(
        [sys.executable, str(folder / "bootstrap.py"), "build"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("[setup] the folder ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "prüfstand" / ".venv").exists()


def test_a_moved_environment_is_made_again(bootstrap, monkeypatch, tmp_path, made):
    bootstrap.ensure_venv()
    elsewhere = tmp_path / "moved"
    os.rename(bootstrap.VENV, elsewhere)
    monkeypatch.setattr(bootstrap, "VENV", elsewhere)
    monkeypatch.setattr(bootstrap, "STAMPS", elsewhere / "stamps")
    bootstrap.ensure_venv()
    assert len(made) == 2


def test_build_runs_only_for_changes(bootstrap, commands, tmp_path):
    bootstrap.set_done("packages", "x")
    source = tmp_path / "emo_music_ros" / "module.py"
    source.parent.mkdir()
    source.write_text("1")
    for name in ("CMakeLists.txt", "package.xml", "setup.py"):
        (tmp_path / name).touch()
    bootstrap.build()
    assert words(commands, "--install")
    count = len(commands)
    bootstrap.build()
    assert len(commands) == count
    source.write_text("12")
    bootstrap.build()
    assert len(words(commands, "--install")) == 2


def test_files_that_are_gone_are_uninstalled(bootstrap, monkeypatch, tmp_path):
    bootstrap.set_done("packages", "x")
    for name in ("CMakeLists.txt", "package.xml", "setup.py"):
        (tmp_path / name).touch()
    old, kept = tmp_path / "old.py", tmp_path / "kept.py"
    old.touch()
    kept.touch()
    bootstrap.BUILD.mkdir()
    manifest = bootstrap.BUILD / "install_manifest.txt"
    manifest.write_text(f"{old}\n{kept}\n")

    def install(title, command, environment, shown):
        if title == "installing":
            manifest.write_text(f"{kept}\n")

    monkeypatch.setattr(bootstrap, "run", install)
    bootstrap.build()
    assert not old.exists()
    assert kept.exists()


def test_a_broken_build_folder_is_built_again_from_nothing(bootstrap, monkeypatch, tmp_path):
    bootstrap.set_done("packages", "x")
    for name in ("CMakeLists.txt", "package.xml", "setup.py"):
        (tmp_path / name).touch()
    bootstrap.BUILD.mkdir()
    torn = bootstrap.BUILD / "build.ninja"
    torn.write_text("torn")
    titles = []

    def run(title, command, environment, shown):
        titles.append(title)
        if title == "building" and torn.exists():
            raise bootstrap.StepError("torn")

    monkeypatch.setattr(bootstrap, "run", run)
    bootstrap.ensure_build()
    assert titles == ["building", "configuring", "building", "installing"]


def test_missing_sound_headers_are_not_fatal(bootstrap, commands, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "missing_packages", lambda: ([], ["portaudio19-dev"]))
    monkeypatch.setattr(bootstrap, "may_install", lambda: None)
    assert not bootstrap.ensure_system_packages()
    assert "sudo apt-get install portaudio19-dev" in capsys.readouterr().out
    bootstrap.set_done("sound", "refused")
    assert not bootstrap.ensure_system_packages()  # said once
    assert not capsys.readouterr().out
    assert not commands


def test_missing_compiler_is_fatal_and_names_the_command(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "missing_packages", lambda: (["g++"], ["portaudio19-dev"]))
    monkeypatch.setattr(bootstrap, "may_install", lambda: None)
    with pytest.raises(SystemExit, match=r"sudo apt-get install g\+\+ portaudio19-dev"):
        bootstrap.ensure_system_packages()


def test_system_packages_are_installed_where_that_is_allowed(bootstrap, commands, monkeypatch):
    answers = [(["g++"], []), ([], [])]
    monkeypatch.setattr(bootstrap, "missing_packages", lambda: answers.pop(0))
    monkeypatch.setattr(bootstrap, "may_install", lambda: ["sudo", "-n"])
    bootstrap.ensure_system_packages()
    assert words(commands, "sudo", "-n", "apt-get", "install", "g++")


def test_environment_without_a_sourced_ros(bootstrap, monkeypatch):
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    monkeypatch.setenv("PYTHONPATH", "/mine")
    assert bootstrap.clean_environment()["PYTHONPATH"] == "/mine"
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/jazzy")
    monkeypatch.setenv("PYTHONPATH", "/opt/ros/jazzy/lib/python3.12/site-packages")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/ros/jazzy/lib")
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")
    environment = bootstrap.clean_environment()
    gone = {"AMENT_PREFIX_PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "ROS_DISTRO"}
    assert not gone & set(environment)
    assert environment["ROS_DOMAIN_ID"] == "7"


def test_a_failing_command_shows_the_end_of_its_output(bootstrap):
    script = "print('first'); print('the reason'); raise SystemExit(3)"
    with pytest.raises(bootstrap.StepError, match="the reason"):
        bootstrap.run("failing", [sys.executable, "-c", script], dict(os.environ), "(.*)")
    assert "first" in (bootstrap.LOGS / "failing.log").read_text()


def make(*arguments):
    """Return what make would run."""
    finished = subprocess.run(
        ["make", "--no-print-directory", "-n", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        # what an outer `make test ARGS=...` hands on is not for this one
        env={
            name: os.environ[name]
            for name in os.environ
            if not name.startswith(("MAKE", "MFLAGS", "ARGS"))
        },
    )
    return " ".join(finished.stdout.replace("\\\n", " ").split())


def test_make_hands_its_variables_on():
    command = make("companion", "INPUT=replay", "REPLAY=/a b", "DURATION=5", "SUMMARY=s.json")
    assert '--input "replay" --duration "5" --scenario "home"' in command
    assert '--replay "/a b"' in command
    assert '--summary "s.json"' in command
    assert "--library" not in command
    assert '--dashboard "open"' in command


def test_make_and_the_command_line_agree():
    """Every argument that make hands on is one of `emo-music companion`."""
    pytest.importorskip("numpy")
    from emo_music_ros.cli import parser

    variables = ("INPUT=demo", "REPLAY=r", "DURATION=5", "SUMMARY=s", "LIBRARY=l", "SCENARIO=group")
    handed = shlex.split(make("companion", *variables))
    parsed = parser().parse_args(handed[handed.index("companion") :])
    assert (parsed.input, parsed.duration, parsed.scenario) == ("demo", 5.0, "group")
    assert (parsed.replay, parsed.library, parsed.summary) == ("r", "l", "s")


def test_make_help_names_every_target():
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    for target in ("companion", "test", "build", "lint", "lock", "clean"):
        assert f"make {target}" in shown
