# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What is played, as mono blocks for whoever listens along, such as the music encoder."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import numpy as np

from emo_music_ros.io.resampling import Resampler, mono
from emo_music_ros.streams import AudioBlock, FloatArray

log = logging.getLogger(__name__)

#: Rate [Hz] and length [s] of the blocks handed on.
TAP_RATE = 22050
TAP_BLOCK = 0.1
#: A listener that falls further behind than this [blocks of the device] loses sound.
LONGEST_QUEUE = 400


@dataclass(frozen=True)
class _Piece:
    heard: float
    frame: int
    mono: FloatArray
    source: str


class Tap:
    """Hands on what is played, resampled, from a thread of its own.

    Parameters
    ----------
    rate : int
        Rate of what is put in [Hz].
    deliver : callable
        Gets mono blocks at 22.05 kHz; `first_sample` jumps where nothing was played.
    """

    def __init__(self, rate: int, deliver: Callable[[AudioBlock], None]) -> None:
        self._rate = rate
        self._deliver = deliver
        self._queue: SimpleQueue[_Piece | None] = SimpleQueue()
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="player-tap", daemon=True)
        self._thread.start()

    def put(self, heard: float, frame: int, samples: FloatArray, source: str) -> None:
        """Take stereo frames; `frame` counts all frames rendered. Cheap, never waits."""
        if self._queue.qsize() >= LONGEST_QUEUE:
            self._lost += len(samples)
            return
        self._queue.put(_Piece(heard, frame, mono(samples), source))

    def close(self) -> None:
        """End after what was put in is handed on."""
        self._queue.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def _run(self) -> None:
        run: _Run | None = None
        while True:
            try:
                # Silence of the player ends a run: hand on what is left of it.
                piece = self._queue.get(timeout=0.5)
            except Empty:
                if run is not None:
                    self._emit(run, last=True)
                    run = None
                continue
            if run is not None and (piece is None or piece.frame != run.next_frame):
                self._emit(run, last=True)
                run = None
            if piece is None:
                return
            if run is None:
                run = _Run(self._rate, piece.frame)
            run.push(piece)
            self._emit(run)

    def _emit(self, run: _Run, last: bool = False) -> None:
        for block in run.blocks(round(self._lost * TAP_RATE / self._rate), last):
            try:
                self._deliver(block)
            except Exception:  # the listener is foreign code; playing goes on
                log.exception("a listener of the player's sound failed")


class _Run:
    """Consecutive frames between two gaps."""

    def __init__(self, rate: int, frame: int) -> None:
        self.next_frame = frame
        self._rate = rate
        self._first = frame
        self._resampler = Resampler(rate, TAP_RATE)
        self._samples: FloatArray = np.zeros(0, np.float32)
        self._given = 0
        self._anchor = (0.0, frame)
        self._source = ""

    def push(self, piece: _Piece) -> None:
        self._anchor = (piece.heard, piece.frame)
        self._source = piece.source
        self.next_frame = piece.frame + len(piece.mono)
        self._samples = np.concatenate([self._samples, self._resampler(piece.mono)])

    def blocks(self, dropped: int, last: bool) -> list[AudioBlock]:
        if last:
            rest = self._resampler(np.zeros(0, np.float32), last=True)
            self._samples = np.concatenate([self._samples, rest])
        length = round(TAP_BLOCK * TAP_RATE)
        found = []
        while len(self._samples) >= length or (last and len(self._samples)):
            heard, frame = self._anchor
            offset = self._given / TAP_RATE - (frame - self._first) / self._rate
            found.append(
                AudioBlock(
                    heard + offset,
                    self._samples[:length],
                    TAP_RATE,
                    round(self._first * TAP_RATE / self._rate) + self._given,
                    dropped,
                    self._source,
                )
            )
            self._given += min(length, len(self._samples))
            self._samples = self._samples[length:]
        return found
