# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The Web API of Spotify (https://developer.spotify.com/documentation/web-api), by spotipy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emo_music_ros.errors import CompanionError, InputError, PluginError
from emo_music_ros.io.web import AwayError, away

#: What the path of a piece begins with.
SCHEME = "spotify:"
API, ACCOUNTS = "https://api.spotify.com", "https://accounts.spotify.com"
#: What a person allows, once, for their player to be used.
SCOPE = "user-read-playback-state user-modify-playback-state"
#: Where spotipy looks for who asks, if the parameters do not say.
CLIENT_ID, CLIENT_SECRET = "SPOTIPY_CLIENT_ID", "SPOTIPY_CLIENT_SECRET"


class SpotifyWeb:
    """The Web API, asked step by step, never waiting longer than told and never asking a person.

    Parameters
    ----------
    client_id, client_secret : str
        Who asks; empty = as the environment says.
    token : str
        File of spotipy with what a person allowed; empty = nobody: search only.
    timeout : float
        Longest wait for any part of an answer [s].
    api, accounts : str
        Other addresses than those of Spotify.

    Raises
    ------
    PluginError
        If the package spotipy is missing.
    InputError
        If it is not said who asks.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        token: str,
        timeout: float,
        api: str = API,
        accounts: str = ACCOUNTS,
    ) -> None:
        try:
            import spotipy
            from spotipy import oauth2
            from spotipy.cache_handler import CacheFileHandler, MemoryCacheHandler
        except ImportError as error:
            raise PluginError(
                f"spotipy is not installed ({error}), and Spotify is spoken to by it",
                "Install it: pip install spotipy",
            ) from error
        who = {
            "client_id": client_id or os.environ.get(CLIENT_ID, ""),
            "client_secret": client_secret or os.environ.get(CLIENT_SECRET, ""),
            "requests_timeout": timeout,
        }
        if not who["client_id"] or not who["client_secret"]:
            raise InputError(
                "Spotify is to be asked, but not said by whom",
                f"Set {CLIENT_ID} and {CLIENT_SECRET} to those of an app of"
                " https://developer.spotify.com/dashboard",
            )
        self._spotipy, self._oauth2 = spotipy, oauth2
        self._token = Path(token).expanduser() if token else None
        self._keys: Any
        if self._token is None:
            self._keys = oauth2.SpotifyClientCredentials(**who, cache_handler=MemoryCacheHandler())
        else:
            self._keys = oauth2.SpotifyOAuth(
                **who,
                redirect_uri="http://127.0.0.1:8888/callback",
                scope=SCOPE,
                cache_handler=CacheFileHandler(cache_path=str(self._token)),
                open_browser=False,
            )
        self._keys.OAUTH_TOKEN_URL = f"{accounts}/api/token"
        self._client = spotipy.Spotify(
            auth_manager=self,
            requests_timeout=timeout,
            retries=0,
            status_retries=0,
            status_forcelist=(999,),  # none: it would wait as long as a server says
        )
        self._client.prefix = f"{api}/v1/"

    def get_access_token(self, as_dict: bool = False) -> str:
        """Return the token of the day; spotipy itself would ask a person on the terminal.

        Raises
        ------
        InputError
            If nobody allowed it.
        """
        if self._token is None:
            return str(self._keys.get_access_token(as_dict=False))
        known = self._keys.validate_token(self._keys.cache_handler.get_cached_token())
        if known is None:
            raise InputError(
                f"nobody allowed to use their Spotify: '{self._token}' holds no token for it",
                "Make it on a machine with a browser, see docs/catalogues.md",
            )
        return str(known["access_token"])

    def ask(self, command: str, *arguments: Any, **named: Any) -> Any:
        """Return the answer to a method of spotipy's client.

        Raises
        ------
        AwayError
            If Spotify is away, slow, or refuses for now.
        InputError
            If nobody allowed it, or it refuses.
        """
        try:
            return getattr(self._client, command)(*arguments, **named)
        except CompanionError:
            raise
        except self._spotipy.SpotifyException as error:
            raise _refused(command, error.http_status, error.headers or {}, error.msg) from None
        except self._oauth2.SpotifyOauthError as error:
            raise away(
                f"Spotify refuses us ({error})", "Correct id and secret of the app"
            ) from None
        except (OSError, ValueError) as error:  # of requests: all are
            raise away(
                f"Spotify does not answer ({type(error).__name__})",
                "Check the network; it is tried again by itself",
            ) from None


def _refused(command: str, status: int, headers: Mapping[str, str], told: str) -> InputError:
    reason = str(told).rsplit("\n", 1)[-1].strip()
    if status in (401, 403):
        return InputError(
            f"Spotify refuses '{command}': {reason} ({status})",
            "Correct id, secret and token; playing needs a Premium account",
        )
    if status == 404:
        return InputError(
            f"Spotify cannot do '{command}': {reason} (404)", "Start Spotify on the device"
        )
    if status == 429:
        asked = headers.get("Retry-After", "")
        wait = float(asked) if asked.isdigit() else 0.0
        return away("Spotify was asked too often (429)", "Wait; it is asked again by itself", wait)
    return away(f"Spotify fails ({status}): {reason}", "Wait; it is asked again by itself")


def senseless(what: str) -> AwayError:
    """Return the error for an answer that is none."""
    return away(
        f"Spotify answers '{what}' with something that makes no sense",
        "Check what answers at its address",
    )
