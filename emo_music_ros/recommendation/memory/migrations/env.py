# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
"""What Alembic runs: the steps that are missing, on the connection it was handed."""

from alembic import context

from emo_music_ros.recommendation.memory.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
