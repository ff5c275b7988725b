# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The player: decodes ahead, mixes late, and reports what was heard."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.io.audio import CHUNK
from emo_music_ros.playback.backends import hurry
from emo_music_ros.playback.base import Backend
from emo_music_ros.playback.exposure import Exposure
from emo_music_ros.playback.items import Item, Request, neighbours, open_request
from emo_music_ros.playback.level import SILENCE
from emo_music_ros.playback.limits import allowed_position, allowed_volume
from emo_music_ros.playback.loudness import loudness_of, measured
from emo_music_ros.playback.mixer import Ending, Mixer, guard
from emo_music_ros.playback.options import PlayerOptions
from emo_music_ros.playback.prefetch import Prefetch
from emo_music_ros.playback.reports import Reports
from emo_music_ros.playback.status import NAN, PlayerStatus
from emo_music_ros.playback.tap import Tap
from emo_music_ros.streams import AudioBlock, FloatArray, Interaction, Track

log = logging.getLogger(__name__)

#: A track replaced this much before its cross-fade would have to begin [s] still counts as heard.
NEAR_END = 1.0
#: Recommendations that arrive this soon after a person's stop [s] were on their way: not played.
STOP_GRACE = 0.5
#: How often the decoding thread looks at the rings [s].
POLL = 0.1
#: Fade-out of a track that a person skips [s]: shorter than a cross-fade, it was asked for.
NEXT_FADE = SILENCE
#: A track has to sound for this long yet [s] for its neighbour on the album to follow it.
FOLLOWS = 1.0
#: How often the dose is written down [s].
KEEP = 60.0
#: Fade when the player is closed [s].
CLOSING = 1.4

SOURCE = "live:player"


