"""Planning keys, writing them as an Action, and removing them again."""
