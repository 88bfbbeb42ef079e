"""What noticing an arrival costs: virtual fortnights in a real Home Assistant core, paid by the simulator's own bill."""
