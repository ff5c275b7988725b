"""Who allowed what, kept across restarts, and whom the present run is for."""
