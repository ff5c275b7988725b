"""Emotion that music expresses."""
