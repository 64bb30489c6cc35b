"""Meshes in the file formats of other programs (GLB, OBJ, PLY, NPZ); nothing reads them back.

All output is deterministic: equal input gives equal bytes.
"""

from models.export.arrays import write_meshes_npz
from models.export.gltf import glb_bytes
from models.export.surface import obj_text, ply_bytes

__all__ = ["glb_bytes", "obj_text", "ply_bytes", "write_meshes_npz"]
