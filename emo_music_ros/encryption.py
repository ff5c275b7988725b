# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Whether a folder lies on storage that is encrypted.

The encryption is the system's: of the disk (dm-crypt, LUKS) or of folders (fscrypt, gocryptfs and
the like). It covers databases, recordings and logs alike, and its keys are nobody's but its own.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import re
from pathlib import Path

#: File systems that encrypt what is in them.
_CRYPTING = ("ecryptfs", "fuse.cryfs", "fuse.encfs", "fuse.gocryptfs", "fuse.securefs")
#: A line of proc_pid_mountinfo(5).
_MOUNT = re.compile(r"\S+ \S+ \S+ \S+ (?P<place>\S+) .*? ?- (?P<kind>\S+) (?P<source>\S+)")
#: ioctl FS_IOC_GETFLAGS and its flag FS_ENCRYPT_FL of linux/fs.h.
_GET_FLAGS, _ENCRYPTED = 0x80086601, 0x800


def encrypted_by(folder: Path) -> str:
    """Return what encrypts a folder that exists, such as ``dm-crypt``; empty if nothing known."""
    try:
        kind, source = _mounted(folder.resolve(strict=True))
        if kind in _CRYPTING:
            return kind.removeprefix("fuse.")
        # of some file systems, such as btrfs, a file does not tell the device
        on_device = source.startswith("/dev/") and os.path.exists(source)
        device = os.stat(source).st_rdev if on_device else os.stat(folder).st_dev
    except OSError:
        return ""
    if _on_crypt(Path("/sys/dev/block", f"{os.major(device)}:{os.minor(device)}")):
        return "dm-crypt"
    return "fscrypt" if _flagged(folder) else ""


def _mounted(folder: Path) -> tuple[str, str]:
    """Return the kind and the source of the file system that a folder is in."""
    best, found = -1, ("", "")
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines():
        match = _MOUNT.match(line)
        if match is None:
            continue
        place = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), match["place"])
        if folder.is_relative_to(place) and len(place) >= best:  # the last mount hides others
            best, found = len(place), (match["kind"], match["source"])
    return found


def _on_crypt(block: Path) -> bool:
    """Tell whether a block device, or all that it is made of, is a mapping of dm-crypt."""
    with contextlib.suppress(OSError):
        if (block / "dm" / "uuid").read_text("ascii", "replace").startswith("CRYPT-"):
            return True
    parts = [*block.glob("slaves/*")]
    return bool(parts) and all(_on_crypt(part) for part in parts)


def _flagged(folder: Path) -> bool:
    flags = array.array("L", [0])
    with contextlib.suppress(OSError):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(opened, _GET_FLAGS, flags)
        finally:
            os.close(opened)
    return bool(flags[0] & _ENCRYPTED)
