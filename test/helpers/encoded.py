# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Recordings of what encoders said, as ``emo-music record`` makes them, written by rosbags."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from emo_music_ros.io.mcap_writer import McapWriter
from emo_music_ros.resources import share
from emo_music_ros.streams import Encoding

KIND = "emo_music_ros/msg/ModalityEncoding"
BEGIN = 1_700_000_000.0


def record(path: Path, encodings: Iterable[Encoding], namespace: str = "/r1/") -> None:
    """Write encodings, each stamped and logged at its time."""
    store = get_typestore(Stores.ROS2_JAZZY)
    types: dict[str, Any] = {}
    texts = {file.stem: file.read_text() for file in share("msg").glob("*.msg")}
    for name, text in texts.items():
        types.update(get_types_from_msg(text, f"emo_music_ros/msg/{name}"))
    store.register(types)
    rule = "=" * 80
    stamp_text = "int32 sec\nuint32 nanosec\n"
    definition = (
        texts["ModalityEncoding"]
        + f"\n{rule}\nMSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n"
        + f"\n{rule}\nMSG: builtin_interfaces/Time\n{stamp_text}"
        + f"\n{rule}\nMSG: emo_music_ros/EmotionEstimate\n{texts['EmotionEstimate']}"
    )
    time_type = store.types["builtin_interfaces/msg/Time"]

    def stamp(time: float) -> Any:
        nanoseconds = round((BEGIN + time) * 1e9)
        return time_type(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)

    writer = McapWriter(path)
    for one in encodings:
        said = one.estimate
        estimate = store.types["emo_music_ros/msg/EmotionEstimate"](
            labels=list(said.labels),
            probabilities=np.asarray(said.probabilities, np.float32),
            valence=said.valence, arousal=said.arousal, dominance=said.dominance,
            confidence=said.confidence, credible=list(said.credible), quality=said.quality,
        )  # fmt: skip
        message = store.types[KIND](
            header=store.types["std_msgs/msg/Header"](stamp=stamp(one.time), frame_id=""),
            source=one.source, person_id=one.person_id, modality=one.modality,
            encoder="test", version="1", window_start=stamp(one.window_start),
            embedding=np.asarray(one.embedding, np.float32),
            feature_names=list(one.features),
            features=np.array([*one.features.values()], np.float32),
            estimate=estimate,
        )  # fmt: skip
        data = bytes(store.serialize_cdr(message, KIND))
        writer.write(
            f"{namespace}encoding/{one.modality}", KIND, definition, data,
            round((BEGIN + one.time) * 1e9),
        )  # fmt: skip
    writer.close()
