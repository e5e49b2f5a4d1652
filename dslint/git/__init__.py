"""What a change does: another revision beside what is here."""
