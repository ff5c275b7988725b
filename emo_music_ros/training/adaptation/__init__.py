"""How much confirmed moments of a person help, and what they cost."""
