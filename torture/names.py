"""The two integrations that are out in the storm."""

from typing import Final

OURS: Final = "tesla_scout_worker"
REFERENCE: Final = "standard_oauth"
