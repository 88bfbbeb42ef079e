"""A car comes home and charges on the screen of a real Home Assistant, with nothing but this checkout."""
