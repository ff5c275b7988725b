"""One file for each step; a database that exists is never changed in any other way."""
