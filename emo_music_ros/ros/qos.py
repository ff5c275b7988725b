# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""Quality of service by name, so that publishers and subscribers always match."""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _profile(
    depth: int,
    reliability: ReliabilityPolicy,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
) -> QoSProfile:
    return QoSProfile(
        depth=depth,
        history=HistoryPolicy.KEEP_LAST,
        reliability=reliability,
        durability=durability,
    )


#: Images: only the newest counts. Publishers stay reliable (REP-2003), readers take what comes.
FRAME_OUT = _profile(2, ReliabilityPolicy.RELIABLE)
FRAME_IN = _profile(1, ReliabilityPolicy.BEST_EFFORT)
#: Continuous signals: every block counts.
SIGNAL = _profile(100, ReliabilityPolicy.RELIABLE)
#: Estimates, events and commands.
EVENT = _profile(20, ReliabilityPolicy.RELIABLE)
#: What holds until it is replaced; whoever comes later is told, too.
LATCHED = _profile(1, ReliabilityPolicy.RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL)
