# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Shared memory that killed processes left behind.

Fast DDS removes its files when a participant is closed. A process that is killed cannot do that,
and nobody does it later: the ports have numbers and are found and cleaned by who uses the number
next, but segments (17 MB each, see ``config/fastdds.xml``) have random names.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from pathlib import Path

FOLDER = Path("/dev/shm")

#: Beside every segment lies a file that its process keeps locked while it lives.
_LOCK = re.compile(r"fast(rtps|dds)_[0-9a-f]{16}_el")
#: Seconds for which a lock file is left alone: its process makes it first and locks it then.
_SETTLED = 60.0


def remove_orphans(folder: Path = FOLDER) -> int:
    """Remove the segments of this user whose process is gone; return how many.

    Lives by the rule of ``fastdds shm clean``: the kernel drops a lock with the process that held
    it, so a lock file that can be locked belongs to nobody.
    """
    removed = 0
    try:
        found = [Path(entry) for entry in os.scandir(folder) if _LOCK.fullmatch(entry.name)]
    except OSError:  # no such folder on this system
        return 0
    for path in found:
        try:
            removed += _remove_orphan(path)
        except OSError:  # in use, or another start was faster
            continue
    return removed


def _remove_orphan(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or time.time() - status.st_mtime < _SETTLED:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.with_name(lock.name.removesuffix("_el")).unlink(missing_ok=True)
        lock.unlink()
        return True
    finally:
        os.close(descriptor)
