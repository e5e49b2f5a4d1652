"""General helpers, independent of dslint."""
