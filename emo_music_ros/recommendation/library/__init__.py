"""The music: files, their analysis, the built-in pieces."""
