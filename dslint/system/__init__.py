"""The environment of a run: other programs, installed packages, Git objects, temporary copies."""