class Player:
    """Plays tracks one after the other, cross-faded.

    Commands return at once and are heard within a block of the device and its buffer. Files
    are opened and decoded by a thread of the player; listeners are called from others. A file
    that cannot be played is reported and changes nothing else.

    Parameters
    ----------
    backend : Backend
        Where the sound goes.
    options : PlayerOptions, optional
        What can be set.
    on_event : callable, optional
        Gets track_started, track_finished, and what a person asked for.
    on_audio : callable, optional
        Gets what is played, before level and equaliser are applied: mono, 22.05 kHz.
    on_error : callable, optional
        Gets what went wrong with a track.
    person_id : str
        Who listens; copied into the events.
    exposure : Exposure, optional
        Counts what the person gets and limits it; by default one that forgets everything.
    clock : callable, optional
        Tells the time that stamps are in [unix s]; a node hands in ROS time. It may step or stand
        still: durations are those of the monotonic clock.
    """

    Options = PlayerOptions

    def __init__(
        self,
        backend: Backend,
        options: PlayerOptions | None = None,
        *,
        on_event: Callable[[Interaction], None] | None = None,
        on_audio: Callable[[AudioBlock], None] | None = None,
        on_error: Callable[[CompanionError], None] | None = None,
        person_id: str = "",
        exposure: Exposure | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.backend = backend
        self.options = options or self.Options()
        self.exposure = exposure or Exposure(backend.rate, self.options)
        self._person_id = person_id
        self._clock = clock
        self._on_audio = on_audio
        self._reports = Reports(on_event, on_error)
        self._asked = min(self.options.volume, self.options.max_volume)
        self._mixer = Mixer(backend.rate, self._asked)
        self._lock = threading.Lock()  # guards the mixer, the items and the counters
        self._items: list[Item] = []  # newest last; those that still sound
        self._retired: list[Prefetch] = []  # to be closed by the decoding thread
        self._ducked = False
        self._keys = 0
        self._frame = 0
        self._device = ""
        self._lost = False  # the device was away
        self._chosen = False  # somebody has set the volume
        self._keep_at = time.monotonic() + KEEP
        self._started = self._finished = self._skipped = 0
        self._error = ""
        self._stopped_by_person = -math.inf
        self._wake = threading.Condition()
        self._request: Request | None = None
        self._stops = 0  # a track opened while this changes is not played
        self._closing = False
        self._silent = threading.Event()
        self._tap: Tap | None = None
        self._decoding: threading.Thread | None = None

    @property
    def person_id(self) -> str:
        """Who listens."""
        return self._person_id

    @person_id.setter
    def person_id(self, person_id: str) -> None:
        self._person_id = person_id
        self._reports.call(lambda: self.exposure.follow(person_id))

    def start(self) -> None:
        """Start the threads and the backend."""
        if self._decoding is not None:
            return
        self.exposure.follow(self._person_id)
        self._closing = False
        self._decoding = threading.Thread(
            target=self._decode_loop, name="player-decode", daemon=True
        )
        self._decoding.start()
        self._reports.start()
        if self._on_audio is not None:
            self._tap = Tap(self.backend.rate, self._on_audio)
        self.backend.start(self._render)

    def close(self) -> None:
        """Fade out and end everything within four seconds. May be called twice."""
        if self._decoding is None:
            return
        with self._lock:
            self._silent.clear()
            self._mixer.stop(CLOSING)
            idle = self._mixer.silent
        if not idle:
            self._silent.wait(CLOSING + 0.2)
        self.backend.stop()
        with self._wake:
            self._closing = True
            self._request = None
            self._wake.notify_all()
        self._decoding.join(1.0)
        with self._lock:
            for item in self._items:
                self._end(item, self._position(item), finished=False)
                item.prefetch.close()
            for prefetch in self._retired:
                prefetch.close()
            self._items.clear()
            self._retired.clear()
            self._mixer = Mixer(self.backend.rate, self._asked)
            self._device = ""
            if self._ducked:
                self._mixer.duck(self.options.duck)
        if self._tap is not None:
            self._tap.close()
            self._tap = None
        self._reports.close()
        self.exposure.keep()
        self._decoding = None

    def reconfigure(self, options: PlayerOptions) -> None:
        """Take new options; those that are not dynamic count from the next start."""
        self.options = options
        self.exposure.reconfigure(options)
        with self._lock:
            if self._asked > options.max_volume:
                self._asked = options.max_volume
        self._limit()

    def play(self, track: Track, recommendation_id: str = "", recommended: float = NAN) -> None:
        """Play a track now, cross-faded with what sounds; the latest call wins.

        Parameters
        ----------
        track : Track
            What to play; its `path` is opened.
        recommendation_id : str
            The recommendation that led to it.
        recommended : float
            Stamp of that recommendation [unix s].
        """
        if recommendation_id and time.monotonic() - self._stopped_by_person < STOP_GRACE:
            log.info("'%s' is not played: a person has just stopped the music", track.title)
            return
        self._open_soon(Request(track, recommendation_id, recommended))

    def pause(self, by: str = "") -> None:
        """Halt; `by` says who asked, such as ``live:dashboard``, and makes it an event."""
        with self._lock:
            self._mixer.pause()
        self._act("pause", by)

    def resume(self, by: str = "") -> None:
        """Go on after a pause."""
        with self._lock:
            self._mixer.resume(self.options.fade_in)
        self._act("resume", by)

    def stop(self, by: str = "") -> None:
        """Fade out within two seconds and forget what was to be played."""
        self._act("stop", by)
        if by:
            self._stopped_by_person = time.monotonic()
        with self._wake:
            self._request = None
            self._stops += 1
        with self._lock:
            self._mixer.stop(self.options.stop_fade)

    def next(self, by: str = "") -> None:
        """Fade the current track out at once; whoever recommends answers with :meth:`play`."""
        self._act("next", by)
        with self._lock:
            self._mixer.stop(NEXT_FADE)

    def seek(self, seconds: float, by: str = "") -> None:
        """Go to a position in the current track [s].

        Raises
        ------
        InputError
            If it is no position in the track, or nothing is playing.
        """
        with self._lock:
            item = self._current() if not self._mixer.idle else None
        if item is None:
            raise InputError(
                "seek is not possible, nothing is playing", "Play a track and seek in that"
            )
        target = min(allowed_position(seconds, item.duration), max(item.duration - 0.1, 0.0))
        self._act("seek", by, target)
        self._open_soon(Request(item.track, item.recommendation_id, item.recommended, seek=target))

    def volume(self, value: float, by: str = "") -> None:
        """Ramp to a volume, 0 to the highest allowed.

        Raises
        ------
        InputError
            If it is no such volume; the old one stays.
        """
        asked = allowed_volume(value, self.options.max_volume)
        with self._lock:
            self._asked, self._chosen = asked, True
        self._limit()
        self._act("volume", by, self._asked)

    def duck(self, on: bool) -> None:
        """Turn the music down while somebody must be understood, or up again.

        The volume that was asked for stays what it is.
        """
        with self._lock:
            self._ducked = on
            self._mixer.duck(self.options.duck if on else 1.0)

    def status(self) -> PlayerStatus:
        """Return what the player is doing. Cheap, callable from any thread."""
        exposure = self.exposure
        share, advice = exposure.share, exposure.advice()
        with self._lock:
            item = self._current()
            if item is None or self._mixer.idle:
                item, name = None, "stopped"
            elif self._mixer.paused:
                name = "paused"
            else:
                name = "fading" if self._mixer.fading else "playing"
            return PlayerStatus(
                name,
                item.track if item else None,
                self._position(item) if item else 0.0,
                item.duration if item else 0.0,
                self._asked,
                self.backend.underruns + self._mixer.starved,
                item.started if item else NAN,
                item.recommendation_id if item else "",
                item.recommended if item else NAN,
                self._started,
                self._finished,
                self._skipped,
                self.backend.error or self._error or exposure.problem,
                exposure.level,
                share,
                exposure.calibration is not None,
                self._mixer.limited or exposure.trim < 1.0,
                advice,
            )

    # -- the audio thread ----------------------------------------------------------------

    def _render(self, frames: int, delay: float) -> FloatArray:
        now = self._clock()
        lost = bool(self.backend.error)
        with self._lock:
            if self._lost and not lost:  # music that comes back comes as slowly as any other
                self._mixer.restart(self.options.fade_in)
                self.exposure.clear()
            self._lost = lost
            silent = self._mixer.silent
            mix, levels = self._mixer.mix(frames)
            for item in self._items:
                if math.isnan(item.started) and not item.closed and self._mixer.consumed(item.key):
                    item.started = now
                    self._started += 1
                    self._event("track_started", item, item.started, item.offset)
            for key, ending, consumed in self._mixer.take_endings():
                self._ended(key, ending, consumed)
            current = self._current()
            source = f"recorded:{current.track.path}" if current else ""
            frame, self._frame = self._frame, self._frame + frames
            if self._mixer.silent:
                self._silent.set()
        if not silent and self._tap is not None:
            self._tap.put(now + delay, frame, guard(mix), source)
        out = guard(self.exposure.equalise(mix * levels))
        self.exposure.count(out, heard=not lost and self.backend.name != "null")
        return out

    def _ended(self, key: int, ending: Ending, consumed: int) -> None:
        for item in list(self._items):
            if item.key == key:
                self._end(item, self._at(item, consumed), ending is Ending.FINISHED)
                self._items.remove(item)
                self._retired.append(item.prefetch)

    def _end(self, item: Item, position: float, finished: bool) -> None:
        """Count the end of a track once."""
        if item.closed or math.isnan(item.started):
            return
        item.closed = True
        if finished:
            self._finished += 1
            self._event("track_finished", item, self._clock(), position)
        else:
            self._skipped += 1

    def _current(self) -> Item | None:
        """Return the newest item, or the one whose end it waits for."""
        for item in reversed(self._items):
            if not item.closed and self._mixer.consumed(item.key):
                return item
        return self._items[-1] if self._items else None

    def _position(self, item: Item) -> float:
        return self._at(item, self._mixer.consumed(item.key) or 0)

    def _at(self, item: Item, consumed: int) -> float:
        return min(item.offset + consumed / self.backend.rate, item.duration)

    # -- reporting -----------------------------------------------------------------------

    def _act(self, action: str, by: str, value: float = 0.0) -> None:
        if not by:
            return
        with self._lock:
            item = self._current()
            position = self._position(item) if item else 0.0
        self._reports.event(
            Interaction(
                self._clock(),
                action,
                item.track.track_id if item else "",
                value,
                position,
                self.person_id,
                by,
            )
        )

    def _event(self, action: str, item: Item, when: float, position: float) -> None:
        self._reports.event(
            Interaction(when, action, item.track.track_id, 0.0, position, self.person_id, SOURCE)
        )

    def _fail(self, error: CompanionError) -> None:
        self._error = str(error)
        log.warning("%s", error)
        self._reports.error(error)

    # -- limits --------------------------------------------------------------------------

    def _limit(self) -> None:
        """Hand the limits of now to the mixer."""
        ceiling, trim = self.exposure.ceiling, self.exposure.trim
        with self._lock:
            self._mixer.set_ceiling(ceiling)
            self._mixer.set_volume(self._asked * trim)

    def _look_after(self) -> None:
        """Follow the device, the hour and the dose."""
        device = getattr(self.backend, "device", self.backend.name)
        if device != self._device:
            self._device = device
            self.exposure.use(device)
            start = self.exposure.start_volume
            if start is not None and not self._chosen:
                self._asked = min(start, self.options.max_volume)
        self._limit()
        if time.monotonic() > self._keep_at:
            self._keep_at = time.monotonic() + KEEP
            self._reports.call(self.exposure.keep)

    # -- the decoding thread -------------------------------------------------------------

    def _open_soon(self, request: Request) -> None:
        with self._wake:
            pending = self._request
            if pending is None or pending.seeks or not request.seeks:
                self._request = request  # a seek does not replace a track that is to begin
            self._wake.notify_all()

    def _decode_loop(self) -> None:
        hurry()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closing or self._request is not None, POLL)
                if self._closing:
                    return
                request, self._request = self._request, None
                stops = self._stops
            try:
                if request is not None:
                    self._open(request, stops)
                self._fill()
                self._look_after()
            except CompanionError as error:
                self._fail(error)
            except Exception as error:  # decoding libraries fail in many ways; playing goes on
                log.exception("decoding failed")
                self._fail(InputError(f"a track cannot be decoded: {error!r}", "Replace the file"))

    def _open(self, request: Request, stops: int) -> None:
        prefetch = open_request(request, self.backend.rate, self.options.prefetch)
        with self._wake, self._lock:
            newer = self._request is not None and not self._request.seeks
            if newer or self._stops != stops:
                self._retired.append(prefetch)  # something else was asked for meanwhile
                return
            self._keys += 1
            if request.seeks:
                self._continue(request, prefetch)
            else:
                self._begin(request, prefetch)

    def _begin(self, request: Request, prefetch: Prefetch) -> None:
        self._error = ""
        if not measured(request.track):
            log.info("the loudness of '%s' is not known: it is played softly", request.track.title)
        new = Item(
            request.track, request.recommendation_id, request.recommended, self._keys, prefetch
        )
        if not self._follows(new):
            for item in self._items:
                position = self._position(item)
                near = item.duration - position <= self.options.crossfade + NEAR_END
                self._end(item, position, finished=near)
            self._mixer.play(
                new.key,
                prefetch,
                self.options.crossfade,
                self.options.fade_in,
                loudness_of(new.track),
            )
        self._items.append(new)

    def _follows(self, new: Item) -> bool:
        """Let a track follow without a gap if it is the neighbour of one that is about to end."""
        last = self._current()
        if last is None or last.closed or not neighbours(last.track, new.track):
            return False
        left = last.duration - self._position(last)
        if not FOLLOWS <= left <= self.options.crossfade + NEAR_END:
            return False
        last.prefetch.followed = self._mixer.follow(new.key, new.prefetch, loudness_of(new.track))
        return last.prefetch.followed

    def _continue(self, request: Request, prefetch: Prefetch) -> None:
        """Swap the current track for itself at another position, unless it ended meanwhile."""
        item = self._current()
        if item is None or item.closed or item.track is not request.track:
            self._retired.append(prefetch)
            return
        old = Item(item.track, "", NAN, item.key, item.prefetch)  # sounds until it is faded
        old.closed = True
        self._items.insert(self._items.index(item), old)
        item.key, item.prefetch, item.offset = self._keys, prefetch, request.seek
        self._mixer.swap(self._keys, prefetch, self.options.fade_in, loudness_of(item.track))

    def _fill(self) -> None:
        with self._lock:
            prefetches = [item.prefetch for item in self._items]
        while prefetches:
            # In turn and in small steps, so that no ring runs dry while another is filled.
            prefetches = [prefetch for prefetch in prefetches if prefetch.fill(CHUNK)]
            if self._request is not None:
                break
        with self._lock:
            items = list(self._items)
            retired, self._retired = self._retired, []
        for item in items:
            complaint = item.prefetch.reader.complaint
            if complaint and not item.complained:
                item.complained = True
                self._fail(InputError(complaint, "Replace the file"))
        for prefetch in retired:
            prefetch.close()
