"""What people ask for aloud: recognisers of speech, commands, short answers and voices."""
