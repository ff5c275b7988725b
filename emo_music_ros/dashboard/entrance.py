# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Getting in: the first account, signing in and out, and who has an account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from emo_music_ros.dashboard import account_pages as pages
from emo_music_ros.dashboard.accounts import Accounts, check_password, same_name
from emo_music_ros.dashboard.doing import Note
from emo_music_ros.dashboard.first import FirstCode
from emo_music_ros.dashboard.gate import Visit
from emo_music_ros.dashboard.permissions import HOME, RESIDENT, THERAPIST
from emo_music_ros.dashboard.sessions import Sessions
from emo_music_ros.dashboard.throttle import Attempts
from emo_music_ros.dashboard.words import LANGUAGES, WORDS, Words
from emo_music_ros.errors import CompanionError, InputError

#: Attempts to sign in that are free within `LOCKED` seconds: of one name, of one address.
MOST_OF_NAME, MOST_OF_ADDRESS = 5, 20
LOCKED = 900.0


class Entrance:
    """What is answered to whoever wants to get in, and to who manages accounts.

    Parameters
    ----------
    accounts : Accounts
        Who may sign in.
    sessions : Sessions
        Who is signed in.
    note : callable
        Notes who did what.
    show : callable
        Prints on the terminal.
    clock : callable
        Seconds of a clock that nobody sets.
    sensed : callable
        Returns who consented to be sensed: none of them may be of the staff.
    """

    def __init__(
        self,
        accounts: Accounts,
        sessions: Sessions,
        note: Note,
        show: Callable[[str], None],
        clock: Callable[[], float],
        sensed: Callable[[], Iterable[str]],
    ) -> None:
        self._sensed = sensed
        self._accounts = accounts
        self._sessions = sessions
        self._note = note
        self._first = FirstCode(show)
        self.is_set_up = bool(accounts.all())
        if not self.is_set_up:
            self._first.renew()
        self._by_name = Attempts(clock, MOST_OF_NAME, LOCKED)
        self._by_address = Attempts(clock, MOST_OF_ADDRESS, LOCKED)
        #: Puts a cookie into a response, or takes it back where it is empty.
        self.give_cookie: Callable[[Response, str], None] = lambda response, cookie: None

    async def setup_page(self, visit: Visit, _: object) -> Response:
        """Show the page of the first account, where there is none."""
        if self.is_set_up:
            return RedirectResponse("/login", 303)
        return HTMLResponse(pages.setup(visit.words))

    async def setup(self, visit: Visit, _: object) -> Response:
        """Make the first account of whoever knows the code."""
        if self.is_set_up:
            return RedirectResponse("/login", 303)
        wait = self._by_address.take(visit.address)
        if wait:
            return _later(visit.words, wait, pages.setup)
        words = _chosen(visit)
        if not self._first.matches(visit.form.get("code", "")):
            return HTMLResponse(pages.setup(words, words("wrong_code")), 403)
        try:
            account = await run_in_threadpool(
                partial(
                    self._accounts.add,
                    visit.form.get("name", ""),
                    visit.form.get("password", ""),
                    THERAPIST,
                    first=True,
                )
            )
        except CompanionError as error:
            return HTMLResponse(pages.setup(words, str(error)), 400)
        self.is_set_up = True
        self._by_address.forgive(visit.address)
        await self._note(account.name, account.role, "first account")
        return self._let_in(visit, account.name, account.role, words)

    async def login_page(self, visit: Visit, _: object) -> Response:
        """Show the page to sign in."""
        if not self.is_set_up:
            return RedirectResponse("/setup", 303)
        return HTMLResponse(pages.login(visit.words))

    async def login(self, visit: Visit, _: object) -> Response:
        """Sign somebody in; who guesses has to wait."""
        words, name = _chosen(visit), visit.form.get("name", "")
        key = same_name(name)[:200]
        wait = self._by_address.take(visit.address) or self._by_name.take(key)
        if wait:
            return _later(words, wait, pages.login)
        password = visit.form.get("password", "")
        account = await run_in_threadpool(self._accounts.verify, name, password)
        if account is None:
            locked = "" if self._by_name.left(key) else ", locked"
            # what was typed may be a password in the wrong field
            known = await run_in_threadpool(self._accounts.known, name)
            await self._note(known, "", "sign in", f"refused{locked}")
            return HTMLResponse(pages.login(words, words("wrong_login")), 403)
        self._by_address.forgive(visit.address)
        self._by_name.clear(key)
        await self._note(account.name, account.role, "sign in")
        return self._let_in(visit, account.name, account.role, words)

    def _let_in(self, visit: Visit, name: str, role: str, words: Words) -> Response:
        self._sessions.end(visit.cookie)
        cookie = self._sessions.begin(name, role, words.language)
        response = RedirectResponse(HOME[role], 303)
        self.give_cookie(response, cookie)
        return response

    async def logout(self, visit: Visit, _: object) -> Response:
        """End a session."""
        session = visit.signed_in
        self._sessions.end(visit.cookie)
        await self._note(session.account, session.role, "sign out")
        response = RedirectResponse("/login", 303)
        self.give_cookie(response, "")
        return response

    async def language(self, visit: Visit, _: object) -> Response:
        """Change the language of a session."""
        session = visit.signed_in
        others = [each for each in LANGUAGES if each != session.language]
        session.language = others[0]
        return RedirectResponse(visit.page, 303)

    # -- accounts ----------------------------------------------------------------------------

    async def password_page(self, visit: Visit, _: object) -> Response:
        """Show the page of one's own password."""
        return HTMLResponse(pages.password(visit.words, visit.signed_in, ""))

    async def password(self, visit: Visit, _: object) -> Response:
        """Change one's own password; the present one is asked for."""
        session, words = visit.signed_in, visit.words
        key = same_name(session.account)
        wait = self._by_name.take(key)
        if wait:
            return _later(words, wait, lambda each, told: pages.password(each, session, told))
        old, new = visit.form.get("old", ""), visit.form.get("password", "")
        if await run_in_threadpool(self._accounts.verify, session.account, old) is None:
            await self._note(session.account, session.role, "own password", "refused")
            told, status = words("wrong_login"), 403
        else:
            self._by_name.clear(key)
            told, status = await self._replace_password(visit, session.account, new), 200
        return HTMLResponse(pages.password(words, session, told), status)

    async def accounts_page(self, visit: Visit, _: object) -> Response:
        """Show all accounts."""
        return await self._list_accounts(visit, "")

    async def _list_accounts(self, visit: Visit, told: str) -> Response:
        known = await run_in_threadpool(self._accounts.all)
        return HTMLResponse(pages.accounts(visit.words, visit.signed_in, known, told))

    async def add_account(self, visit: Visit, _: object) -> Response:
        """Add an account."""
        session, form = visit.signed_in, visit.form
        name, password, role = (form.get(key, "") for key in ("name", "password", "role"))
        try:
            if role != RESIDENT and same_name(name) in map(same_name, self._sensed()):
                raise InputError(visit.words("sensed_not", person=name), "")
            account = await run_in_threadpool(self._accounts.add, name, password, role)
        except CompanionError as error:
            return await self._list_accounts(visit, str(error))
        act = f"add {account.role} '{account.name}'"
        await self._note(session.account, session.role, act)
        return await self._list_accounts(visit, visit.words("saved"))

    async def remove_account(self, visit: Visit, _: object) -> Response:
        """Remove an account and end its sessions."""
        session, name = visit.signed_in, visit.form.get("name", "")
        try:
            removed = await run_in_threadpool(self._accounts.remove, name)
        except CompanionError as error:
            return await self._list_accounts(visit, str(error))
        self._sessions.end_all(removed.name)
        await self._note(session.account, session.role, f"remove '{removed.name}'")
        return await self._list_accounts(visit, visit.words("saved"))

    async def reset_password(self, visit: Visit, _: object) -> Response:
        """Set the password of an account and end its sessions."""
        name = await run_in_threadpool(self._accounts.known, visit.form.get("name", ""))
        told = await self._replace_password(visit, name, visit.form.get("password", ""))
        return await self._list_accounts(visit, told)

    async def _replace_password(self, visit: Visit, name: str, password: str) -> str:
        """Set a password and return what to say; other sessions of the account end."""
        session = visit.signed_in
        try:
            check_password(password, name)
            await run_in_threadpool(self._accounts.set_password, name, password)
        except CompanionError as error:
            return str(error)
        self._sessions.end_all(name, but=visit.cookie)
        self._by_name.clear(same_name(name))
        await self._note(session.account, session.role, f"password of '{name}'")
        return visit.words("saved")


def _chosen(visit: Visit) -> Words:
    """Return the language of the form that was sent."""
    language = visit.form.get("language", "")
    return WORDS[language] if language in LANGUAGES else visit.words


def _later(words: Words, wait: float, page: Callable[[Words, str], str]) -> Response:
    told = words("wait", minutes=int(wait // 60) + 1)
    headers = {"Retry-After": str(int(wait) + 1)}
    return HTMLResponse(page(words, told), 429, headers)
