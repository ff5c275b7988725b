# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is encrypted is told from what is not, and nothing is kept where it must be and is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from emo_music_ros import encryption, resources
from emo_music_ros.commands import doctor
from emo_music_ros.encryption import encrypted_by
from emo_music_ros.errors import StorageError

PLAIN = "22 1 254:0 / / rw,relatime - ext4 /dev/none rw"


@pytest.fixture
def mounts(monkeypatch):
    """Let the system say that these lines are mounted."""

    def say(*lines):
        read = Path.read_text

        def answer(path, *arguments):
            if str(path) == "/proc/self/mountinfo":
                return "\n".join([PLAIN, *lines, "odd"])
            return read(path, *arguments)

        monkeypatch.setattr(Path, "read_text", answer)

    return say


@pytest.mark.parametrize("kind", ["gocryptfs", "cryfs", "encfs", "securefs"])
def test_folders_that_are_encrypted_by_a_file_system(mounts, tmp_path, kind):
    (tmp_path / "my data").mkdir()
    place = str(tmp_path).replace(" ", r"\040") + r"/my\040data"
    mounts(f"42 22 0:39 / {place} rw shared:1 - fuse.{kind} /some/where rw")
    assert encrypted_by(tmp_path / "my data") == kind
    assert encrypted_by(tmp_path) == ""
    assert encrypted_by(tmp_path / "nothing") == ""


def test_what_is_mounted_over_it_counts(mounts, tmp_path):
    mounts(
        f"42 22 0:39 / {tmp_path} rw - fuse.gocryptfs /x rw",
        f"43 42 0:40 / {tmp_path} rw - tmpfs tmpfs rw",
    )
    assert encrypted_by(tmp_path) == ""


def test_disks_of_dm_crypt_also_below_volumes(tmp_path):
    disk, volume, odd = (tmp_path / name for name in ("disk", "volume", "odd"))
    for block, uuid in ((disk, "CRYPT-LUKS2-x"), (volume, "LVM-x"), (odd, "LVM-y")):
        (block / "dm").mkdir(parents=True)
        (block / "dm" / "uuid").write_text(uuid)
    (volume / "slaves").mkdir()
    (volume / "slaves" / "dm-0").symlink_to(disk)
    assert encryption._on_crypt(disk)
    assert encryption._on_crypt(volume)
    assert not encryption._on_crypt(odd)
    (volume / "slaves" / "sda").symlink_to(tmp_path / "plain")  # half of it is open
    assert not encryption._on_crypt(volume)


def test_where_it_must_be_encrypted_and_is_not_nothing_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(resources, "encrypted_by", lambda folder: "")
    assert resources.data("x").parent.is_dir()
    monkeypatch.setenv("EMO_MUSIC_ENCRYPTED", "yes")
    with pytest.raises(StorageError, match="not on encrypted storage"):
        resources.data_of("/robot", "memory.sqlite")
    monkeypatch.setattr(resources, "encrypted_by", lambda folder: "dm-crypt")
    assert resources.data("x") == tmp_path / "data" / "x"
    monkeypatch.setattr(resources, "encrypted_by", lambda folder: "")
    monkeypatch.setenv("EMO_MUSIC_ENCRYPTED", "no")
    assert resources.data("x")


@pytest.mark.parametrize(("how", "level"), [("dm-crypt", "ok"), ("", "warn")])
def test_the_doctor_tells_it(monkeypatch, tmp_path, how, level):
    monkeypatch.setenv("EMO_MUSIC_DATA", str(tmp_path))
    monkeypatch.setattr(doctor, "encrypted_by", lambda folder: how)
    (found,) = doctor.encryption()
    assert found.level == level
    assert (how or "not known") in found.text
