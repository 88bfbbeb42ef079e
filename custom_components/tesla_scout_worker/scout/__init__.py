"""The scout: watches only where a car is, as rarely as the wanted promptness allows."""
