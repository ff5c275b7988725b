# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Which streams on the network are used, and why others are not."""

from __future__ import annotations

import fnmatch
import logging
import math
import threading
import time
from dataclasses import dataclass
from typing import Any

from emo_music_ros.errors import OptionError
from emo_music_ros.options import nearest, option
from emo_music_ros.sensing.outlet import TYPES
from emo_music_ros.streams import UNITS

log = logging.getLogger(__name__)

#: LSL stream type in lower case -> kind.
KIND_OF = {
    **{kind: kind for kind in TYPES},
    **{name.lower(): kind for kind, name in TYPES.items()},
    "ekg": "ecg",
    "bvp": "ppg",
    "gsr": "eda",
    "sc": "eda",
    "breathing": "respiration",
    "accelerometer": "acceleration",
}
#: Kind -> fewest and most channels that make sense.
CHANNELS = {
    "eeg": (1, 256),
    "ecg": (1, 15),
    "ppg": (1, 8),
    "eda": (1, 2),
    "respiration": (1, 4),
    "temperature": (1, 8),
    "acceleration": (3, 3),
}
#: Time until a stream whose samples were refused is tried again [s].
TRIAL = 2.0
#: From the first stream of a kind on it is waited this long for others [s]: which answers first is
#: chance, and the choice must not be.
SETTLE = 0.5
#: Time between looks while something that was seen is waited for [s].
SOON = 0.2
#: Highest rate that is taken for a biosignal [Hz].
HIGHEST_RATE = 20000.0


@dataclass(frozen=True)
class LslOptions:
    """What can be set."""

    kinds: list[str] = option(list(UNITS), "kinds of signal to look for")
    name: str = option("*", "only streams whose name matches this pattern (* and ? allowed)")
    streams: str = option(
        "",
        "stream to take by kind, such as 'eeg=Muse-1A2B, eda=E4*': its name, source id or host; of"
        " a kind named here no other is taken",
    )
    predicate: str = option("", "XPath predicate for the resolver; empty = every stream")
    resolve_interval: float = option(1.0, "time between looks for streams [s]", low=0.1, high=60.0)
    stale_after: float = option(
        5.0, "a stream without samples for this long is lost [s]", low=0.5, high=600.0
    )
    offset_interval: float = option(
        5.0, "time between estimates of the clock offset [s]", low=0.1, high=600.0
    )


