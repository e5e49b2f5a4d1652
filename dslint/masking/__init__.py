"""What may be shown: masks for personal data and secrets."""
