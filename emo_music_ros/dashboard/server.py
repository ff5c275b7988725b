# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The web server, in a thread of its own."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import threading
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from emo_music_ros.dashboard.options import ServerOptions
from emo_music_ros.errors import CompanionError, InputError
from emo_music_ros.paths import regular_file

#: Most connections at once.
MOST_CONNECTIONS = 100
#: Ports that are tried where one is taken: another robot's pages, or those of an earlier run.
PORTS = 10
#: How long the end may take [s].
_END = 3.0


class Server:
    """Listens from when it is made, answers from `start` to `stop`.

    Parameters
    ----------
    options : ServerOptions
        Where.

    Raises
    ------
    InputError
        If nothing can be listened on there, or passwords would go over a network in the clear.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._certificate = self._key = ""
        if options.tls_certificate or options.tls_key:
            self._certificate = str(regular_file(options.tls_certificate, "tls_certificate"))
            self._key = str(regular_file(options.tls_key, "tls_key"))
        self._socket = _listen(options.host, options.port, self.secure)
        found = ipaddress.ip_address(self._socket.getsockname()[0])
        if found.is_unspecified and not options.hosts:
            self._socket.close()
            raise InputError(
                f"host '{options.host}' is every address of this machine",
                "Name in hosts under which name people open the pages",
            )
        self.port: int = self._socket.getsockname()[1]
        self.hosts = self._names(options, found)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def secure(self) -> bool:
        """Tell whether it is served by TLS."""
        return bool(self._certificate)

    @property
    def address(self) -> str:
        """Return what people open."""
        return f"{'https' if self.secure else 'http'}://{self.hosts[0]}/"

    def start(self, app: ASGIApp) -> None:
        """Serve an application.

        Raises
        ------
        InputError
            If certificate and key cannot be used.
        """
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # what others send is no news; what we get wrong the gate tells
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
            ssl_certfile=self._certificate or None,
            ssl_keyfile=self._key or None,
        )
        try:
            config.load()
        except (ssl.SSLError, OSError) as error:
            raise InputError(
                f"TLS with '{self._certificate}' and '{self._key}' is not possible ({error})",
                "Give a certificate and its key in PEM files",
            ) from error
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="dashboard server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End and wait for the end."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_END)
        self._socket.close()

    def _names(
        self, options: ServerOptions, found: ipaddress.IPv4Address | ipaddress.IPv6Address
    ) -> list[str]:
        names: list[str] = list(options.hosts)
        if not found.is_unspecified:
            names.append(f"[{found}]" if found.version == 6 else str(found))
            names.append(options.host)
        if found.is_loopback:
            names.append("localhost")
        default = 443 if self.secure else 80
        ports = ["", f":{self.port}"] if self.port == default else [f":{self.port}"]
        return list(dict.fromkeys(f"{name}{port}".lower() for port in ports for name in names))


def _listen(host: str, port: int, secure: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, place = found[0]
        if not secure and not ipaddress.ip_address(place[0]).is_loopback:
            raise InputError(
                f"host '{host}' is reached over a network, and without TLS so are passwords",
                "Give tls_certificate and tls_key, or keep host 127.0.0.1",
            )
        return _free(place, family)
    except CompanionError:
        raise
    except (OSError, ValueError, UnicodeError) as error:
        raise InputError(
            f"'{host}' port {port} cannot be listened on ({error})",
            "Choose another port, or a host that is this machine",
        ) from error


def _free(place: tuple[Any, ...], family: int) -> socket.socket:
    """Listen on a port, or on the first after it that is free."""
    host, port, *rest = place
    last = min(port + PORTS, 65536) - 1 if port else 0
    for each in range(port, last):
        try:
            return socket.create_server((host, each, *rest), family=family)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    return socket.create_server((host, last, *rest), family=family)
