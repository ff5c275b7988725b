# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The player plugin ``spotify``: pieces of Spotify are handed over to the person's own player."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from emo_music_ros.errors import InputError
from emo_music_ros.io.spotify import ACCOUNTS, API, SCHEME, SpotifyWeb, senseless
from emo_music_ros.options import option
from emo_music_ros.playback.remote import Beside, BesideOptions, RemoteState


class SpotifyRemote:
    """A device with Spotify as a player.

    Parameters
    ----------
    web : SpotifyWeb
        With the token of a person.
    device : str
        Part of its name; empty = the one that is in use, else the first.
    """

    name = "spotify"
    pace = 0.5  # it counts how often it is asked

    def __init__(self, web: SpotifyWeb, device: str) -> None:
        self._web = web
        self._wanted = device
        self._device = ""

    def plays(self, path: str) -> bool:
        """Return whether it is a piece of Spotify."""
        return path.startswith(SCHEME)

    def same(self, path: str, other: str) -> bool:
        """Return whether two paths name the same piece."""
        return path == other

    def play(self, path: str, volume: float) -> None:
        """Play one piece on the device.

        Raises
        ------
        InputError
            If Spotify is away or refuses, there is no such device, or none whose volume can be set.
        """
        self._device = self._find()
        self.set_volume(volume)
        self._web.ask("start_playback", self._device, uris=[path])
        self._web.ask("repeat", "off", self._device)

    def _find(self) -> str:
        answer = self._web.ask("devices")
        try:
            devices = [each for each in answer["devices"] if each["id"]]
        except (KeyError, TypeError):
            raise senseless("devices") from None
        wanted = self._wanted.lower()
        named = [each for each in devices if wanted in str(each.get("name", "")).lower()]
        if not named:
            names = ", ".join(str(each.get("name")) for each in devices) or "none"
            raise InputError(
                f"Spotify knows no device '{self._wanted}'",
                f"Start Spotify on it, or choose one of: {names}",
            )
        named.sort(key=lambda each: not each.get("is_active"))
        if not named[0].get("supports_volume", True):
            raise InputError(
                f"the volume of '{named[0].get('name')}' cannot be set, so it cannot be bounded",
                "Choose another device",
            )
        return str(named[0]["id"])

    def pause(self) -> None:
        """Halt."""
        self._web.ask("pause_playback", self._device or None)

    def resume(self) -> None:
        """Go on."""
        self._web.ask("start_playback", self._device or None)

    def stop(self) -> None:
        """End: Spotify knows a pause only, and refuses one where nothing plays."""
        if self.state().status == "playing":
            self.pause()

    def seek(self, seconds: float) -> None:
        """Go to a position [s]."""
        self._web.ask("seek_track", round(1000 * seconds), self._device or None)

    def set_volume(self, volume: float) -> None:
        """Set the volume, 0..1, in the hundredths that Spotify knows, rounded down."""
        self._web.ask("volume", math.floor(100 * volume + 1e-6), self._device or None)

    def state(self) -> RemoteState:
        """Return what Spotify is doing.

        Raises
        ------
        InputError
            If it is away.
        """
        answer: dict[str, Any] | None = self._web.ask("current_playback")
        if not answer:
            return RemoteState("stopped")
        try:
            item = answer.get("item") or {}
            source = item.get("linked_from") or item  # another edition may be played in a country
            position = float(answer.get("progress_ms") or 0) / 1000
            volume = (answer.get("device") or {}).get("volume_percent")
            playing = bool(answer["is_playing"])
            return RemoteState(
                "playing" if playing else "paused" if position > 0 else "stopped",
                str(source.get("uri", "")),
                position,
                float(item.get("duration_ms") or 0) / 1000,
                math.nan if volume is None else float(volume) / 100,
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise senseless("current_playback") from None

    def close(self) -> None:
        """Nothing is held."""


class SpotifyPlayer(Beside):
    """Spotify plays its pieces on a device of the person, this machine plays the rest."""

    @dataclass(frozen=True)
    class Options(BesideOptions):
        """What can be set."""

        device: str = option("", "part of the name of the device; empty = the one in use")
        token: str = option("~/.config/emo_music_ros/spotify-token", "file of the person's token")
        client_id: str = option("", "of the app; empty = that of SPOTIPY_CLIENT_ID")
        client_secret: str = option("", "of the app; empty = that of SPOTIPY_CLIENT_SECRET")
        command_timeout: float = option(
            1.0, "longest wait for an answer to a command [s]", low=0.1, high=5.0
        )
        api: str = option(API, "address of the Web API")
        accounts: str = option(ACCOUNTS, "address of the accounts")

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or self.Options()
        web = SpotifyWeb(
            self.options.client_id,
            self.options.client_secret,
            self.options.token,
            self.options.command_timeout,
            self.options.api,
            self.options.accounts,
        )
        super().__init__(self.options.sound, SpotifyRemote(web, self.options.device))
