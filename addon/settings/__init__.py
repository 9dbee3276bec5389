"""What the user sets: properties of the scene, preferences of the add-on, and presets of settings."""
