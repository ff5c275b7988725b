# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""The whole loop on the camera and microphone of a robot, every node in a process of its own.

ros2 launch examples/robot.launch.py camera:=/head_front_camera/rgb/image_raw microphone:=/audio/channel0 consent:=yes

Every argument of companion.launch.py may be given, too.
"""  # noqa: E501

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import SetRemap
from launch_ros.substitutions import FindPackageShare

#: Argument -> topic of ours that it stands for, and what it takes.
TOPICS = {
    "camera": ("camera/image_raw", "Image or CompressedImage"),
    "microphone": ("microphone/audio", "AudioData, AudioDataStamped, AudioStamped or AudioChunk"),
    "speaking": ("robot/speaking", "std_msgs/Bool, true while the robot speaks"),
}


def generate_launch_description():
    """Return the launch description."""
    whole = PathJoinSubstitution(
        [FindPackageShare("emo_music_ros"), "launch", "companion.launch.py"]
    )
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=topic, description=f"topic: {kinds}")
                for name, (topic, kinds) in TOPICS.items()
            ),
            DeclareLaunchArgument(
                "without",
                default_value="camera,microphone",
                description="nodes that the robot's drivers stand for",
            ),
            GroupAction(
                [
                    *(
                        SetRemap(topic, LaunchConfiguration(name))
                        for name, (topic, _) in TOPICS.items()
                    ),
                    IncludeLaunchDescription(
                        PythonLaunchDescriptionSource(whole),
                        launch_arguments={
                            "input": "devices",
                            "without": LaunchConfiguration("without"),
                        }.items(),
                    ),
                ]
            ),
        ]
    )
