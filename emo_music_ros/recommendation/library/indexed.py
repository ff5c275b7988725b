# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The catalogue plugin ``large``: a library that ``emo-music library`` made of very much music."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from emo_music_ros.errors import InputError
from emo_music_ros.options import option
from emo_music_ros.paths import expand
from emo_music_ros.recommendation.base import ScanReport
from emo_music_ros.recommendation.library.analysed import Progress
from emo_music_ros.recommendation.library.large import INFO, LargeLibrary
from emo_music_ros.streams import Track


class LargeCatalogue:
    """A library of up to millions of tracks, opened by memory map.

    Parameters
    ----------
    options : LargeCatalogue.Options
        What can be set.

    Attributes
    ----------
    again : float
        After how long it is worth looking whether the library was made anew [s].
    """

    @dataclass(frozen=True)
    class Options:
        """What can be set."""

        path: str = option("", "folder that emo-music library made")
        again: float = option(
            60.0, "time after which it is looked for a newer one [s]", low=1.0, high=1e6
        )

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or LargeCatalogue.Options()
        self.again = self.options.again
        self._folder = expand(self.options.path, "library") if self.options.path else None
        self._library: Sequence[Track] = ()
        self._made = 0  # when [ns]; 0 = there is none
        self.refresh()

    def tracks(self) -> Sequence[Track]:
        """Return the library; empty where there is none."""
        return self._library

    def refresh(self) -> None:
        """Open the library if it was made anew; one that cannot be opened is left for `scan`."""
        with contextlib.suppress(InputError):
            self._open()

    def scan(self, progress: Progress | None = None) -> ScanReport:
        """Open the library if it was made anew.

        Raises
        ------
        InputError
            If there is none. What was open stays open.
        """
        before = self._library
        self._open()
        if self._library is before:
            return ScanReport(added=0, unchanged=len(before), removed=0, unreadable={})
        return ScanReport(added=len(self._library), unchanged=0, removed=len(before), unreadable={})

    def _open(self) -> None:
        if self._folder is None:
            raise InputError(
                "the catalogue 'large' has no library",
                "Make one by emo-music library MUSIC OUT and name it by large.path",
            )
        try:
            made = (self._folder / INFO).stat().st_mtime_ns
        except OSError:
            made = 0
        if not made or made != self._made:
            self._library = LargeLibrary(self._folder)
            self._made = made
