"""Protocols and measures on people who were never seen."""
