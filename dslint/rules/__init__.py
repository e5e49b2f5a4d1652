"""What a rule is, and what the rules of the core and of packs share."""
