# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A folder that a real gocryptfs encrypts: what is kept there can be read by nobody else."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from emo_music_ros.care.profile import Song
from emo_music_ros.care.store import default_store
from emo_music_ros.encryption import encrypted_by
from emo_music_ros.errors import StorageError


@pytest.fixture
def folders(tmp_path):
    """Yield an encrypted folder and what it is on the disk."""
    if not shutil.which("gocryptfs") or not shutil.which("fusermount"):
        pytest.skip("gocryptfs is not installed: sudo apt-get install gocryptfs fuse")
    disk, place, password = tmp_path / "disk", tmp_path / "place", tmp_path / "password"
    disk.mkdir()
    place.mkdir()
    password.write_text("correct horse\n")
    command = ["gocryptfs", "-q", "-nosyslog", "-passfile", str(password)]
    subprocess.run([*command, "-init", str(disk)], check=True)
    with (tmp_path / "told").open("w") as told:  # it goes on in the background with what it has
        mounted = subprocess.run([*command, str(disk), str(place)], stdout=told, stderr=told)
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {(tmp_path / 'told').read_text()}")
    yield place, disk
    subprocess.run(["fusermount", "-u", str(place)], check=True)


def test_what_is_kept_is_encrypted(folders, monkeypatch):
    place, disk = folders
    monkeypatch.setenv("EMO_MUSIC_DATA", str(place))
    monkeypatch.setenv("EMO_MUSIC_ENCRYPTED", "yes")
    assert encrypted_by(place) == "gocryptfs"
    store = default_store("")
    store.change("anna", own=(Song("Moon River", "Mancini"),))
    assert any(b"Moon River" in file.read_bytes() for file in place.rglob("*") if file.is_file())
    stored = [file for file in disk.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in stored) > 4096
    assert not any(b"Moon River" in file.read_bytes() for file in stored)


def test_beside_it_nothing_is_kept(folders, monkeypatch, tmp_path):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path / "plain"))
    monkeypatch.setenv("EMO_MUSIC_ENCRYPTED", "yes")
    with pytest.raises(StorageError, match="not on encrypted storage"):
        default_store("")
