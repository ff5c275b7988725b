# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Set up .venv, build the package into it, and run the loop or the checks.

Called by the Makefile. Every step that is done leaves a stamp, a hash of what it depends on, so
that the next run skips it. Stamps are written last: an interrupted step is repeated.

    python3 scripts/bootstrap.py bench [arguments of `python -m bench`]
    python3 scripts/bootstrap.py build
    python3 scripts/bootstrap.py companion [arguments of `emo-music companion`]
    python3 scripts/bootstrap.py lint
    python3 scripts/bootstrap.py mutation [arguments of scripts/mutation.py]
    python3 scripts/bootstrap.py test [arguments of pytest]
    python3 scripts/bootstrap.py test-system [arguments of pytest]
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BUILD = VENV / "build"
STAMPS = VENV / "stamps"
LOGS = VENV / "log"
INSTALLING = VENV / "installing"  # there while pip works: if it was killed, packages may be torn
REQUIREMENTS = ROOT / "requirements"
SUPPORTED = ((3, 10), (3, 13))  # ROS 2 Jazzy is published for these
SOURCES = (
    *("CMakeLists.txt", "package.xml", "setup.py", "cmake", "msg", "srv", "action"),
    *("emo_music_ros", "config", "launch", "models"),
)

#: What the path of the project may hold besides letters and digits. The generators of ROS read no
#: other characters in it, and would say so minutes later.
PATH_CHARACTERS = "/._-+@ "
#: What to do after a step that failed.
AGAIN = "Mend that and run the same command again: what is done is kept."
#: What the first setup takes on the disk [MiB].
SPACE = 3000

COMMANDS = ("bench", "build", "companion", "lint", "mutation", "test", "test-system")
#: Programs that tests run, and the Debian packages they are in.
PROGRAMS = {
    "chromium": "chromium",
    "mpd": "mpd",
    "psql": "postgresql",
    "pulseaudio": "pulseaudio",
    "gocryptfs": "gocryptfs",
    "fusermount": "fuse",
}
#: Attacks the pages.
SCANNER = "wapiti3==3.2.3"
#: Processes that tests are spread over; more would not be faster, the longest file counts.
MOST_WORKERS = 4


def say(text: str) -> None:
    """Print one status line."""
    print(f"[setup] {text}", flush=True)


def stop(text: str) -> None:
    """End with a message and without a traceback."""
    sys.exit(f"[setup] {text}")


# Python ---------------------------------------------------------------------------------------


def supported(version: tuple[int, ...]) -> bool:
    """Tell whether ROS 2 is published for a Python version."""
    return SUPPORTED[0] <= tuple(version[:2]) <= SUPPORTED[1]


