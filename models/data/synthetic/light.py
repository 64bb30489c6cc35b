"""The light a patient sits in: three soft lamps or windows and the room around them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Illumination:
    """Light in the world frame (centre camera: x right, y down, z forward).

    towards (3, 3) unit vectors to the lights; colour (3, 3) linear RGB; spread (3,) half-angle
    of each light in radians (soft shadows); surroundings (9, 3) spherical harmonics of
    irradiance over pi in the basis of `models.render.deferred.irradiance`.
    """

    towards: Array
    colour: Array
    spread: Array
    surroundings: Array


def colour_of_temperature(kelvin: float) -> Array:
    """(3,) linear RGB of a black body relative to 6,500 K, green = 1; a rough fit."""
    t = kelvin / 6500.0
    return np.array([t**-0.75, 1.0, t**0.85])


def _direction(azimuth_deg: float, elevation_deg: float) -> Array:
    """Unit vector from the face; azimuth 0 is at the camera, > 0 to the picture's right."""
    a, e = np.radians([azimuth_deg, elevation_deg])
    return np.array([np.sin(a) * np.cos(e), -np.sin(e), -np.cos(a) * np.cos(e)])


def balanced(light: Illumination, strength: float) -> Illumination:
    """`light` as a camera shows it after an automatic white balance of `strength` 0 to 1."""
    mean = light.colour[:2].sum(axis=0) + 2 * light.surroundings[0]
    gain = (mean[1] / mean) ** strength
    return replace(light, colour=light.colour * gain, surroundings=light.surroundings * gain)


def draw_light(rng: np.random.Generator) -> Illumination:
    """A room: mostly even frontal light as a clinic has it, sometimes a window from one side."""
    uneven = rng.random() < 0.25
    side = rng.choice([-1.0, 1.0])
    key_azimuth = side * (rng.uniform(45, 75) if uneven else rng.uniform(5, 45))
    towards = np.stack(
        [
            _direction(key_azimuth, rng.uniform(15, 50)),
            _direction(-side * rng.uniform(25, 70), rng.uniform(0, 40)),
            _direction(-side * rng.uniform(100, 160), rng.uniform(20, 70)),
        ]
    )
    key = rng.uniform(0.6, 1.0) * colour_of_temperature(rng.uniform(4200, 7500))
    ratio = rng.uniform(0.1, 0.35) if uneven else rng.uniform(0.35, 0.85)
    fill = ratio * key.max() * colour_of_temperature(rng.uniform(3800, 7500))
    rim = rng.uniform(0.0, 0.5) * colour_of_temperature(rng.uniform(3500, 8000))
    room = colour_of_temperature(rng.uniform(4000, 7500)) * rng.uniform(0.3, 0.6)
    surroundings = np.zeros((9, 3))
    surroundings[0] = room
    surroundings[1] = -room * rng.uniform(0.1, 0.35)  # brighter from above: y points down
    surroundings[2] = -room * rng.uniform(-0.05, 0.25)
    surroundings[3] = room * rng.uniform(-0.15, 0.15)
    surroundings[4:] = rng.normal(0, 0.03, (5, 1)) * room
    light = Illumination(
        towards,
        np.stack([key, fill, rim]),
        rng.uniform([0.1, 0.2, 0.15], [0.4, 0.5, 0.4]),
        surroundings,
    )
    return balanced(light, rng.uniform(0.5, 1.0))
