# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The one exception people see: what went wrong, and what to do about it."""

from __future__ import annotations

from emo_music_ros.names import one_line


class CompanionError(Exception):
    """An error with a cause and a remedy, both written for the person who has to act.

    Its text is one line of bounded length that can be printed, whatever a library or a file name
    brought into it.

    Parameters
    ----------
    cause : str
        What went wrong, naming the file, device, parameter or plugin.
    remedy : str
        What to do about it.
    """

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(one_line(f"{cause}. {remedy}"))
        self.cause = cause
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[CompanionError], tuple[str, str]]:
        """Make it anew from cause and remedy, not from its text, in another process."""
        return type(self), (self.cause, self.remedy)


class ModelError(CompanionError):
    """A model file is missing, corrupt or does not match its description."""


class PluginError(CompanionError):
    """A plugin is unknown, cannot be imported or refuses its options."""


class OptionError(CompanionError):
    """A parameter is unknown, of the wrong type or out of range."""


class InputError(CompanionError):
    """A file, device or stream cannot be read."""


class StorageError(CompanionError):
    """A database or file cannot be written."""
