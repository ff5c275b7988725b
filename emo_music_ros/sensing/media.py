# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Pictures, video and audio files as lanes of a recording."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emo_music_ros.errors import InputError
from emo_music_ros.io.formats import IMAGES
from emo_music_ros.io.resampling import DownMix, Resampler
from emo_music_ros.names import shown
from emo_music_ros.sensing.recording import Lane
from emo_music_ros.streams import AudioBlock, FloatArray, ImageFrame, Sample

log = logging.getLogger(__name__)

#: Sample rate of everything the microphone and audio files deliver [Hz].
AUDIO_RATE = 16000
#: Share of the frames a video promises that it must have; some promise a few too many.
ENOUGH = 0.95
#: Samples in one audio block: 50 ms.
AUDIO_BLOCK = AUDIO_RATE // 20


def opencv() -> Any:
    """Return OpenCV, with its and FFmpeg's chatter on standard error switched off."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def fitted(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture scaled down, if need be, to fit into width x height [pixels]."""
    scale = min(width / image.shape[1], height / image.shape[0])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return opencv().resize(image, size, interpolation=opencv().INTER_AREA)  # type: ignore[no-any-return]


def read_image(path: Path) -> NDArray[np.uint8]:
    """Return a picture as uint8 [height, width, 3] in BGR.

    Raises
    ------
    InputError
        If the file cannot be read, has no pixels or is no picture.
    """
    remedy = "Give a PNG or JPEG picture"
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise InputError(f"picture {path} cannot be read: {error}", remedy) from error
    image = opencv().imdecode(content, opencv().IMREAD_COLOR) if content.size else None
    if image is None or not image.size:
        raise InputError(f"picture {path} is empty or damaged", remedy)
    return image  # type: ignore[no-any-return]


def images_lane(
    files: Sequence[tuple[float, Path]], hold: float, width: int, height: int, source: str
) -> Lane:
    """Return pictures shown at given times as a lane.

    Parameters
    ----------
    files : sequence of (float, pathlib.Path)
        When each one is shown [s] and its file.
    hold : float
        How long the last one is shown [s].
    width, height : int
        Largest size [pixels].
    source : str
        Label of the frames.

    Raises
    ------
    InputError
        If none of the files is a picture. Single bad ones are left out.
    """
    errors = []
    for _, path in files:
        try:
            read_image(path)
            break
        except InputError as error:
            errors.append(str(error))
    else:
        raise InputError(
            f"there is no usable picture: {errors[0] if errors else 'no files'}",
            f"Give files ending in {', '.join(IMAGES)}",
        )

    def samples() -> Iterator[Sample]:
        broken = None
        for time, path in files:
            try:
                image = read_image(path)
            except InputError as error:
                broken = broken or error
                continue
            yield ImageFrame(time, fitted(image, width, height), source)
        if broken is not None:
            raise broken

    return Lane(source, samples, hold)


def video_lane(path: Path, rate: float, width: int, height: int, source: str) -> Lane:
    """Return the frames of a video file, at most `rate` [Hz] of them, as a lane.

    Raises
    ------
    InputError
        If the file cannot be opened or has no frame.
    """
    cv2 = opencv()

    def opened() -> Any:
        with path.open("rb") as file:
            # By its descriptor: OpenCV does not take every name.
            name = f"/proc/self/fd/{file.fileno()}" if shown(path) != str(path) else str(path)
            capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
        ok, image = capture.read() if capture.isOpened() else (False, None)
        if not ok or image is None or not image.size:
            capture.release()
            raise InputError(
                f"video {path} has no frame that can be read",
                "Check that it plays elsewhere, or convert it to H.264 MP4",
            )
        return capture, image

    capture, _ = opened()
    fps = capture.get(cv2.CAP_PROP_FPS)
    promised = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    capture.release()
    if not 0 < fps <= 1000:
        fps = rate

    def samples() -> Iterator[Sample]:
        capture, image = opened()
        index, slot = 0, -1
        try:
            while True:
                time = index / fps
                if int(time * rate + 1e-6) != slot:
                    slot = int(time * rate + 1e-6)
                    if image is None:
                        _, image = capture.retrieve()
                    if image is not None and image.size:
                        yield ImageFrame(time, fitted(image, width, height), source)
                image = None
                if not capture.grab():
                    break
                index += 1
        finally:
            capture.release()
        if index + 1 < ENOUGH * promised:
            raise InputError(
                f"video {path} ends after {(index + 1) / fps:.1f} s of {promised / fps:.1f} s: it"
                " is truncated or damaged",
                "The readable part was played; copy the file again",
            )

    return Lane(source, samples, 1 / min(fps, rate))


