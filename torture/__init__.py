"""A storm over the token chain: a real Home Assistant core, killed again and again while answers get lost."""
