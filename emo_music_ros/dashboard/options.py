# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What can be set of the dashboard."""

from __future__ import annotations

from dataclasses import dataclass

from emo_music_ros.dashboard.situations import DEFAULT
from emo_music_ros.options import option


@dataclass(frozen=True)
class ServerOptions:
    """Where the pages are served."""

    host: str = option("127.0.0.1", "address to listen on; other than this machine needs TLS")
    port: int = option(
        8420, "port to listen on, or one soon after it if that is taken; 0 = any", low=0, high=65535
    )
    hosts: list[str] = option(
        [], "further names under which people open the pages, such as robot.local"
    )
    tls_certificate: str = option("", "certificate chain, a PEM file; empty = no TLS")
    tls_key: str = option("", "private key of the certificate, a PEM file")


@dataclass(frozen=True)
class DashboardOptions(ServerOptions):
    """Where the pages are served, to whom for how long, and what they offer."""

    person_id: str = option("resident", "person the pages are about")
    open: bool = option(False, "open the pages in the browser where this machine has a display")
    idle: float = option(
        1800.0, "who asks for nothing this long has to sign in again [s]", low=60.0, high=86400.0
    )
    longest: float = option(
        43200.0, "who signed in this long ago has to do it again [s]", low=60.0, high=604800.0
    )
    recordings: str = option(
        "",
        "folder of the recordings of sessions, as the node session has it; empty = data folder",
    )
    lasts: float = option(
        1800.0, "how long the buttons for calmer and livelier hold [s]", low=60.0, high=86400.0
    )
    situations: list[str] = option(
        list(DEFAULT), "situations carers start music by, each name:scenario:goal:minutes"
    )
