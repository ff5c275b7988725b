# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the tests' own, where one is installed."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

DEADLINE = 60.0
#: Databases that a test can use side by side: to make one takes long.
KEPT = 3


def programs() -> Path | None:
    """Return the folder of the programs of the server, None if there is none."""
    found = [shutil.which("postgres"), *sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))]
    whole = [Path(path).resolve().parent for path in found if path]
    return next((path for path in whole if (path / "initdb").exists()), None)


class Server:
    """A server on a free port of this machine, whose files are in a folder of their own.

    It refuses to run as root, and whom it runs as may not look into folders of root: hence not
    below the folder of the test.
    """

    def __init__(self, folder: Path) -> None:
        self._programs = folder
        self._user = "postgres" if os.geteuid() == 0 else None
        self.place = Path(tempfile.mkdtemp(prefix="emo-music-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self.place, entry.pw_uid, entry.pw_gid)
        self._run("initdb", "-D", str(self.place / "data"), "-U", "robot", "-A", "trust", "-N")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.start()
        self._made = 0

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [str(self._programs / name), *arguments]

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run(
            self._command(name, *arguments),
            check=True,
            capture_output=True,
            cwd=self.place,
            user=self._user,
        )

    def start(self) -> None:
        settings = (
            *("listen_addresses=127.0.0.1", "unix_socket_directories="),
            "fsync=off",  # it is the server that ends in tests, not the machine
        )
        options = [part for setting in settings for part in ("-c", setting)]
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(
                    "postgres", "-D", str(self.place / "data"), "-p", str(self.port), *options
                ),
                stdout=log,
                stderr=log,
                cwd=self.place,
                user=self._user,
            )
        end = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(subprocess.CalledProcessError):
                self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-t", "5")
                return
            assert time.monotonic() < end, (self.place / "log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, without a word to its clients."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)  # "immediate": it recovers at the next start
        self._process.wait(30)

    def database(self) -> str:
        """Return the URL of an empty database; the one before the last few is emptied for it."""
        name = f"house{self._made % KEPT}"
        at = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "robot")
        if self._made < KEPT:
            self._run("createdb", *at, name)
        else:
            empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
            self._run("psql", *at, "-d", name, "-c", empty)
        self._made += 1
        return f"postgresql://robot@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.place)
