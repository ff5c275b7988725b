# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""``emo-music doctor``: whether this machine has what the companion needs, and what to do."""

from __future__ import annotations

import argparse
import glob
import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from emo_music_ros.encryption import encrypted_by
from emo_music_ros.errors import CompanionError
from emo_music_ros.names import one_line

#: Memory that the whole loop takes, every node in a process of its own [MiB].
MEMORY = 1500
#: Free space for the built-in library and what is learned [MiB].
SPACE = 1500
#: A clock that says an earlier time than this was never set [unix s]: 2024-01-01.
EARLIEST = 1704067200.0


class Finding(NamedTuple):
    """What was looked at, how it is (`ok`, `warn` or `error`), what was found and what to do."""

    part: str
    level: str
    text: str
    remedy: str = ""


def ros() -> Iterator[Finding]:
    """Yield whether ROS and the messages of this package can be imported, and how nodes meet."""
    try:
        import rclpy

        importlib.import_module("emo_music_ros.msg")
        where = f"rclpy of {Path(rclpy.__file__).parents[1]}"
        yield Finding("ROS", "ok", f"{where}, distribution {os.environ.get('ROS_DISTRO', '?')}")
    except ImportError as error:
        yield Finding(
            "ROS",
            "error",
            str(error),
            "Run 'make build', or source the workspace: source install/setup.bash",
        )
    domain = os.environ.get("ROS_DOMAIN_ID", "0")
    reach = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    sound = domain.isdigit() and int(domain) <= 232
    yield Finding(
        "ROS domain",
        "ok" if sound else "error",
        f"ROS_DOMAIN_ID {domain}, discovery {reach}",
        "" if sound else "Set ROS_DOMAIN_ID to a number from 0 to 232",
    )


def camera() -> Iterator[Finding]:
    """Yield which cameras there are and whether this user may open them."""
    devices = sorted(glob.glob("/dev/video*"))
    if not devices:
        yield Finding(
            "camera",
            "warn",
            "there is none",
            "Connect one, or remap camera/image_raw to the topic of the robot's",
        )
    closed = [device for device in devices if not os.access(device, os.R_OK | os.W_OK)]
    for device in closed:
        remedy = "Add this user to the group: sudo usermod -aG video $USER, and log in again"
        yield Finding("camera", "error", f"{device} may not be opened", remedy)
    if len(devices) > len(closed):
        yield Finding("camera", "ok", ", ".join(set(devices) - set(closed)))


def sound() -> Iterator[Finding]:
    """Yield which microphones and loudspeakers PortAudio finds."""
    try:
        import pyaudio
    except ImportError as error:
        yield Finding(
            "sound",
            "warn",
            f"PyAudio cannot be imported: {error}",
            "Install the PortAudio headers (Debian: portaudio19-dev) and then PyAudio; without it "
            "nothing is heard and no music sounds",
        )
        return
    from emo_music_ros.portaudio import LOCK, silence_libraries

    silence_libraries()
    with LOCK:
        audio = pyaudio.PyAudio()
        try:
            devices = [
                audio.get_device_info_by_index(index) for index in range(audio.get_device_count())
            ]
        finally:
            audio.terminate()
    for part, channels in (
        ("microphone", "maxInputChannels"),
        ("loudspeaker", "maxOutputChannels"),
    ):
        names = [one_line(str(device["name"]), 60) for device in devices if device[channels]]
        yield Finding(
            part,
            "ok" if names else "warn",
            ", ".join(names) or "there is none",
            "" if names else "Connect one; is the user in the group audio?",
        )


def models() -> Iterator[Finding]:
    """Yield whether every encoder finds its model whole."""
    from emo_music_ros import plugins

    for name in ("face", "speech", "text", "physiology", "eeg", "music"):
        try:
            version = str(plugins.create("encoder", name).version)
        except CompanionError as error:
            yield Finding(f"model {name}", "error", error.cause, error.remedy)
        else:
            yield Finding(f"model {name}", "ok", f"version {version}")


def formats() -> Iterator[Finding]:
    """Yield whether the sound of every kind of file can be decoded."""
    from emo_music_ros.io.ffmpeg import library

    try:
        found = library("sound in m4a, aac, webm and videos")
    except CompanionError as error:
        yield Finding("sound files", "warn", error.cause, error.remedy)
    else:
        yield Finding("sound files", "ok", f"all kinds, with PyAV {found.__version__}")


