# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web import CHEAP, PASSWORD

from emo_music_ros.dashboard.accounts import LONGEST, SHORTEST, Account, Accounts, check_password
from emo_music_ros.dashboard.audit import Audit
from emo_music_ros.errors import InputError, StorageError


@pytest.fixture
def accounts(tmp_path: Path):
    found = Accounts(tmp_path / "accounts.sqlite", CHEAP)
    yield found
    found.close()


def test_only_the_right_password_of_the_right_name_is_let_in(accounts):
    accounts.add("Thea", PASSWORD, "therapist")
    assert accounts.verify("Thea", PASSWORD) == Account("Thea", "therapist")
    assert accounts.verify(" THEA ", PASSWORD) == Account("Thea", "therapist")
    for name, password in (
        ("Thea", PASSWORD + "x"), ("Thea", PASSWORD[:-1]), ("Thea", ""), ("Thea", PASSWORD.upper()),
        ("Bert", PASSWORD), ("", PASSWORD), ("Thea' --", PASSWORD), ("%", PASSWORD),
        ("Thea", "\ud800"), ("\ud800", "x"), ("Thea", "x" * 100_000),
    ):  # fmt: skip
        assert accounts.verify(name, password) is None


def test_hashes_are_argon2id_and_different_for_the_same_password(accounts, tmp_path):
    for name in ("one", "two"):
        accounts.add(name, PASSWORD, "carer")
    with sqlite3.connect(tmp_path / "accounts.sqlite") as connection:
        (first,), (second,) = connection.execute("SELECT hash FROM account").fetchall()
    assert first.startswith("$argon2id$")
    assert first != second


def test_what_is_used_without_a_choice_is_strong():
    from argon2 import PasswordHasher

    hasher = PasswordHasher()
    assert hasher.memory_cost >= 19456  # OWASP: at least 19 MiB and 2 rounds
    assert hasher.time_cost >= 2


def test_an_old_hash_is_made_anew_when_its_password_is_known(tmp_path):
    from argon2 import PasswordHasher

    old = Accounts(tmp_path / "a.sqlite", CHEAP)
    old.add("Thea", PASSWORD, "therapist")
    old.close()
    dearer = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    new = Accounts(tmp_path / "a.sqlite", dearer)
    assert new.verify("Thea", PASSWORD)
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        assert "m=16,t=2" in connection.execute("SELECT hash FROM account").fetchone()[0]
    assert new.verify("Thea", PASSWORD)
    new.close()


@pytest.mark.parametrize(
    ("name", "password", "role"),
    [
        ("", PASSWORD, "carer"),
        ("   ", PASSWORD, "carer"),
        ("a\nb", PASSWORD, "carer"),
        ("a\u202eb", PASSWORD, "carer"),
        ("x" * 41, PASSWORD, "carer"),
        ("Carl", PASSWORD, "king"),
        ("Carl", PASSWORD, ""),
        ("Carl", "x" * (SHORTEST - 1), "carer"),
        ("Carl", "short", "carer"),
        ("Carl", "aaaaaaaaaaaaaaaa", "carer"),
        ("Carl Carlson 1", "carl carlson 1", "carer"),
        ("Carl", "CarlCarlCarlCarl", "carer"),
        ("Carl", "abcde " * 100, "carer"),
        ("THEA", PASSWORD, "carer"),
        ("Ｔｈｅａ", PASSWORD, "carer"),
    ],
)
def test_accounts_that_cannot_be_are_refused(accounts, name, password, role):
    accounts.add("Thea", PASSWORD, "therapist")
    with pytest.raises(InputError):
        accounts.add(name, password, role)
    assert accounts.all() == [Account("Thea", "therapist")]


def test_the_first_is_added_only_where_there_is_none(accounts):
    accounts.add("Thea", PASSWORD, "therapist", first=True)
    with pytest.raises(InputError, match="already"):
        accounts.add("Eve", PASSWORD, "therapist", first=True)


def test_the_last_therapist_stays(accounts):
    accounts.add("Thea", PASSWORD, "therapist")
    accounts.add("Carl", PASSWORD, "carer")
    with pytest.raises(InputError, match="last therapist"):
        accounts.remove("thea")
    accounts.add("Theo", PASSWORD, "therapist")
    assert accounts.remove("THEA") == Account("Thea", "therapist")
    assert accounts.remove("Carl").role == "carer"
    with pytest.raises(InputError, match="no account"):
        accounts.remove("Carl")


def test_a_password_that_was_replaced_is_none_any_more(accounts):
    accounts.add("Thea", PASSWORD, "therapist")
    accounts.set_password("THEA", "quite another one")
    assert accounts.verify("Thea", PASSWORD) is None
    assert accounts.verify("Thea", "quite another one")
    with pytest.raises(InputError):
        accounts.set_password("Nobody", "quite another one")


def test_the_role_in_a_file_that_was_tampered_with_lets_nobody_in(accounts, tmp_path):
    accounts.add("Thea", PASSWORD, "therapist")
    with sqlite3.connect(tmp_path / "accounts.sqlite") as connection:
        connection.execute("UPDATE account SET role = 'king'")
    assert accounts.verify("Thea", PASSWORD) is None


def test_only_the_owner_may_read_the_files(tmp_path, accounts):
    before = os.umask(0)
    try:
        accounts.add("Thea", PASSWORD, "therapist")
        audit = Audit(tmp_path / "audit.sqlite")
        audit.note("Thea", "therapist", "sign in")
    finally:
        os.umask(before)
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"accounts.sqlite", "audit.sqlite"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    audit.close()


def test_a_foreign_file_is_left_alone_and_named(tmp_path):
    path = tmp_path / "diary"
    path.mkdir()
    accounts = Accounts(path, CHEAP)
    with pytest.raises(StorageError, match="folder"):
        accounts.all()


def test_an_audit_log_that_cannot_be_written_is_told_until_it_can(tmp_path, caplog):
    told: list[str] = []
    place = tmp_path / "audit.sqlite"
    place.mkdir()
    audit = Audit(place, told.append, lambda: 5.0)
    audit.note("Thea", "therapist", "stop")
    assert "cannot be written" in told[-1]
    assert "Thea" in caplog.text  # what could not be kept is not lost in silence
    assert audit.latest() == []
    place.rmdir()
    audit.note("Thea", "therapist", "stop")
    assert told[-1] == ""
    (entry,) = audit.latest()
    assert (entry.time, entry.account, entry.act, entry.outcome) == (5.0, "Thea", "stop", "done")
    audit.close()


@given(st.text(max_size=300))
def test_whatever_is_typed_is_either_an_account_or_refused_with_a_reason(text):
    with contextlib.suppress(InputError):
        check_password(text, "Thea")
        assert SHORTEST <= len(text) <= LONGEST
        assert len(set(text)) >= 5
