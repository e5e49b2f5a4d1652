"""The base classes of rules, the core rules, and what rules of packs share."""
