"""The effect of a change: comparing another revision with the working files."""
