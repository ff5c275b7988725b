# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A player that hands pieces over to somebody else's and plays the rest itself."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.playback.limits import allowed_position
from emo_music_ros.playback.options import PlayerOptions
from emo_music_ros.playback.player import CLOSING, NEXT_FADE, SOURCE, STOP_GRACE, Player
from emo_music_ros.playback.remote import Handed, Remote
from emo_music_ros.playback.reports import Reports
from emo_music_ros.playback.status import NAN, PlayerStatus
from emo_music_ros.streams import Interaction, Track

log = logging.getLogger(__name__)

#: How often the other player is asked what it does, and how seldom at least if it is away [s].
POLL = 0.5
LONGEST_POLL = 5.0
#: One that failed to answer this often in a row is given up.
MOST_FAILURES = 4
#: A piece of which less than this was left [s] when it ended was heard to its end.
NEARLY = 2.5
#: How much louder than asked for it may be before it is turned down again: it counts in steps.
TOLERANCE = 0.02
#: Time in which a volume that was asked for is reached [s].
RAMP = 1.0


class HandOver:
    """Has the commands and reports of :class:`Player`, and plays through it or through another.

    Commands return at once; a thread of its own speaks to the other player, whose volume is faded,
    kept below the highest allowed and turned down again should somebody raise it there. What
    cannot be stopped, as the other player is away, is stopped as soon as it answers.

    Parameters
    ----------
    player : Player
        Plays what the other does not have.
    remote : Remote
        The other player.
    on_event, on_error : callable, optional
        As of :class:`Player`.
    clock : callable
        Tells the time that stamps are in [unix s].
    """

    def __init__(
        self,
        player: Player,
        remote: Remote,
        *,
        on_event: Callable[[Interaction], None] | None = None,
        on_error: Callable[[CompanionError], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._player = player
        self._remote = remote
        self._clock = clock
        self._reports = Reports(on_event, on_error)
        self._wake = threading.Condition()  # guards what follows
        self._commands: deque[Callable[[], None]] = deque()
        self._handed: Handed | None = None
        self._target: Handed | None = None  # that is on there, or on its way
        self._fading = False
        self._unstopped = False  # it may still play what nobody wants any more
        self._failures = 0
        self._volume = 0.0  # that it was set to last
        self._ducked = False
        self._stopped_by_person = -math.inf
        self._started = self._finished = self._skipped = 0
        self._error = ""
        self._closing = False
        self._thread: threading.Thread | None = None

    # -- what Player has as well -----------------------------------------------------------------

    @property
    def person_id(self) -> str:
        """Who listens; copied into the events."""
        return self._player.person_id

    @person_id.setter
    def person_id(self, name: str) -> None:
        self._player.person_id = name

    def start(self) -> None:
        """Start the threads."""
        self._player.start()
        if self._thread is None:
            self._closing = False
            self._reports.start()
            self._thread = threading.Thread(target=self._loop, name="player-remote", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Fade out quickly and end everything. May be called twice."""
        if self._thread is not None:
            with self._wake:
                self._commands.clear()
                self._commands.append(lambda: self._leave(CLOSING))
                self._closing = True
                self._wake.notify_all()
            self._thread.join(2.0)
            self._thread = None
            self._reports.close()
        self._player.close()

    def reconfigure(self, options: PlayerOptions) -> None:
        """Take new options."""
        self._player.reconfigure(options)
        self._tell(lambda: self._fade(self._allowed(), RAMP))

    def play(self, track: Track, recommendation_id: str = "", recommended: float = NAN) -> None:
        """Play a piece now, here or there; the latest call wins."""
        if recommendation_id and time.monotonic() - self._stopped_by_person < STOP_GRACE:
            log.info("'%s' is not played: a person has just stopped the music", track.title)
        elif self._remote.plays(track.path):
            handed = Handed(track, recommendation_id, recommended)
            self._only(lambda: self._begin(handed), handed)
        else:
            self._only(lambda: self._leave(NEXT_FADE))
            self._player.play(track, recommendation_id, recommended)

    def pause(self, by: str = "") -> None:
        """Halt."""
        if self._act("pause", by):
            self._tell(self._remote.pause, self._look)
        else:
            self._player.pause(by)

    def resume(self, by: str = "") -> None:
        """Go on after a pause."""
        if self._act("resume", by):
            self._tell(self._remote.resume, self._look)
        else:
            self._player.resume(by)

    def stop(self, by: str = "") -> None:
        """Fade out within two seconds and forget what was to be played."""
        if by:
            self._stopped_by_person = time.monotonic()
        there = self._act("stop", by)
        self._only(lambda: self._leave(self._player.options.stop_fade))
        self._player.stop("" if there else by)

    def next(self, by: str = "") -> None:
        """Fade the current piece out at once."""
        if self._act("next", by):
            self._only(lambda: self._leave(NEXT_FADE))
        else:
            self._player.next(by)

    def seek(self, seconds: float, by: str = "") -> None:
        """Go to a position in the current piece [s].

        Raises
        ------
        InputError
            If it is no position in it, or nothing is playing.
        """
        with self._wake:
            handed = self._handed
        if handed is None:
            self._player.seek(seconds, by)
            return
        target = allowed_position(seconds, handed.duration)
        self._act("seek", by, target)
        self._tell(lambda: self._remote.seek(target), self._look)

    def volume(self, value: float, by: str = "") -> None:
        """Ramp to a volume, 0 to the highest allowed.

        Raises
        ------
        InputError
            If it is no such volume.
        """
        there = self._target is not None
        self._player.volume(value, "" if there else by)
        self._act("volume", by, self._asked)
        self._tell(lambda: self._fade(self._allowed(), RAMP))

    def duck(self, on: bool) -> None:
        """Turn the music down while somebody must be understood, or up again."""
        self._player.duck(on)
        self._ducked = on
        self._tell(lambda: self._fade(self._allowed(), 0.0 if on else RAMP))

    def status(self) -> PlayerStatus:
        """Return what is being played, wherever."""
        here = self._player.status()
        with self._wake:
            handed, fading = self._handed, self._fading
            counted = replace(
                here,
                tracks_started=here.tracks_started + self._started,
                tracks_finished=here.tracks_finished + self._finished,
                tracks_skipped=here.tracks_skipped + self._skipped,
                error=self._error or here.error,
            )
            if handed is None:
                return counted
            return replace(
                counted,
                status="fading" if fading else handed.state.status,
                track=handed.track,
                position=handed.position,
                duration=handed.duration,
                started=handed.started,
                recommendation_id=handed.recommendation_id,
                recommended=handed.recommended,
                error=self._error,  # the sound device here is not used
            )

    # -- the thread ------------------------------------------------------------------------------

    def _tell(self, *commands: Callable[[], None]) -> None:
        """Let the thread do something with the piece that the other player has by then."""

        def act(command: Callable[[], None]) -> None:
            if self._handed is not None:  # otherwise what plays there is not ours
                command()

        with self._wake:
            if self._target is not None:
                self._commands.extend(partial(act, command) for command in commands)
                self._wake.notify_all()

    def _only(self, command: Callable[[], None], target: Handed | None = None) -> None:
        """Let the thread do something instead of what it was told before."""
        with self._wake:
            self._target = target
            self._commands.clear()
            self._commands.append(command)
            self._wake.notify_all()

    def _loop(self) -> None:
        while True:
            with self._wake:
                pause = max(POLL, 2 * self._remote.pace)
                wait = min(pause * 2**self._failures, LONGEST_POLL)
                self._wake.wait_for(lambda: self._commands or self._closing, wait)
                command = self._commands.popleft() if self._commands else self._look
                if self._closing and command == self._look:
                    break
            try:
                command()
                self._failures = 0
            except CompanionError as error:
                self._fail(error)
            except Exception as error:  # libraries fail in many ways; the player goes on
                log.exception("the player '%s' failed", self._remote.name)
                self._fail(
                    InputError(f"the player '{self._remote.name}' failed: {error!r}", "See the log")
                )
        self._remote.close()

    def _begin(self, handed: Handed) -> None:
        try:
            self._leave(NEXT_FADE)
            with self._wake:
                if self._target is not handed:
                    return  # something else was asked for meanwhile
                self._player.stop()
            self._unstopped, self._volume = True, 0.0
            self._remote.play(handed.track.path, 0.0)
        except BaseException:
            self._drop(handed)
            raise
        handed.begin(self._clock())
        with self._wake:
            self._started += 1
            self._error = ""
            self._handed = handed
        self._event("track_started", handed, 0.0)
        self._fade(self._allowed(), self._player.options.fade_in)

    def _drop(self, handed: Handed) -> None:
        """Take note that a piece is not on there any more."""
        with self._wake:
            self._handed = None
            if self._target is handed:
                self._target = None

    def _leave(self, fade: float) -> None:
        """Fade out and stop, if anything is on; whatever fails on the way, it is told to stop."""
        handed = self._handed
        if handed is not None:
            self._fading = True
            try:
                if handed.state.status == "playing":
                    self._fade(0.0, fade, urgent=True)
            except CompanionError as error:
                log.debug("fading: %s", error)
            finally:
                self._fading = False
                self._drop(handed)
                self._count(handed, finished=False)
        if self._unstopped:
            self._remote.stop()
            self._unstopped = False

    def _fade(self, goal: float, seconds: float, urgent: bool = False) -> None:
        """Change its volume step by step, until told otherwise unless it is urgent."""
        begun, first = time.monotonic(), self._volume
        while True:
            done = (time.monotonic() - begun) / seconds if seconds > 0 else 1.0
            self._set(first + (goal - first) * min(done, 1.0))
            if done >= 1.0:
                return
            with self._wake:
                stop = self._wake.wait_for(
                    lambda: not urgent and bool(self._commands), self._remote.pace
                )
            if stop:
                return

    def _set(self, volume: float) -> None:
        self._volume = volume
        self._remote.set_volume(volume)

    @property
    def _asked(self) -> float:
        return self._player.status().volume

    def _allowed(self) -> float:
        options = self._player.options
        return min(self._asked, options.max_volume) * (options.duck if self._ducked else 1.0)

    def _look(self) -> None:
        """Ask the other player what it does, if that matters."""
        handed = self._handed
        if handed is None:
            if self._unstopped:
                self._remote.stop()
                self._unstopped = False
            return
        state = self._remote.state()
        if state.status == "stopped" or not self._remote.same(state.path, handed.track.path):
            self._unstopped = False  # what somebody chose there is theirs
            near = handed.duration - handed.position < NEARLY
            self._drop(handed)
            self._count(handed, finished=state.status == "stopped" and near)
            return
        with self._wake:
            self._error = ""
            handed.state, handed.seen = state, time.monotonic()
        if state.volume > self._player.options.max_volume + TOLERANCE:
            log.warning("'%s' was turned up to %.2f there", self._remote.name, state.volume)
            self._set(self._allowed())
        elif abs(self._volume - self._allowed()) > TOLERANCE and state.status == "playing":
            self._fade(self._allowed(), RAMP)  # one that was broken off

    def _fail(self, error: CompanionError) -> None:
        with self._wake:
            new, self._error = str(error) != self._error, str(error)
            self._failures += 1
            lost = self._handed if self._failures >= MOST_FAILURES else None
        if lost is not None:
            self._drop(lost)
            self._count(lost, finished=False)
        if new:
            log.warning("%s", error)
            self._reports.error(error)

    # -- reporting -------------------------------------------------------------------------------

    def _count(self, handed: Handed, *, finished: bool) -> None:
        with self._wake:
            self._finished += finished
            self._skipped += not finished
        if finished:
            self._event("track_finished", handed, handed.duration)

    def _event(self, action: str, handed: Handed, position: float) -> None:
        when = handed.started if action == "track_started" else self._clock()
        self._reports.event(
            Interaction(when, action, handed.track.track_id, 0.0, position, self.person_id, SOURCE)
        )

    def _act(self, action: str, by: str, value: float = 0.0) -> bool:
        """Report what a person asked for; return whether it is for the other player."""
        with self._wake:
            handed, there = self._handed, self._target is not None
        if there and by:
            self._reports.event(
                Interaction(
                    self._clock(),
                    action,
                    handed.track.track_id if handed else "",
                    value,
                    handed.position if handed else 0.0,
                    self.person_id,
                    by,
                )
            )
        return there


def make_player(
    backend: object,
    options: PlayerOptions,
    *,
    on_event: Callable[[Interaction], None] | None = None,
    on_error: Callable[[CompanionError], None] | None = None,
    clock: Callable[[], float] = time.time,
    **others: object,
) -> Player | HandOver:
    """Return a player for a backend, which may have a `remote` to hand pieces over to.

    Parameters
    ----------
    backend : Backend
        The plugin.
    **others : object
        More arguments of :class:`Player`.
    """
    told = {"on_event": on_event, "on_error": on_error, "clock": clock}
    player = Player(backend, options, **told, **others)  # type: ignore[arg-type]
    remote: Remote | None = getattr(backend, "remote", None)
    return player if remote is None else HandOver(player, remote, **told)  # type: ignore[arg-type]
