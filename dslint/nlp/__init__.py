"""Analysis of texts: words and their offsets, code, and the terms of lexicons."""
