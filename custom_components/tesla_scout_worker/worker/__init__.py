"""The worker: one full read when there is a reason for it, then quiet again."""
