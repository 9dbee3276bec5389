"""What the core and the add-on both go by: constants and pure functions, with numpy alone.

The add-on cannot import the core, so `dahyf_core/shared` and `addon/shared` are the same files, which tests hold equal.
A change is made in the core's, and copied: `cp dahyf_core/shared/*.py addon/shared/`.
"""
