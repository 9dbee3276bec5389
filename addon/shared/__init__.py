"""Constants and pure functions that the core and the add-on share. They need only numpy.

The add-on cannot import the core, so `dahyf_core/shared` and `addon/shared` are the same files, which tests hold equal.
A change is made in the core's, and copied: `cp dahyf_core/shared/*.py addon/shared/`.
"""
