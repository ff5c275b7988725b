"""Training and measuring of the music encoder."""
