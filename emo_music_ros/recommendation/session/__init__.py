"""When to play, change and stop."""
