"""What a person's behaviour towards the player says."""
