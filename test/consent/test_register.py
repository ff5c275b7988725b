# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Decisions outlive what happens to processes and files."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from emo_music_ros.consent.keeper import Keeper
from emo_music_ros.consent.register import Register
from emo_music_ros.consent.rules import LEARNING, RECORDING, SENSING
from emo_music_ros.errors import InputError, StorageError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "consent.sqlite"


def held(path):
    return {(each.person_id, each.purpose): each.given for each in Register(path).consents()}


def test_who_only_reads_makes_no_file(path):
    assert Register(path).consents() == []
    assert Register(path).recall("run", "person") == ""
    assert Register(path).forget("anna") == 0
    assert not path.exists()


def test_a_decision_is_on_disk_with_its_source_and_readable_by_the_owner_only(path):
    keeper = Keeper(Register(path))
    keeper.decide("anna", "", True, "daughter")
    keeper.decide("anna", LEARNING, False, "live:service")
    keeper.save()
    assert held(path) == {("anna", SENSING): True, ("anna", LEARNING): False}
    assert {each.source for each in Register(path).consents()} == {"daughter", "live:service"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_raw_recordings_are_asked_for_by_name_and_withdrawn_with_all(path):
    keeper = Keeper(Register(path))
    keeper.decide("anna", "", True, "")
    keeper.enrol("anna", "start")
    keeper.save()
    assert ("anna", RECORDING) not in held(path)
    keeper.decide("anna", RECORDING, True, "")
    keeper.save()
    assert held(path)["anna", RECORDING]
    keeper.decide("anna", "", False, "")
    keeper.save()
    assert not any(held(path).values())


def test_enrolling_never_overrules_a_withdrawal(path):
    keeper = Keeper(Register(path))
    keeper.decide("anna", SENSING, False, "live:service")
    keeper.enrol("anna", "start")
    keeper.save()
    assert held(path) == {("anna", SENSING): False, ("anna", LEARNING): True}
    again = Keeper(Register(path))
    again.enrol("anna", "start")
    assert not next(each for each in again.consents() if each.purpose == SENSING).given


def test_forgetting_leaves_the_withdrawal(path):
    keeper = Keeper(Register(path))
    keeper.decide("anna", SENSING, False, "")
    keeper.decide("anna", LEARNING, True, "")
    keeper.decide("bert", "", True, "")
    keeper.save()
    keeper.forget("anna")
    wanted = {("anna", SENSING): False, ("bert", SENSING): True, ("bert", LEARNING): True}
    assert held(path) == wanted
    assert {(each.person_id, each.purpose): each.given for each in keeper.consents()} == wanted


def test_what_cannot_be_stored_holds_and_is_stored_later(path):
    path.parent.mkdir()
    path.mkdir()  # a folder in the way
    keeper = Keeper(Register(path))
    keeper.decide("anna", SENSING, False, "")
    with pytest.raises(StorageError, match="register of consent"):
        keeper.save()
    assert not keeper.consents()[0].given
    path.rmdir()
    keeper.save()
    assert held(path) == {("anna", SENSING): False}


@pytest.mark.parametrize(("person", "purpose"), [("", SENSING), ("anna", "everything")])
def test_wrong_persons_and_purposes_are_refused(path, person, purpose):
    with pytest.raises(InputError):
        Keeper(Register(path)).decide(person, purpose, True, "")


def test_a_damaged_register_is_told_of_until_it_was_looked_at(path):
    keeper = Keeper(Register(path))
    for number in range(200):
        keeper.decide(f"p{number}", "", False, "x" * 50)
    keeper.save()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)
    register = Register(path, own=True)
    try:
        register.consents()
    except StorageError:
        pass  # refused, or set aside: either way nobody is taken to have agreed
    else:
        assert "Ask everybody again" in register.lost()
        for copy in path.parent.glob("*.corrupt-*"):
            copy.unlink()
        assert register.lost() == ""


def test_a_row_without_sense_is_no_consent(path):
    keeper = Keeper(Register(path))
    keeper.decide("anna", "", True, "")
    keeper.save()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE consent SET given = 'maybe' WHERE purpose = 'sensing'")
        connection.execute("INSERT INTO consent VALUES ('bert', 'all', 1, 0, '', '', '', '', 0)")
        connection.execute("UPDATE consent SET time = 'noon'")
    assert held(path) == {("anna", SENSING): False, ("anna", LEARNING): True}


def test_facts_belong_to_one_run(path):
    register = Register(path)
    register.keep("one", "person", "anna")
    assert register.recall("one", "person") == "anna"
    assert register.recall("two", "person") == register.recall("", "person") == ""
    register.keep("two", "session", "7")
    assert register.recall("one", "person") == ""
    register.keep("two", "person", "anna")
    register.forget("anna")
    assert register.recall("two", "person") == ""


WRITER = """
import sys
from emo_music_ros.consent.keeper import Keeper
from emo_music_ros.consent.register import Register
keeper = Keeper(Register(sys.argv[1]))
number = 0
while True:
    number += 1
    keeper.decide("anna", "sensing", number % 2 == 0, str(number))
    keeper.save()
    print(number, flush=True)
"""


def test_a_kill_loses_no_decision_that_was_answered(path):
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        seen = []
        enough = threading.Event()

        def read(process=process, seen=seen, enough=enough):
            for line in process.stdout:
                seen.append(int(line))
                if len(seen) >= 7:
                    enough.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert enough.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        reader.join(10)
        process.stdout.close()
        (decision,) = Register(path).consents()
        assert int(decision.source) >= seen[-1]
        assert decision.given is (int(decision.source) % 2 == 0)
