"""Measure dynamic sampling: what is saved against what is lost."""
