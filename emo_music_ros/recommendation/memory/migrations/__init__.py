"""Steps from one format of the memory to the next, run by Alembic."""
