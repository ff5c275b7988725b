"""How spoken commands are measured, and the Chinese keyword model is trained."""
