"""The plan of charging: what is wished, the plan in force, and how it gets into the car."""
