"""Storage of findings and rule state, in memory and on disk."""
