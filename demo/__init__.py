"""A car comes home on the screen of a real Home Assistant, with nothing but this checkout."""
