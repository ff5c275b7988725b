"""Mental state from brain waves."""
