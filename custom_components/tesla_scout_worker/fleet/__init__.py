"""Tesla's side of the integration. Nothing below this line knows Home Assistant."""
