"""Emotion from the voice."""