def library(folder: str) -> Iterator[Finding]:
    """Yield what is known of the music."""
    from emo_music_ros.recommendation.library.files import audio_files
    from emo_music_ros.recommendation.library.folder import FolderCatalogue

    try:
        if folder:
            present = len(audio_files(Path(folder).expanduser()))
        known = len(FolderCatalogue(FolderCatalogue.Options(path=folder)).tracks())
    except CompanionError as error:
        yield Finding("library", "error", error.cause, error.remedy)
        return
    if not folder:
        text = f"{known} pieces" if known else "not rendered yet"
        remedy = "" if known else "The first run renders it, in some minutes"
        yield Finding("library", "ok" if known else "warn", f"the built-in one: {text}", remedy)
        return
    remedy = "" if known else "The first run listens to all of it, some seconds a file"
    text = f"{present} files in '{folder}', {known} of them known"
    yield Finding("library", "ok" if known else "warn", text, remedy)


def folders() -> Iterator[Finding]:
    """Yield whether what is learned and what is made can be written, and has room."""
    from emo_music_ros.resources import cache, data

    for part, variable, place, meaning in (
        ("data folder", "EMO_MUSIC_DATA", data("x").parent, "nothing learned outlives the run"),
        ("cache folder", "EMO_MUSIC_CACHE", cache("x").parent, "every start makes all anew"),
    ):
        # What cannot be written is replaced by a folder that is gone in the end.
        if variable not in os.environ and place.is_relative_to(tempfile.gettempdir()):
            text = f"the usual folder cannot be written, so {meaning}"
            yield Finding(part, "warn", text, f"Make HOME writable, or set {variable}")
            continue
        free = shutil.disk_usage(place).free / 2**20
        low = free < SPACE
        text = f"{place}, {free / 1024:.1f} GiB free"
        yield Finding(part, "warn" if low else "ok", text, "Free some space" if low else "")


def encryption() -> Iterator[Finding]:
    """Yield whether what is known of people is encrypted where it is kept."""
    from emo_music_ros.resources import data

    place = data("x").parent
    how = encrypted_by(place)
    text = f"{place} is " + (f"encrypted by {how}" if how else "not known to be encrypted")
    remedy = "" if how else "Encrypt the disk or the folder (docs/privacy.md)"
    yield Finding("encryption", "ok" if how else "warn", text, remedy)


def memory() -> Iterator[Finding]:
    """Yield whether there is memory for the loop."""
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            free = int(value.split()[0]) / 1024
            low = free < MEMORY
            remedy = "Run all nodes in one process: composed:=true" if low else ""
            yield Finding("memory", "warn" if low else "ok", f"{free:.0f} MiB available", remedy)


def clock() -> Iterator[Finding]:
    """Yield whether the clock was set, and whether something keeps it right."""
    now = time.time()
    if now < EARLIEST:
        text = f"it says {time.strftime('%Y-%m-%d', time.gmtime(now))}"
        yield Finding("clock", "error", text, "Set it: sudo timedatectl set-ntp true")
        return
    kept = Path("/run/systemd/timesync/synchronized").exists() or shutil.which("chronyc")
    yield Finding(
        "clock",
        "ok" if kept else "warn",
        time.strftime("%Y-%m-%d %H:%M:%S %Z"),
        ""
        if kept
        else "Nothing seems to keep it right; devices on other machines need that "
        "(chrony or systemd-timesyncd)",
    )


def findings(folder: str) -> Iterator[Finding]:
    """Yield everything; a look that fails is a finding, too."""
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("ROS", ros),
        ("camera", camera),
        ("sound", sound),
        ("models", models),
        ("sound files", formats),
        ("library", lambda: library(folder)),
        ("folders", folders),
        ("encryption", encryption),
        ("memory", memory),
        ("clock", clock),
    ]
    for part, look in looks:
        try:
            yield from look()
        except CompanionError as error:
            yield Finding(part, "error", error.cause, error.remedy)
        except Exception as error:  # one odd thing must not hide the others
            yield Finding(
                part, "error", f"cannot be looked at: {error!r}", "Tell us, with this line"
            )


def doctor(arguments: argparse.Namespace) -> int:
    """Print what was found; the exit code is 1 if something does not work."""
    failed = False
    for found in findings(arguments.library):
        failed |= found.level == "error"
        print(f"{found.level:5}  {one_line(f'{found.part}: {found.text}')}", flush=True)
        if found.remedy:
            print(f"       -> {one_line(found.remedy)}", flush=True)
    if failed:
        print("Something does not work; do what the arrows say.", file=sys.stderr)
    return int(failed)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    one = commands.add_parser("doctor", help="what this machine has and lacks, and what to do")
    one.add_argument("--library", default="", help="folder of music; default: the built-in library")
    one.set_defaults(run=doctor)
