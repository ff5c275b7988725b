# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What everybody in one process who uses PortAudio has to share.

PortAudio starts, opens, closes and ends streams for the whole process and is not safe when two
threads do so at once; PyAudio does not hold the interpreter lock meanwhile. Whoever does one of
these things holds :data:`LOCK`. Reading and writing open streams needs no lock.
"""

from __future__ import annotations

import ctypes
import threading
from functools import lru_cache
from typing import Any

#: Held while PortAudio starts, ends, opens or closes.
LOCK = threading.RLock()


@lru_cache(maxsize=1)
def silence_libraries() -> list[Any]:
    """Keep ALSA and JACK from writing to the terminal what PortAudio reports as an error anyway.

    Returns the callbacks, which have to live as long as the libraries.
    """
    keep: list[Any] = []
    alsa = ctypes.CFUNCTYPE(
        None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
    )(lambda *_: None)
    jack = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(lambda _: None)
    try:
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(alsa)
        keep.append(alsa)
    except (OSError, AttributeError):
        pass
    try:
        library = ctypes.CDLL("libjack.so.0")
        library.jack_set_error_function(jack)
        library.jack_set_info_function(jack)
        keep.append(jack)
    except (OSError, AttributeError):
        pass
    return keep
