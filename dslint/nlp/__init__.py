"""Words of a text: where they are, what is code, and where the terms of lexicons stand."""
