"""What is remembered about a person, and what a listen was worth."""
