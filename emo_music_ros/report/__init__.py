"""Reports of recorded sessions: what they are made of, what is said, and how it is shown."""
