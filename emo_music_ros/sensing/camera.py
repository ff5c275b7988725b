# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Pictures from a camera, a stream, a video file or a folder."""

from __future__ import annotations

import stat
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emo_music_ros.clock import unix
from emo_music_ros.errors import InputError
from emo_music_ros.io.formats import IMAGES
from emo_music_ros.names import shown
from emo_music_ros.options import option
from emo_music_ros.pacing import Pace, Schedule
from emo_music_ros.paths import kind
from emo_music_ros.sensing.device import PATIENCE, Connection, DeviceSource
from emo_music_ros.sensing.media import fitted, images_lane, opencv, video_lane
from emo_music_ros.sensing.recording import Playback
from emo_music_ros.streams import ImageFrame, Sample

#: A live camera that gives no picture for so long [s] is lost.
SILENCE = 5.0


@dataclass(frozen=True)
class CameraOptions:
    """What can be set."""

    device: str = option(
        "0", "camera index, device file, stream URL, video file, picture or folder of pictures"
    )
    width: int = option(640, "largest width of a picture [pixels]", low=16, high=7680)
    height: int = option(480, "largest height of a picture [pixels]", low=16, high=4320)
    rate: float = option(15.0, "pictures delivered at most [Hz]", low=0.1, high=120.0)
    min_rate: float = option(
        3.0, "fewest pictures delivered, however few are asked for [Hz]", low=0.1, high=120.0
    )
    loop: bool = option(True, "start a file or folder again at its end")
    latency_offset: float = option(
        0.0, "time between exposure and grab, subtracted from the stamp [s]", low=0.0, high=1.0
    )


class Camera(DeviceSource):
    """Delivers :class:`~emo_music_ros.streams.ImageFrame`, stamped at the grab.

    Parameters
    ----------
    options : CameraOptions
        What to open.

    Attributes
    ----------
    pace : Pace
        How many pictures are asked for.
    """

    Options = CameraOptions

    def __init__(self, options: CameraOptions | None = None) -> None:
        self._options = CameraOptions() if options is None else options
        self.pace = Pace(self._options.rate, self._options.min_rate)
        super().__init__(f"camera {self._options.device}", self._open)

    def _open(self, stop: threading.Event) -> Connection:
        device = self._options.device
        if device.isdigit() or "://" in device:
            return LiveCamera(self._options, stop, self.pace)
        path = Path(device).expanduser()
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise InputError(
                f"camera: {path} cannot be opened: {error.strerror}",
                "Set device to a camera index, a file, a folder or a URL",
            ) from error
        if stat.S_ISCHR(mode):
            return LiveCamera(self._options, stop, self.pace)
        if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):  # opening a pipe would wait for ever
            raise InputError(
                f"camera: {path} is a {kind(path)}, which cannot be opened as a camera",
                "Set device to a camera index, a file, a folder or a URL, such as udp://:5000",
            )
        size = self._options.width, self._options.height
        source, period = f"recorded:{shown(path.name)}", 1 / self._options.rate
        if stat.S_ISDIR(mode):
            files = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in IMAGES)
            timed = [(index * period, file) for index, file in enumerate(files)]
            lane = images_lane(timed, period, *size, source)
        elif path.suffix.lower() in IMAGES:
            lane = images_lane([(0.0, path)], period, *size, source)
        else:
            lane = video_lane(path, self._options.rate, *size, source)
        return PacedPlayback(self.pace, f"camera {path}", [lane], self._options.loop)


class PacedPlayback(Playback):
    """Plays pictures, fewer of them while fewer are asked for.

    Parameters
    ----------
    pace : Pace
        How many are asked for.
    *arguments
        As of :class:`Playback`.
    """

    def __init__(self, pace: Pace, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._pace, self._schedule = pace, Schedule(pace)

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        """Return the next picture when it is due and has its turn."""
        samples = super().read(stop)
        if self._pace.rate >= self._pace.own:  # as they are in the file
            return samples
        return [sample for sample in samples if self._schedule.due(sample.time)]


class LiveCamera:
    """A real camera, read by a thread of its own so that no old picture waits in its buffer.

    Parameters
    ----------
    options : CameraOptions
        What to open.
    stop : threading.Event
        Ends the thread.
    pace : Pace
        How many pictures are asked for.

    Raises
    ------
    InputError
        If the camera cannot be opened.
    """

    def __init__(self, options: CameraOptions, stop: threading.Event, pace: Pace) -> None:
        cv2 = opencv()
        self.detail = f"camera {options.device}"
        self.dropped = 0
        self._options = options
        self._stop = stop
        self._schedule = Schedule(pace)
        self._closed = False
        self._latest: ImageFrame | None = None  # its time is that of the monotonic clock
        self._failure = ""
        self._change = threading.Condition()
        capture = cv2.VideoCapture(
            int(options.device) if options.device.isdigit() else options.device
        )
        if not capture.isOpened():
            capture.release()
            raise InputError(
                f"{self.detail} cannot be opened",
                "Connect it, close what else uses it, and check that this user may read "
                "/dev/video* (group video)",
            )
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, options.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, options.height)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._last = time.monotonic()
        threading.Thread(
            target=self._capture, args=(capture,), name=f"{self.detail} capture", daemon=True
        ).start()

    def read(self, stop: threading.Event) -> Sequence[Sample]:
        """Return the newest picture, if there is one since the last call."""
        with self._change:
            self._change.wait_for(lambda: self._latest is not None or self._failure, PATIENCE)
            frame, self._latest = self._latest, None
            failure = self._failure
        if frame is not None:
            self._last = time.monotonic()
            return (replace(frame, time=unix(frame.time)),)
        if failure or time.monotonic() - self._last > SILENCE:
            raise InputError(
                f"{self.detail} {failure or 'gives no picture'}", "Connect it again; it is retried"
            )
        return ()

    def close(self) -> None:
        """Let the capture thread end; it releases the camera."""
        self._closed = True

    def _capture(self, capture: Any) -> None:
        try:
            while not (self._stop.is_set() or self._closed):
                if not capture.grab():
                    self._fail("was unplugged or its stream ended")
                    return
                now = time.monotonic()
                if not self._schedule.due(now):
                    continue
                ok, image = capture.retrieve()
                if not ok or image is None or not image.size:
                    self.dropped += 1
                    continue
                picture = fitted(image, self._options.width, self._options.height)
                moment = now - self._options.latency_offset
                frame = ImageFrame(moment, picture, f"live:camera {self._options.device}")
                with self._change:
                    self.dropped += self._latest is not None
                    self._latest = frame
                    self._change.notify()
        except Exception as error:  # OpenCV raises its own kinds
            self._fail(f"failed: {error!r}")
        finally:
            capture.release()

    def _fail(self, failure: str) -> None:
        with self._change:
            self._failure = failure
            self._change.notify()
