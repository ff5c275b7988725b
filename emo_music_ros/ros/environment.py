# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What the middleware reads from the environment, set where the user has set nothing."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Sequence

from emo_music_ros.consent.traces import log_folder
from emo_music_ros.resources import cache, share, writable
from emo_music_ros.ros.graph import NodeSpec
from emo_music_ros.sensing.outlet import local_configuration

log = logging.getLogger(__name__)

#: What Fast DDS reads: up to version 2 (Jazzy) and from version 3.
_PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")

#: Variable that names the run: all its processes have it, also those started again.
RUN = "EMO_MUSIC_RUN"


def prepare_environment(specs: Sequence[NodeSpec] = ()) -> None:
    """Set the DDS profile that carries pictures, and keep replayed body signals on this machine.

    Processes started afterwards inherit what is set here; what is set already stays.

    Parameters
    ----------
    specs : sequence of NodeSpec
        The nodes to be started.
    """
    if not any(name in os.environ for name in _PROFILES):
        os.environ.update(dict.fromkeys(_PROFILES, str(share("config", "fastdds.xml"))))
    _find_log_folder()
    os.environ.setdefault(RUN, uuid.uuid4().hex)
    if any(spec.executable == "replay" for spec in specs) and "LSLAPICFG" not in os.environ:
        # A session of its own: two replays on one machine must not feed each other.
        session = f"emo_music_{os.environ.get('ROS_DOMAIN_ID', '0')}_{os.getpid()}"
        path = cache("lsl", f"{session}.cfg")
        path.write_text(local_configuration(session), "utf-8")
        os.environ["LSLAPICFG"] = str(path)


def _find_log_folder() -> None:
    """Let ROS write its logs elsewhere where it cannot, for it would end the process."""
    folder = log_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if writable(folder):
            return
        reason = "it is read-only"
    except OSError as error:
        reason = str(error.strerror)
    os.environ["ROS_LOG_DIR"] = str(cache("log", "ros").parent)
    log.warning(
        "the logs cannot be written to '%s' (%s) and go to '%s'. Set ROS_LOG_DIR",
        folder,
        reason,
        os.environ["ROS_LOG_DIR"],
    )
