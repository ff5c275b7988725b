"""Recognisers of speech, each a plugin."""