class Finder:
    """Watches the network in the background and chooses one usable stream for each kind.

    Parameters
    ----------
    options : LslOptions
        What to look for.

    Raises
    ------
    OptionError
        If `streams` cannot be understood.
    """

    def __init__(self, options: LslOptions) -> None:
        self._options = options
        self._wanted = wanted(options.streams)
        self._lock = threading.Lock()
        self._resolver: Any = None
        self._found: dict[str, Any] = {}
        self._refused: dict[str, str] = {}
        self._judged: dict[str, tuple[str, float]] = {}  # why, and when it is tried again
        self._looked = -math.inf
        self._first: dict[str, float] = {}  # kind -> when a stream of it was first seen
        self._used: dict[str, str] = {}  # kind -> the stream that was chosen last

    def start(self) -> None:
        """Begin to look."""
        import pylsl

        predicate = self._options.predicate or None
        with self._lock:
            self._looked = -math.inf
            self._resolver = pylsl.ContinuousResolver(pred=predicate, forget_after=3.0)

    def stop(self) -> None:
        """End looking and forget what was found."""
        with self._lock:
            self._resolver = None
            self._found.clear()
            self._refused.clear()
            self._judged.clear()
            self._first.clear()
            self._used.clear()

    def find(self, kind: str) -> Any:
        """Return the stream of a kind, None if there is none."""
        with self._lock:
            self._look()
            return self._found.get(kind)

    def refused(self) -> list[str]:
        """Return why streams are not used."""
        with self._lock:
            self._look()
            return sorted(self._refused.values())

    def judge(self, uid: str, reason: str) -> None:
        """Refuse a stream because of its samples, until it is tried again; empty = it is fine."""
        with self._lock:
            if reason:
                self._judged[uid] = reason, time.monotonic() + TRIAL
            elif self._judged.pop(uid, None) is None:
                return
            self._looked = -math.inf

    def _look(self) -> None:
        # Every look makes a document of each stream: not more often than is needed.
        pause = self._options.resolve_interval
        if not self._found or len(self._found) < len(self._first):
            pause = min(SOON, pause)
        if self._resolver is None or time.monotonic() - self._looked < pause:
            return
        self._looked = time.monotonic()
        self._found, refused = {}, {}
        present = [info for info in self._resolver.results() if self._meant(info)]
        uids = {info.uid() for info in present}
        self._judged = {uid: judged for uid, judged in self._judged.items() if uid in uids}
        names = [info.name() for info in present]
        # What is used stays; else the names decide, which are the same after every start. What
        # was refused comes last: it is no reason to leave another stream alone.
        for info in sorted(
            present,
            key=lambda info: (
                info.uid() in self._judged,
                info.uid() not in self._used.values(),
                info.name(),
                info.source_id(),
                info.hostname(),
                info.created_at(),
            ),
        ):
            kind = _kind(info)
            title = _title(info, names.count(info.name()) > 1)
            reason = unusable(kind, info)
            if not reason and kind in self._found:
                other = self._found[kind]
                used = _title(other, names.count(other.name()) > 1)
                reason = f"not used, {used} already gives {kind}. Choose with the option streams"
            judged, trial = self._judged.get(info.uid(), ("", -math.inf))
            if judged:  # named until it is found fine
                refused[info.uid()] = judged
                if not reason and time.monotonic() >= trial:
                    self._found[kind] = info
            elif reason:
                refused[info.uid()] = f"LSL stream {title} ({info.type()}): {reason}"
            elif self._settled(kind):
                self._found[kind] = info
        self._used = {kind: info.uid() for kind, info in self._found.items()}
        for uid in refused.keys() - self._refused.keys():
            log.warning("%s", refused[uid])
        self._refused = refused

    def _meant(self, info: Any) -> bool:
        kind = _kind(info)
        if kind not in self._options.kinds:
            return False
        if not fnmatch.fnmatchcase(info.name(), self._options.name):
            return False
        pattern = self._wanted.get(kind)
        names = (info.name(), info.source_id(), info.hostname())
        return pattern is None or any(fnmatch.fnmatchcase(name, pattern) for name in names)

    def _settled(self, kind: str) -> bool:
        return time.monotonic() - self._first.setdefault(kind, time.monotonic()) >= SETTLE


def wanted(streams: str) -> dict[str, str]:
    """Return the pattern of each kind in the option `streams`.

    Raises
    ------
    OptionError
        If it is not a list of ``kind=pattern``, or a kind does not exist.
    """
    found = {}
    for part in filter(None, map(str.strip, streams.split(","))):
        kind, equals, pattern = (text.strip() for text in part.partition("="))
        if not equals or not pattern:
            raise OptionError(f"streams: '{part}' names no stream", "Write such as eeg=Muse-1A2B")
        if kind not in UNITS:
            raise OptionError(f"there is no biosignal kind '{kind}'", nearest(kind, list(UNITS)))
        found[kind] = pattern
    return found


def _kind(info: Any) -> str:
    return KIND_OF.get(info.type().strip().lower(), "")


def _title(info: Any, full: bool) -> str:
    """Return the name of a stream, in full where another one has the same."""
    more = f" (source id '{info.source_id()}' on {info.hostname()})" if full else ""
    return f"'{info.name()}'{more}"


def unusable(kind: str, info: Any) -> str:
    """Return why an LSL stream cannot be used for a kind, empty if it can."""
    import pylsl

    channels, rate = info.channel_count(), info.nominal_srate()
    fewest, most = CHANNELS[kind]
    if info.channel_format() == pylsl.cf_string:
        return "refused, it carries text. Send numbers (float32)"
    if not fewest <= channels <= most:
        expected = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        return f"refused, it has {channels} channels. A stream of {kind} has {expected}"
    if not 0 < rate <= HIGHEST_RATE:
        return f"refused, its rate is {rate:g} Hz. Declare the nominal rate of the device"
    return ""
