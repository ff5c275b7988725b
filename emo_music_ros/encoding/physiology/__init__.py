"""Stress from heart, skin and breath."""
