"""What fusion learns about one person from moments whose state was confirmed."""
