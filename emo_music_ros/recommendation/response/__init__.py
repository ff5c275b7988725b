"""How somebody answers to music: liked or not, and how they feel afterwards."""
