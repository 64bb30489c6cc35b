"""Turning meshes into pixels: one rasteriser interface, its backends, projection and shading."""

from models.render.projection import project, to_camera
from models.render.rasterizer import Fragments, rasterize

__all__ = ["Fragments", "project", "rasterize", "to_camera"]
