"""Index lists of the 478-point face landmark layout; plain data, no geometry."""

from __future__ import annotations

# Subject's left side runs medial to lateral, the mouth right to left, the oval from the top on
# the subject's left downwards and round. Indices are those of the public 468 + 10 point layout.
CONTOURS: dict[str, tuple[int, ...]] = {
    "eye_upper_left": (362, 398, 384, 385, 386, 387, 388, 466, 263),
    "eye_lower_left": (362, 382, 381, 380, 374, 373, 390, 249, 263),
    "eye_upper_right": (133, 173, 157, 158, 159, 160, 161, 246, 33),
    "eye_lower_right": (133, 155, 154, 153, 145, 144, 163, 7, 33),
    "lip_outer_upper": (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    "lip_outer_lower": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    "lip_inner_upper": (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    "lip_inner_lower": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
    "brow_upper_left": (336, 296, 334, 293, 300),
    "brow_lower_left": (285, 295, 282, 283, 276),
    "brow_upper_right": (107, 66, 105, 63, 70),
    "brow_lower_right": (55, 65, 52, 53, 46),
    "nose_bridge": (168, 6, 197, 195, 5, 4, 1),
    "face_oval": (
        10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
        152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
    ),
    "iris_right": (468, 469, 470, 471, 472),
    "iris_left": (473, 474, 475, 476, 477),
}  # fmt: skip
