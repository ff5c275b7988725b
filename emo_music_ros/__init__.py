"""Sense how somebody feels and play the music that helps."""

__version__ = "0.1.0"
