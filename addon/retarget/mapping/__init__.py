"""Which bone of a rig is which joint: by presets, names, shape, or the user's corrections."""
