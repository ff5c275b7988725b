# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""A catalogue whose source may be away: then the local library stands in."""

from __future__ import annotations

import hashlib
import logging
from abc import ABC, abstractmethod
from dataclasses import astuple, dataclass
from typing import Any, ClassVar

from emo_music_ros.errors import CompanionError, InputError, StorageError
from emo_music_ros.options import option
from emo_music_ros.recommendation.base import ScanReport
from emo_music_ros.recommendation.library import listing
from emo_music_ros.recommendation.library.analysed import AnalysedFiles, Progress
from emo_music_ros.recommendation.library.analysis import Analyser
from emo_music_ros.recommendation.library.folder import FolderCatalogue
from emo_music_ros.recommendation.library.listing import Listing
from emo_music_ros.resources import cache
from emo_music_ros.streams import Track

log = logging.getLogger(__name__)

#: First and longest wait before a source that is away is asked again [s].
FIRST_WAIT, LONGEST_WAIT = 5.0, 600.0
A_DAY = 86_400.0


@dataclass(frozen=True)
class SourceOptions:
    """What every catalogue of this kind has."""

    local: str = option(
        "", "folder of music that stands in while the source is away; empty = the built-in library"
    )
    database: str = option("", "SQLite file of the analyses; empty = in the cache folder")
    again: float = option(
        600.0, "time after which the source is asked for what is new [s]", low=10.0, high=1e6
    )


class SourceCatalogue(ABC):
    """Pieces of a source: files that are here are analysed, others have the place of their words.

    While the source is away, its files and the local library are offered; before it was asked,
    also its other pieces. Only :meth:`scan` asks it, and that may run in a thread of its own.

    Parameters
    ----------
    options : SourceOptions
        What can be set.
    analyser : Analyser, optional
        Listens to the files; by default the encoder plugin ``music``.

    Attributes
    ----------
    again : float
        After how long a scan is worth repeating [s]: longer with every failure in a row.
    """

    name: ClassVar[str]
    Options: ClassVar[type] = SourceOptions

    def __init__(self, options: Any = None, analyser: Analyser | None = None) -> None:
        self.options = options or self.Options()
        self.again = FIRST_WAIT
        self._failures = 0
        self._away: bool | None = None  # None = not asked yet
        self._files = AnalysedFiles(self.options.database, analyser)
        self._local = FolderCatalogue(
            FolderCatalogue.Options(self.options.local, self.options.database), analyser
        )
        self._local_scanned = False
        mark = hashlib.blake2b(repr(astuple(self.options)).encode(), digest_size=8).hexdigest()
        self._place = cache(f"listing-{self.name}-{mark}.json")
        self._listed: list[Track] = []
        self.refresh()

    @abstractmethod
    def fetch(self, progress: Progress) -> Listing:
        """Ask the source for everything it has.

        Raises
        ------
        CompanionError
            If it is away, refuses, or its answer makes no sense.
        """

    def tracks(self) -> list[Track]:
        """Return every usable track, sorted by title."""
        found = {track.track_id: track for track in self._files.tracks()}
        if not self._away:
            found |= {track.track_id: track for track in self._listed}
        if self._away is not False:
            found = {track.track_id: track for track in self._local.tracks()} | found
        return sorted(found.values(), key=lambda track: (track.title.casefold(), track.track_id))

    def refresh(self) -> None:
        """Take over what the last scan of any process left."""
        self._take(listing.load(self._place))
        self._local.refresh()

    def _take(self, found: Listing) -> None:
        self._listed = list(found.tracks)
        self._files.refresh(frozenset(map(str, found.files)))

    def scan(self, progress: Progress | None = None) -> ScanReport:
        """Ask the source; if it is away, make sure that the local library can stand in.

        Raises
        ------
        CompanionError
            If the source is away (see :meth:`fetch`): what stands in can be had.
        ModelError, PluginError, StorageError
            As for :meth:`FolderCatalogue.scan`.
        """
        try:
            found = self._fetched(progress or (lambda done, total, name: None))
        except CompanionError as error:
            self._failures += 1
            wait = FIRST_WAIT * 2.0 ** min(self._failures - 1, 10)
            # One that asked us to wait longer gets what it asked for.
            self.again = max(min(wait, LONGEST_WAIT), min(getattr(error, "wait", 0.0), A_DAY))
            self._away = True
            raise self._standing_in(error, progress) from error
        listing.save(found, self._place)
        self._listed = list(found.tracks)
        self._failures, self.again, self._away = 0, self.options.again, False
        left_out = dict(found.left_out)
        report = self._files.scan(found.files, frozenset(map(str, found.files)), left_out, progress)
        return ScanReport(
            report.added, report.unchanged + len(self._listed), report.removed, left_out
        )

    def _fetched(self, progress: Progress) -> Listing:
        try:
            found = self.fetch(progress)
        except CompanionError:
            raise
        except Exception as error:  # what a library makes of a strange answer
            log.warning("catalogue %s", self.name, exc_info=True)
            raise InputError(
                f"{self.name} gave an answer that makes no sense: {error!r}",
                "Check what answers at its address",
            ) from error
        if not found.files and not found.tracks:
            some = "; ".join(f"{name}: {reason}" for name, reason in [*found.left_out.items()][:3])
            raise InputError(
                f"{self.name} has nothing that can be played ({some or 'it is empty'})",
                "Put music there",
            )
        return found

    def _standing_in(self, away: CompanionError, progress: Progress | None) -> CompanionError:
        """Scan the local library once; return what is to be told."""
        try:
            if not self._local_scanned:
                self._local.scan(progress)
                self._local_scanned = True
        except StorageError as error:
            log.warning("%s", error)  # everything was analysed
            self._local_scanned = True
        except CompanionError as error:
            return InputError(
                f"{away.cause}, and nothing can stand in: {error.cause}",
                f"{away.remedy}. {error.remedy}",
            )
        count = len(self._local.tracks())
        return type(away)(
            f"{away.cause}; the local library of {count} pieces stands in", away.remedy
        )
