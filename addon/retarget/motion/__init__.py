"""What captured hands do: where the motion comes from, in whose space, mirrored, and at which times."""
