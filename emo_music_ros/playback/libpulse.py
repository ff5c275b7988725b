# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""As much of libpulse as playing needs: sinks by name, one stream that stays on its sink.

PipeWire speaks the same protocol. PortAudio knows no sinks: through ALSA it plays on the default
one, and is moved to another when a Bluetooth loudspeaker goes away.
"""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from emo_music_ros.errors import InputError

#: Longest wait for an answer of the server [s].
ANSWER = 3.0
_READY, _GONE = {"context": 4, "stream": 2}, {"context": (5, 6), "stream": (3, 4)}
_NO_AUTOSPAWN = 0x0001
_INTERPOLATE_TIMING, _AUTO_TIMING_UPDATE = 0x0002, 0x0008
_DONT_MOVE, _ADJUST_LATENCY = 0x0200, 0x2000
_FLOAT32LE = 5
_AS_IT_LIKES = 0xFFFFFFFF


class _Spec(ctypes.Structure):
    _fields_ = [("format", c_int), ("rate", c_uint32), ("channels", c_uint8)]


class _Buffer(ctypes.Structure):
    _fields_ = [
        (name, c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")
    ]


class _SinkInfo(ctypes.Structure):
    """The beginning of ``pa_sink_info``."""

    _fields_ = [("name", c_char_p), ("index", c_uint32), ("description", c_char_p)]


_ON_SINK = ctypes.CFUNCTYPE(None, c_void_p, POINTER(_SinkInfo), c_int, c_void_p)
_ON_STREAM = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)

#: Function -> type of its result, types of its arguments.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "mainloop_new": (c_void_p,),
    "mainloop_get_api": (c_void_p, c_void_p),
    "mainloop_prepare": (c_int, c_void_p, c_int),
    "mainloop_poll": (c_int, c_void_p),
    "mainloop_dispatch": (c_int, c_void_p),
    "mainloop_free": (None, c_void_p),
    "context_new": (c_void_p, c_void_p, c_char_p),
    "context_connect": (c_int, c_void_p, c_char_p, c_int, c_void_p),
    "context_get_state": (c_int, c_void_p),
    "context_errno": (c_int, c_void_p),
    "context_get_sink_info_list": (c_void_p, c_void_p, _ON_SINK, c_void_p),
    "context_disconnect": (None, c_void_p),
    "context_unref": (None, c_void_p),
    "operation_unref": (None, c_void_p),
    "strerror": (c_char_p, c_int),
    "stream_new": (c_void_p, c_void_p, c_char_p, POINTER(_Spec), c_void_p),
    "stream_connect_playback": (
        c_int, c_void_p, c_char_p, POINTER(_Buffer), c_int, c_void_p, c_void_p,
    ),
    "stream_set_underflow_callback": (None, c_void_p, _ON_STREAM, c_void_p),
    "stream_get_state": (c_int, c_void_p),
    "stream_get_device_name": (c_char_p, c_void_p),
    "stream_writable_size": (c_size_t, c_void_p),
    "stream_write": (c_int, c_void_p, c_char_p, c_size_t, c_void_p, ctypes.c_int64, c_int),
    "stream_get_latency": (c_int, c_void_p, POINTER(c_uint64), POINTER(c_int)),
    "stream_disconnect": (c_int, c_void_p),
    "stream_unref": (None, c_void_p),
}  # fmt: skip


@lru_cache(maxsize=1)
def _library() -> Any:
    """Return the functions of libpulse, by their names without ``pa_``."""
    try:
        library = ctypes.CDLL("libpulse.so.0")
    except OSError as error:
        raise InputError(
            f"libpulse is not installed ({error})",
            "Install the package 'libpulse0' of the system, or choose the player plugin 'pyaudio'",
        ) from error
    functions = SimpleNamespace()
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(library, f"pa_{name}")
        function.restype, function.argtypes = result, arguments
        setattr(functions, name, function)
    return functions


class Sink(NamedTuple):
    """A loudspeaker as the server knows it."""

    name: str
    description: str


class Server:
    """A connection, used from one thread: :meth:`turn` does what there is to do.

    Raises
    ------
    InputError
        If libpulse is missing or no server answers.
    """

    def __init__(self) -> None:
        self._pa = _library()
        self._loop = self._pa.mainloop_new()
        self._context = self._pa.context_new(
            self._pa.mainloop_get_api(self._loop), b"emo_music_ros"
        )
        refused = self._pa.context_connect(self._context, None, _NO_AUTOSPAWN, None) < 0
        try:
            if refused:
                raise OSError(self.why())
            self._wait("context", lambda: self._pa.context_get_state(self._context))
        except OSError as error:
            self.close()
            raise InputError(
                f"there is no sound server ({error})",
                "Start PulseAudio or PipeWire for this user, or choose the player plugin"
                " 'pyaudio'; it is tried again by itself",
            ) from error

    def why(self) -> str:
        """Return the last error of the server."""
        return str(self._pa.strerror(self._pa.context_errno(self._context)).decode())

    def turn(self, seconds: float) -> None:
        """Wait for something to happen, and let it.

        Raises
        ------
        OSError
            If the server is gone.
        """
        if self._pa.mainloop_prepare(self._loop, round(1e6 * seconds)) < 0:
            raise OSError("the sound server ended")
        if self._pa.mainloop_poll(self._loop) < 0 or self._pa.mainloop_dispatch(self._loop) < 0:
            raise OSError("the sound server ended")
        if self._pa.context_get_state(self._context) in _GONE["context"]:
            raise OSError(self.why())

    def sinks(self) -> list[Sink]:
        """Return every loudspeaker there is.

        Raises
        ------
        OSError
            If the server does not answer.
        """
        found: list[Sink] = []
        done: list[bool] = []

        def take(_: Any, info: Any, end: int, __: Any) -> None:
            if end:
                done.append(True)
            else:
                about = info.contents
                texts = (about.name or b"", about.description or b"")
                found.append(Sink(*(text.decode("utf-8", "replace") for text in texts)))

        callback = _ON_SINK(take)
        operation = self._pa.context_get_sink_info_list(self._context, callback, None)
        limit = time.monotonic() + ANSWER
        while not done:
            if time.monotonic() > limit:
                raise OSError("the sound server does not answer")
            self.turn(0.05)
        self._pa.operation_unref(operation)
        return found

    def close(self) -> None:
        """End the connection. May be called twice."""
        if self._loop is not None:
            self._pa.context_disconnect(self._context)
            self._pa.context_unref(self._context)
            self._pa.mainloop_free(self._loop)
            self._loop = None

    def _wait(self, what: str, state: Callable[[], int]) -> None:
        limit = time.monotonic() + ANSWER
        while (now := state()) != _READY[what]:
            if now in _GONE[what]:
                raise OSError(self.why())
            if time.monotonic() > limit:
                raise OSError("it does not answer")
            self.turn(0.05)


class Stream:
    """Stereo float32 to one sink; named, it ends when the sink goes away and moves nowhere.

    Parameters
    ----------
    server : Server
        Owned from now on: closed with the stream.
    sink : str
        Name of the sink; empty = the default one, wherever that is.
    rate : int
        Frames per second [Hz].
    latency : float
        Buffer [s].
    on_underflow : callable
        Called when the buffer ran dry.

    Raises
    ------
    OSError
        If the server refuses it.
    """

    FRAME = 8  # bytes

    def __init__(
        self,
        server: Server,
        sink: str,
        rate: int,
        latency: float,
        on_underflow: Callable[[], None],
    ) -> None:
        self._server = server
        self._pa = server._pa
        self._rate = rate
        self.frames = round(latency * rate)
        spec = _Spec(_FLOAT32LE, rate, 2)
        self._stream = self._pa.stream_new(server._context, b"music", byref(spec), None)
        if not self._stream:
            raise OSError(server.why())
        self._callback = _ON_STREAM(lambda *_: on_underflow())
        self._pa.stream_set_underflow_callback(self._stream, self._callback, None)
        # It begins with half a buffer: what is written in blocks never fills it to the brim.
        size = self.FRAME * self.frames
        begin = self.FRAME * (self.frames // 2)
        buffer = _Buffer(_AS_IT_LIKES, size, begin, _AS_IT_LIKES, _AS_IT_LIKES)
        flags = _INTERPOLATE_TIMING | _AUTO_TIMING_UPDATE | _ADJUST_LATENCY
        flags |= _DONT_MOVE if sink else 0
        name = sink.encode() if sink else None
        done = self._pa.stream_connect_playback(
            self._stream, name, byref(buffer), flags, None, None
        )
        if done < 0:
            raise OSError(server.why())
        server._wait("stream", lambda: self._pa.stream_get_state(self._stream))

    @property
    def sink(self) -> str:
        """Name of the sink it plays on now."""
        name = self._pa.stream_get_device_name(self._stream)
        return name.decode("utf-8", "replace") if name else ""

    @property
    def delay(self) -> float:
        """Time until what is written now is heard [s]."""
        microseconds, negative = c_uint64(0), c_int(0)
        known = self._pa.stream_get_latency(self._stream, byref(microseconds), byref(negative))
        if known < 0 or negative.value:
            return self.frames / self._rate
        return microseconds.value / 1e6

    def room(self, wait: float) -> int:
        """Return how many frames can be written, waiting [s] if there is no room.

        Raises
        ------
        OSError
            If server or sink are gone.
        """
        self._server.turn(wait)
        if self._pa.stream_get_state(self._stream) in _GONE["stream"]:
            raise OSError("it went away")
        size = self._pa.stream_writable_size(self._stream)
        return 0 if size == c_size_t(-1).value else int(size) // self.FRAME

    def write(self, data: bytes) -> None:
        """Hand over frames; there has to be room.

        Raises
        ------
        OSError
            If they are refused.
        """
        if self._pa.stream_write(self._stream, data, len(data), None, 0, 0) < 0:
            raise OSError(self._server.why())

    def close(self) -> None:
        """End stream and connection. May be called twice."""
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._pa.stream_disconnect(self._stream)
            self._pa.stream_unref(self._stream)
            self._stream = None
            self._server.close()
