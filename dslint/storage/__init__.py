"""What a run keeps, in memory and on disk."""
