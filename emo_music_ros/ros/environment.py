"""What the middleware reads from the environment, set where the user has set nothing."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence

from emo_music_ros.resources import cache, share
from emo_music_ros.ros.graph import NodeSpec
from emo_music_ros.sensing.outlet import local_configuration

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
    os.environ.setdefault(RUN, uuid.uuid4().hex)
    if any(spec.executable == "replay" for spec in specs) and "LSLAPICFG" not in os.environ:
        # A session of its own: two replays on one machine must not feed each other.
        session = f"emo_music_{os.environ.get('ROS_DOMAIN_ID', '0')}_{os.getpid()}"
        path = cache("lsl", f"{session}.cfg")
        path.write_text(local_configuration(session), "utf-8")
        os.environ["LSLAPICFG"] = str(path)
