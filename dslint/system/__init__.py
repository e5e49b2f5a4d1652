"""The machine around a run: other programs, what is installed, Git's objects, copies that leave nothing behind."""
