"""DaHyF Hands, the core: footage in, hand poses out. It never imports bpy, and its capture path never imports torch."""

__version__ = "0.1.0"