class AudioBlocks:
    """Any rate to 16 kHz in blocks of 50 ms; mono in, mono out.

    Parameters
    ----------
    rate : float
        Rate of the input [Hz].
    """

    def __init__(self, rate: float) -> None:
        self._resample = Resampler(rate, AUDIO_RATE)
        self._rest: FloatArray = np.empty(0, np.float32)
        self.produced = 0  # samples given out so far

    def __call__(self, samples: FloatArray, last: bool = False) -> list[FloatArray]:
        """Return the blocks that are complete; with `last` the incomplete one too.

        Samples that are not finite become 0, and all are clipped to -1..1.
        """
        finite = np.nan_to_num(np.asarray(samples, np.float32), nan=0.0, posinf=1.0, neginf=-1.0)
        resampled = np.clip(self._resample(finite, last), -1.0, 1.0)
        joined = np.concatenate((self._rest, resampled))
        whole = len(joined) if last else len(joined) // AUDIO_BLOCK * AUDIO_BLOCK
        self._rest = joined[whole:]
        self.produced += whole
        return [joined[start : start + AUDIO_BLOCK] for start in range(0, whole, AUDIO_BLOCK)]


def has_sound(video: Path) -> bool:
    """Return whether there is a sound track in a video.

    Raises
    ------
    InputError
        If it cannot be told: PyAV is missing, or the file is no video.
    """
    from emo_music_ros.io.ffmpeg import library

    av = library(f"the sound of {video}")
    try:
        with video.open("rb") as file, av.open(file) as container:
            return bool(container.streams.audio)
    except (OSError, av.FFmpegError) as error:
        raise InputError(
            f"the sound of {video} cannot be read: {error}", "Check that it plays elsewhere"
        ) from error


def audio_lane(path: Path, source: str) -> Lane:
    """Return an audio file, mono at 16 kHz in blocks of 50 ms, as a lane.

    Raises
    ------
    InputError
        If it cannot be opened or is empty. A truncated file plays as far as it goes, and the
        lane then raises it by name.
    """
    from emo_music_ros.io.audio import OPPOSITE, Decoder  # only here: cameras need no sound library

    Decoder(path).close()

    def samples() -> Iterator[Sample]:
        decoder = Decoder(path)
        try:
            blocks, mix = AudioBlocks(decoder.rate), DownMix()
            opposite = False
            while not decoder.ended:
                block = mix(decoder.read(max(1, decoder.rate // 20)))
                opposite |= mix.opposite
                first = blocks.produced
                for part in blocks(block, last=decoder.ended):
                    yield AudioBlock(
                        first / AUDIO_RATE, part, AUDIO_RATE, first_sample=first, source=source
                    )
                    first += len(part)
        finally:
            decoder.close()
        if opposite:
            log.warning("audio file %s: %s", shown(path), OPPOSITE)
        if decoder.trouble:
            seconds = decoder.position / decoder.rate
            raise InputError(
                f"audio file {path} is truncated or damaged after {seconds:.2f} s "
                f"{decoder.damage}".strip(),
                "The readable part was played; copy the file again",
            )

    return Lane(source, samples)
