"""Training and measuring of the face encoder."""
