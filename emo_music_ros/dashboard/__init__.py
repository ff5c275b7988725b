# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What people see and steer: a web application with accounts, which knows no ROS."""
