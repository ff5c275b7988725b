"""Which streams on the network are used, and why others are not."""

from __future__ import annotations

import fnmatch
import logging
import math
import threading
import time
from dataclasses import dataclass
from typing import Any

from emo_music_ros.options import option
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
#: Highest rate that is taken for a biosignal [Hz].
HIGHEST_RATE = 20000.0


@dataclass(frozen=True)
class LslOptions:
    """What can be set."""

    kinds: list[str] = option(list(UNITS), "kinds of signal to look for")
    name: str = option("*", "only streams whose name matches this pattern (* and ? allowed)")
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
    """

    def __init__(self, options: LslOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._resolver: Any = None
        self._found: dict[str, Any] = {}
        self._refused: dict[str, str] = {}
        self._judged: dict[str, tuple[str, float]] = {}  # why, and when it is tried again
        self._looked = -math.inf

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
        if self._resolver is None or time.monotonic() - self._looked < 0.2:
            return
        self._looked = time.monotonic()
        self._found, refused = {}, {}
        # Oldest first: the choice does not flip when another stream appears. What was refused
        # comes last: it is no reason to leave another stream alone.
        present = self._resolver.results()
        uids = {info.uid() for info in present}
        self._judged = {uid: judged for uid, judged in self._judged.items() if uid in uids}
        for info in sorted(
            present,
            key=lambda info: (info.uid() in self._judged, info.created_at(), info.uid()),
        ):
            kind = KIND_OF.get(info.type().strip().lower())
            if kind not in self._options.kinds:
                continue
            if not fnmatch.fnmatchcase(info.name(), self._options.name):
                continue
            reason = unusable(kind, info)
            if not reason and kind in self._found:
                reason = f"not used, '{self._found[kind].name()}' already gives {kind}"
            judged, trial = self._judged.get(info.uid(), ("", -math.inf))
            if judged:  # named until it is found fine
                refused[info.uid()] = judged
                if not reason and time.monotonic() >= trial:
                    self._found[kind] = info
            elif reason:
                refused[info.uid()] = f"LSL stream '{info.name()}' ({info.type()}): {reason}"
            else:
                self._found[kind] = info
        for uid in refused.keys() - self._refused.keys():
            log.warning("%s", refused[uid])
        self._refused = refused


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
