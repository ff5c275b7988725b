# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Accounts in SQLite; of a password only its argon2 hash is kept."""

from __future__ import annotations

import secrets
import sqlite3
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from emo_music_ros.dashboard.permissions import ROLES, THERAPIST
from emo_music_ros.errors import InputError, StorageError
from emo_music_ros.io.database import Database, transaction

#: Marks a file of ours.
APPLICATION = 0x656D6F05
#: Characters of a password: fewer are guessed, more only cost time.
SHORTEST, LONGEST = 12, 200
#: Most characters of a name.
LONGEST_NAME = 40

MIGRATIONS = (
    """
    CREATE TABLE account (
        key TEXT PRIMARY KEY,       -- the name as it is compared
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        hash TEXT NOT NULL          -- argon2id
    );
    """,
)


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    name: str
    role: str


class Accounts:
    """The file of accounts; may be used from several threads.

    Parameters
    ----------
    path : str or Path
        The file; only its owner may read it.
    hasher : argon2.PasswordHasher, optional
        How passwords are hashed.
    """

    def __init__(self, path: str | Path, hasher: PasswordHasher | None = None) -> None:
        self.path = Path(path)
        self._hasher = hasher or PasswordHasher()
        self._lock = threading.Lock()
        self._hashing = threading.Lock()  # one at a time: each takes 64 MB and a core
        self._database = Database(
            self.path, MIGRATIONS, application=APPLICATION, what="file of accounts", own=True
        )
        # What a name that does not exist is compared with, so that it takes as long.
        self._nobody = self._hash(secrets.token_hex(16))

    def all(self) -> list[Account]:
        """Return every account by name.

        Raises
        ------
        StorageError
            If the file cannot be read.
        """
        with self._open() as connection:
            rows = connection.execute("SELECT name, role FROM account ORDER BY key").fetchall()
        return [Account(name, role) for name, role in rows]

    def add(self, name: str, password: str, role: str, *, first: bool = False) -> Account:
        """Add an account; `first` adds it only where there is none yet.

        Raises
        ------
        InputError
            If name, password or role cannot be, or the name is taken.
        StorageError
            If the file cannot be written.
        """
        account = Account(valid_name(name), role)
        if role not in ROLES:
            raise InputError(f"there is no role '{role}'", f"Give one of {', '.join(ROLES)}")
        check_password(password, account.name)
        hashed = self._hash(password)
        with self._open() as connection, transaction(connection):
            if first and connection.execute("SELECT 1 FROM account").fetchone():
                raise InputError("there is an account already", "Sign in")
            try:
                connection.execute(
                    "INSERT INTO account VALUES (?, ?, ?, ?)",
                    (same_name(account.name), account.name, role, hashed),
                )
            except sqlite3.IntegrityError:
                raise InputError(
                    f"there is an account '{account.name}' already", "Choose another name"
                ) from None
        return account

    def known(self, name: str) -> str:
        """Return the name of an account as it is written, empty if there is none.

        Raises
        ------
        StorageError
            If the file cannot be read.
        """
        with self._open() as connection:
            row = _row(connection, name)
        return row[0] if row else ""

    def remove(self, name: str) -> Account:
        """Remove an account and return it.

        Raises
        ------
        InputError
            If there is none, or it is the last therapist's: nobody could add accounts any more.
        StorageError
            If the file cannot be written.
        """
        with self._open() as connection, transaction(connection):
            row = _row(connection, name)
            if row is None:
                raise _no_account(name)
            (therapists,) = connection.execute(
                "SELECT count(*) FROM account WHERE role = ?", (THERAPIST,)
            ).fetchone()
            if row[1] == THERAPIST and therapists == 1:
                raise InputError("it is the last therapist", "Add another therapist first")
            connection.execute("DELETE FROM account WHERE key = ?", (same_name(name),))
        return Account(*row[:2])

    def set_password(self, name: str, password: str) -> None:
        """Replace a password.

        Raises
        ------
        InputError
            If there is no such account or the password cannot be.
        StorageError
            If the file cannot be written.
        """
        check_password(password, name)
        hashed = self._hash(password)
        with self._open() as connection:
            found = connection.execute(
                "UPDATE account SET hash = ? WHERE key = ?", (hashed, same_name(name))
            ).rowcount
        if not found:
            raise _no_account(name)

    def verify(self, name: str, password: str) -> Account | None:
        """Return the account of a name and its password; it takes as long where there is none.

        Raises
        ------
        StorageError
            If the file cannot be read.
        """
        with self._open() as connection:
            row = _row(connection, name)
        hashed = row[2] if row else self._nobody
        with self._hashing:
            try:
                self._hasher.verify(hashed, _secret(password))
            except (Argon2Error, InvalidHashError):
                return None
        if row is None or row[1] not in ROLES:
            return None
        if self._hasher.check_needs_rehash(hashed):
            self._rehash(row[0], password)
        return Account(row[0], row[1])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _rehash(self, name: str, password: str) -> None:
        hashed = self._hash(password)
        with self._open() as connection:
            connection.execute(
                "UPDATE account SET hash = ? WHERE key = ?", (hashed, same_name(name))
            )

    def _hash(self, password: str) -> str:
        with self._hashing:
            return self._hasher.hash(_secret(password))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._database.connect()
            except (sqlite3.Error, OSError) as error:
                raise StorageError(
                    f"the file of accounts '{self.path}' cannot be used ({error})",
                    "Free disk space and check the rights of its folder",
                ) from error


def _row(connection: sqlite3.Connection, name: str) -> tuple[str, str, str] | None:
    """Return name, role and hash of an account, None if there is none."""
    found: tuple[str, str, str] | None = connection.execute(
        "SELECT name, role, hash FROM account WHERE key = ?", (same_name(name),)
    ).fetchone()
    return found


def _no_account(name: str) -> InputError:
    return InputError(f"there is no account '{name}'", "Choose one of the list")


def valid_name(name: str) -> str:
    """Return the name of an account, without spaces around it.

    Raises
    ------
    InputError
        If it is empty, too long or holds characters that cannot be printed.
    """
    found = unicodedata.normalize("NFKC", name).strip()
    if not found or len(found) > LONGEST_NAME or not found.isprintable():
        raise InputError("this name cannot be", f"Give 1 to {LONGEST_NAME} printable characters")
    return found


def check_password(password: str, name: str) -> None:
    """Refuse a password that is easily guessed.

    Raises
    ------
    InputError
        If it is too short, too long, made of few characters or of the name.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError(
            f"the password has {len(password)} characters",
            f"Give {SHORTEST} to {LONGEST}; a few words are easy to keep in mind",
        )
    if len(set(password)) < 5 or same_name(password).replace(same_name(name), "") == "":
        raise InputError(
            "the password is easily guessed", "Give a few words that do not belong together"
        )


def _secret(password: str) -> bytes:
    """Return a password as it is hashed; one that is too long is cut to one that is."""
    return password[: LONGEST + 1].encode("utf-8", "surrogatepass")


def same_name(name: str) -> str:
    """Return a name as names are compared: neither case nor form of a letter counts."""
    found = unicodedata.normalize("NFKC", name).strip().casefold()
    return found.encode("utf-8", "replace").decode()