def use_supported_python() -> None:
    """Start again with another Python of this machine if this one is too old or too new."""
    if supported(sys.version_info):
        return
    for minor in range(SUPPORTED[1][1], SUPPORTED[0][1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if other:
            os.execv(other, [other, *sys.argv])
    low, high = (".".join(map(str, bound)) for bound in SUPPORTED)
    here = ".".join(map(str, sys.version_info[:3]))
    stop(f"this is Python {here}. Install Python {low} to {high} and run: make PYTHON=python{high}")


# The place ------------------------------------------------------------------------------------


def trouble_with_place() -> str:
    """Return why nothing can be set up here and what to do, empty if it can."""
    odd = {
        each
        for each in str(ROOT)
        if not (each.isascii() and each.isalnum()) and each not in PATH_CHARACTERS
    }
    if odd:
        shown = " ".join(sorted(map(ascii, odd)))
        return (
            f"the folder {str(ROOT)!a} cannot be built in: its path holds {shown}, which the "
            "generators of ROS do not take. Move the project to a path of plain letters, such as "
            "~/emo_music_ros"
        )
    where = VENV if VENV.exists() else ROOT
    if not os.access(where, os.W_OK | os.X_OK, effective_ids=True):
        return (
            f"the folder {where} cannot be written, and everything is set up in it. Copy the "
            "project to a folder of your own: "
            f"cp -r {shlex.quote(str(ROOT))} ~/ && cd ~/{shlex.quote(ROOT.name)}"
        )
    free = shutil.disk_usage(ROOT).free / 2**20
    if free < SPACE and not (STAMPS / "build").exists():
        return (
            f"there are {free:.0f} MiB free in {ROOT}, and the setup takes {SPACE}. Free some, "
            "or move the project to a larger disk"
        )
    return ""


# Steps ----------------------------------------------------------------------------------------


def digest(*parts: str | bytes) -> str:
    """Return the hash of some texts."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.encode() if isinstance(part, str) else part)
        total.update(b"\0")
    return total.hexdigest()


def is_done(step: str, state: str) -> bool:
    """Tell whether a step was finished in this state."""
    try:
        return (STAMPS / step).read_text() == state
    except OSError:
        return False


def set_done(step: str, state: str) -> None:
    """Note that a step was finished in this state."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / f"{step}.new").write_text(state)
    os.replace(STAMPS / f"{step}.new", STAMPS / step)


class StepError(Exception):
    """A command of a step failed; the argument is the end of its output."""


def run(title: str, command: list[str | Path], environment: dict[str, str], shown: str) -> None:
    """Run a command with its output in a log and its progress on one line.

    Parameters
    ----------
    title : str
        What is being done, in words.
    command : list
        Program and arguments.
    environment : dict
        Its environment.
    shown : str
        Regular expression; what its group matched last in the output is shown as progress.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / (re.sub(r"\W+", "_", title) + ".log")
    begun = time.monotonic()
    moving = sys.stdout.isatty()
    if not moving:
        say(f"{title} ...")
    seen = 0
    with log.open("w") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=environment,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            for line in process.stdout:
                file.write(line)
                match = re.search(shown, line)
                if match and moving:
                    seen += 1
                    text = f"[setup] {title}: {seen}{match.group(1)}"
                    width = shutil.get_terminal_size().columns - 1
                    print(f"\r\033[K{text[:width]}", end="", flush=True)
        except BaseException:
            process.terminate()
            raise
        finally:
            process.wait()
            if moving:
                print("\r\033[K", end="", flush=True)
    if process.returncode:
        raise StepError("\n".join(log.read_text().splitlines()[-40:]) + f"\n(all of it: {log})")
    say(f"{title}: {time.monotonic() - begun:.0f} s")


def clean_environment() -> dict[str, str]:
    """Return the environment without a ROS installation that is sourced in it."""
    result = dict(os.environ)
    if "AMENT_PREFIX_PATH" in result:
        foreign = (
            r"AMENT_|COLCON_|ROS_(DISTRO|VERSION|PYTHON)|(CMAKE_PREFIX|PYTHON|LD_LIBRARY_)PATH$"
        )
        result = {name: value for name, value in result.items() if not re.match(foreign, name)}
    for name in ("PYTHONHOME", "_ROS_WHEELS_BOOTSTRAP_COMPLETE"):
        result.pop(name, None)
    return result


def venv_environment() -> dict[str, str]:
    """Return the environment of the build: the virtual environment is the ROS prefix."""
    packages = next(VENV.glob("lib/python3*/site-packages"))
    libraries = [VENV / "lib", *sorted(packages.glob("ros_*.libs"))]
    environment = clean_environment()
    environment.pop("PYTHONPATH", None)  # would shadow what the generators import
    return environment | {
        "VIRTUAL_ENV": str(VENV),
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "AMENT_PREFIX_PATH": str(VENV),
        "CMAKE_PREFIX_PATH": str(VENV),
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }


# System packages --------------------------------------------------------------------------------


def has_header(name: str) -> bool:
    """Tell whether the C compiler finds a header."""
    command = [os.environ.get("CC", "cc"), "-E", "-x", "c", "-"]
    with contextlib.suppress(OSError):
        source = f"#include <{name}>\n".encode()
        return subprocess.run(command, input=source, capture_output=True).returncode == 0
    return False


def missing_packages() -> tuple[list[str], list[str]]:
    """Return the Debian names of what is missing: needed, and good to have."""
    needed = []
    if not shutil.which(os.environ.get("CXX", "c++")):
        needed.append("g++")
    if not Path(sysconfig.get_paths()["include"], "Python.h").is_file():
        needed.append(f"python3.{sys.version_info[1]}-dev")
    if importlib.util.find_spec("ensurepip") is None:
        needed.append(f"python3.{sys.version_info[1]}-venv")
    wanted = [] if has_header("portaudio.h") else ["portaudio19-dev"]
    return needed, wanted


def may_install() -> list[str] | None:
    """Return what to put before apt-get to be allowed to install, or None."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    if shutil.which("sudo") and not subprocess.run([*sudo, "true"], capture_output=True).returncode:
        return sudo
    return None


def ensure_system_packages() -> bool:
    """Install the few Debian packages that are needed, or say which command does it.

    Returns
    -------
    bool
        False if there is to be no sound, because a package for it cannot be installed.
    """
    needed, wanted = missing_packages()
    missing = needed + wanted
    if not missing:
        return True
    if not needed and is_done("sound", "refused"):
        return False
    before = may_install()
    if before is not None:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = [*before, "apt-get", "install", "-y", "--no-install-recommends", *missing]
        title = "system packages " + " ".join(missing)
        with contextlib.suppress(StepError):
            update = [*before, "apt-get", "update"]
            run("list of system packages", update, environment, r"^Get:\d+( .*)")
        with contextlib.suppress(StepError):
            run(title, install, environment, r"^(?:Unpacking|Setting up)( \S+)")
        needed, wanted = missing_packages()
    if needed:
        names = " ".join(needed + wanted)
        stop(f"the build needs system packages. Run: sudo apt-get install {names}")
    if wanted:
        say("no headers of PortAudio: going on without microphone and audible output.")
        say(f"For sound run: sudo apt-get install {' '.join(wanted)} && make build")
    return not wanted


# The virtual environment ------------------------------------------------------------------------


def ensure_venv() -> None:
    """Make .venv; make it again if it was moved, is of another Python or half installed."""
    state = digest(str(VENV), sys.version, sys.base_prefix)
    whole = (VENV / "bin" / "python").exists()  # its Python may have been uninstalled
    if is_done("venv", state) and whole and not INSTALLING.exists():
        return
    begun = time.monotonic()
    if VENV.exists():
        say("the virtual environment is not whole, or of another place or Python: making it anew")
        shutil.rmtree(VENV)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if made.returncode:
        raise StepError(f"{sys.executable} -m venv {VENV}\n{made.stdout}")
    set_done("venv", state)
    say(f"virtual environment: {time.monotonic() - begun:.0f} s")


def pip_install(step: str, title: str, *arguments: str | Path) -> None:
    """Install requirement files unless the same ones are installed already."""
    files = [Path(part) for part in arguments if str(part).endswith(".txt")]
    state = digest(*(file.read_bytes() for file in files))
    if is_done(step, state):
        return
    pip = [VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install"]
    shown = r"^\s*(?:Collecting|Building wheel for|Installing collected packages)( ?[^\s(:]*)"
    INSTALLING.touch()
    try:
        run(title, [*pip, "--progress-bar", "off", *arguments], venv_environment(), shown)
    except StepError:  # pip itself cleaned up
        INSTALLING.unlink()
        raise
    INSTALLING.unlink()
    set_done(step, state)


def ensure_packages(development: bool) -> None:
    """Install the pinned Python packages."""
    exact: tuple[str | Path, ...] = ("-c", REQUIREMENTS / "constraints.txt")
    names = ["ros", "run"]
    files = [part for name in names for part in ("-r", REQUIREMENTS / f"{name}.txt")]
    pip_install("packages", "Python packages", *exact, *files)
    bare = ("--no-deps", "-r", REQUIREMENTS / "no-deps.txt")
    pip_install("bare_packages", "Python packages without dependencies", *bare)
    if development:
        pip_install(
            "dev_packages", "Python packages for tests", *exact, "-r", REQUIREMENTS / "dev.txt"
        )
        bare = ("--no-deps", "-r", REQUIREMENTS / "dev-no-deps.txt")
        pip_install("bare_dev_packages", "Python packages for tests without dependencies", *bare)
    if has_header("portaudio.h"):
        try:
            pip_install("sound_packages", "PyAudio", "-r", REQUIREMENTS / "sound.txt")
        except StepError as error:
            say(f"PyAudio cannot be built, going on without sound:\n{error}")


def ensure_peers() -> None:
    """Install what training needs and what benchmarks compare with."""
    exact = ("-c", REQUIREMENTS / "constraints.txt")
    for name, title in (("train", "training"), ("bench", "benchmarks")):
        path = REQUIREMENTS / f"{name}.txt"
        pip_install(f"{name}_packages", f"Python packages for {title}", *exact, "-r", path)
    bare = REQUIREMENTS / "bench-no-deps.txt"
    pip_install("bare_peers", "peers without dependencies", "--no-deps", "-r", bare)


def ensure_mutation_tester() -> None:
    """Install what changes operators and tells which tests ran them."""
    exact = ("-c", REQUIREMENTS / "constraints.txt")
    path = REQUIREMENTS / "mutation.txt"
    pip_install("mutation_packages", "Python packages for mutation", *exact, "-r", path)


def ensure_servers() -> None:
    """Install what the tests with real programs need, as far as it can be had."""
    exact = ("-c", REQUIREMENTS / "constraints.txt")
    for name, title in (("system", "tests with servers"), ("large", "large libraries")):
        path = REQUIREMENTS / f"{name}.txt"
        pip_install(f"{name}_packages", f"Python packages for {title}", *exact, "-r", path)
    scanner = VENV / "scanner"  # of the pages; it wants other versions of packages than we do
    if not is_done("scanner", SCANNER):
        run("virtual environment of the scanner", [sys.executable, "-m", "venv", scanner],
            clean_environment(), "$^")  # fmt: skip
        run(SCANNER, [scanner / "bin" / "pip", "--disable-pip-version-check", "install", SCANNER],
            clean_environment(), r"^\s*Collecting( ?[^\s(:]*)")  # fmt: skip
        set_done("scanner", SCANNER)
    missing = [name for program, name in PROGRAMS.items() if not shutil.which(program)]
    before = may_install()
    if missing and before is not None:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = [*before, "apt-get", "install", "-y", "--no-install-recommends", *missing]
        with contextlib.suppress(StepError):
            run("servers " + " ".join(missing), install, environment, r"^(?:Unpacking)( \S+)")
    left = [name for program, name in PROGRAMS.items() if not shutil.which(program)]
    if left:
        say(f"tests without these are skipped: sudo apt-get install {' '.join(left)}")


# The build --------------------------------------------------------------------------------------


def source_state() -> str:
    """Return a hash over names, sizes and times of everything that is installed."""
    parts = [(STAMPS / "packages").read_text()]
    for name in SOURCES:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if "__pycache__" not in path.parts and path.is_file():
                status = path.stat()
                parts.append(f"{path.relative_to(ROOT)} {status.st_size} {status.st_mtime_ns}")
    return digest(*parts)


def installed_files() -> set[str]:
    """Return what the last installation put into .venv."""
    try:
        return set((BUILD / "install_manifest.txt").read_text().splitlines())
    except OSError:
        return set()


def build() -> None:
    """Build the interfaces and install the package, only what changed."""
    state = source_state()
    if is_done("build", state):
        return
    environment = venv_environment()
    tool = VENV / "bin" / "cmake"
    before = installed_files()
    if not (BUILD / "build.ninja").is_file():
        run(
            "configuring",
            [
                *(tool, "-S", ROOT, "-B", BUILD, "-G", "Ninja"),
                *("-DBUILD_TESTING=OFF", "-DPYTHON_ONLY=ON"),
                *(f"-DCMAKE_INSTALL_PREFIX={VENV}", f"-DPython3_EXECUTABLE={VENV}/bin/python"),
            ],
            *(environment, r"^--( .*)"),
        )
    run("building", [tool, "--build", BUILD], environment, r"^\[\d+(/\d+)\]")
    run("installing", [tool, "--install", BUILD], environment, r"^-- Installing:( .*)")
    for stale in before - installed_files():
        Path(stale).unlink(missing_ok=True)
    set_done("build", state)


def ensure_build() -> None:
    """Build; after a failure once more from nothing, in case an interrupted run left a mess."""
    try:
        build()
    except StepError:
        if not BUILD.exists():
            raise
        say("the build failed; trying again from nothing")
        shutil.rmtree(BUILD)
        build()


def ensure(development: bool = False) -> None:
    """Do every step of the setup that is not done yet; one process at a time."""
    with open(__file__) as lock:
        with contextlib.suppress(OSError):  # some file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            sound = ensure_system_packages()
            ensure_venv()
            set_done("sound", "available" if sound else "refused")
            ensure_packages(development)
            ensure_build()
        except StepError as error:
            stop(f"a step failed:\n{error}\n{AGAIN}")
        except OSError as error:
            stop(f"{error.filename or VENV} cannot be written: {error.strerror}.\n{AGAIN}")


# Commands ---------------------------------------------------------------------------------------


def become(program: str, *arguments: str, **environment: str) -> None:
    """Replace this process by a program of the virtual environment."""
    path = str(VENV / "bin" / program)
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(path, [path, *arguments], clean_environment() | environment)


def lint() -> None:
    """Check style and types."""
    for command in ("ruff check .", "ruff format --check .", "mypy emo_music_ros bench"):
        say(command)
        program, *arguments = shlex.split(command)
        finished = subprocess.run([VENV / "bin" / program, *arguments], cwd=ROOT)
        if finished.returncode:
            stop(f"'{command}' found something to mend")


def spread() -> list[str]:
    """Return the arguments that run all tests on the cores there are, a file on one of them.

    One more than there are cores: tests of the graph mostly wait. A process that crashes ends the
    run: with one in its place it would wait for ever.
    """
    cores = len(os.sched_getaffinity(0))
    if cores == 1:
        return []
    workers = str(min(cores + 1, MOST_WORKERS))
    return ["-n", workers, "--dist", "loadfile", "--max-worker-restart", "0"]


def main() -> None:
    """Run one command."""
    command, arguments = (sys.argv[1:2] or ["help"])[0], sys.argv[2:]
    if command not in COMMANDS:
        stop(__doc__ or "")
    if trouble := trouble_with_place():
        stop(trouble)
    use_supported_python()
    ensure(development=command in ("bench", "lint", "mutation", "test", "test-system"))
    if command == "companion":
        become("emo-music", "companion", *arguments)
    if command == "bench":
        try:
            ensure_peers()
        except StepError as error:
            stop(f"a step failed:\n{error}\n{AGAIN}")
        become("python", "-m", "bench", *arguments, PYTHONPATH=str(ROOT))
    if command == "test-system":
        try:
            ensure_servers()
        except StepError as error:
            stop(f"a step failed:\n{error}\n{AGAIN}")
        become("pytest", "-rs", "-n0", *(arguments or ["test/system"]))
    if command == "mutation":
        try:
            ensure_mutation_tester()
        except StepError as error:
            stop(f"a step failed:\n{error}\n{AGAIN}")
        become("python", str(ROOT / "scripts" / "mutation.py"), *arguments, PYTHONPATH=str(ROOT))
    if command in ("lint", "test"):
        lint()
    if command == "test":
        domain = os.environ.get("ROS_DOMAIN_ID", str(random.randint(1, 100)))
        become(
            "pytest",
            *(arguments or spread()),
            ROS_DOMAIN_ID=domain,
            ROS_AUTOMATIC_DISCOVERY_RANGE="LOCALHOST",
        )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
