"""Planning keys, writing them as an Action, and taking them back."""
