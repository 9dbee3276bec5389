"""Exports of captured hands and retargeted characters through Blender's own exporters.

It works on a file that nobody goes on working in: a Blender in background mode, which the panel starts with a copy of
the open file. `motion` reads what moves, frame by frame; `baked_scene` copies it without constraints into a scene of
its own; `formats` writes that scene.
"""
