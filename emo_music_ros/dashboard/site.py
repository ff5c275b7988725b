# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The dashboard as one thing that starts and stops: accounts, pages, server."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from emo_music_ros.dashboard.accounts import Accounts
from emo_music_ros.dashboard.app import Control, Dashboard
from emo_music_ros.dashboard.asking import Asking
from emo_music_ros.dashboard.audit import Audit
from emo_music_ros.dashboard.options import DashboardOptions
from emo_music_ros.dashboard.records import Records
from emo_music_ros.dashboard.server import Server
from emo_music_ros.dashboard.services import Services
from emo_music_ros.dashboard.sessions import Sessions
from emo_music_ros.dashboard.situations import situations
from emo_music_ros.dashboard.state import Board


class Site:
    """Serves the pages from when it is made until `stop`.

    Parameters
    ----------
    options : DashboardOptions
        Where, and to whom for how long.
    accounts, audit : Path
        Files, made on demand.
    board : Board
        What is known.
    control : callable
        Steers the music.
    records : Records
        Sessions that were recorded.
    asking : Asking
        Asks for what people entered, and enters it.
    services : Services
        Asks other nodes for what is no music.
    show : callable
        Prints on the terminal.
    failed : callable
        Told of an error in answering.
    on_trouble : callable
        Told why the audit log cannot be written, and with an empty text that it can.

    Raises
    ------
    CompanionError
        If the options cannot be, nothing can be listened on, or the accounts cannot be read.
    """

    def __init__(
        self,
        options: DashboardOptions,
        *,
        accounts: Path,
        audit: Path,
        board: Board,
        control: Control,
        records: Records,
        asking: Asking,
        services: Services,
        show: Callable[[str], None],
        failed: Callable[[Exception], None],
        on_trouble: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        known = situations(options.situations)
        self._server = Server(options)
        try:
            self._accounts = Accounts(accounts)
            self._audit = Audit(audit, on_trouble)
            self._dashboard = Dashboard(
                board=board,
                control=control,
                accounts=self._accounts,
                audit=self._audit,
                sessions=Sessions(clock, options.idle, options.longest),
                situations=known,
                records=records,
                asking=asking,
                services=services,
                show=show,
                clock=clock,
            )
            self._server.start(
                self._dashboard.application(
                    self._server.hosts, secure=self._server.secure, failed=failed
                )
            )
        except BaseException:
            self._server.stop()
            raise

    @property
    def address(self) -> str:
        """Return what people open."""
        return self._server.address

    @property
    def viewers(self) -> int:
        """Return how many watch."""
        return self._dashboard.viewers

    def stop(self) -> None:
        """Let everybody go and close the files."""
        self._dashboard.close()
        self._server.stop()
        self._accounts.close()
        self._audit.close()
