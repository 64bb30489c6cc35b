"""Runs the whole construction: metric size, identity, units, rig, anatomy and extras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.head.build import anatomy, embedding, expression, eyeballs, identity, metric, rig
from models.head.build.body import VERTICES, Body, build_body
from models.head.build.extras import Extras, extra_parts, lash_rows, seat_teeth
from models.head.build.layout import lay_out, metric_checks
from models.head.build.source import Source
from models.head.build.surface import QuadMesh

SAMPLES, SEED = 1600, 20_26
EVEN_COMPONENTS, ODD_COMPONENTS = 80, 20
_HELD_OUT = 200
LIP_GAP_MM = 0.15

Field = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Head:
    """Everything the asset holds, lengths in mm, exactly mirrored up to rounding."""

    template: Field
    faces: Ids
    uv: Field
    mirror: Ids
    even: Field
    odd: Field
    unit_names: list[str]
    units: Field
    unit_mirror: Ids
    weights: Field
    joint_regressor: Field
    jaw_corrective: Field
    lid_follow: Field
    lids: dict[str, expression.LidPairs]
    loops: dict[str, Ids]
    points: dict[str, int]
    regions: dict[str, NDArray[np.bool_]]
    landmarks: embedding.Embedding
    canvas: embedding.Canvas
    extras: Extras
    checks: dict[str, float]


def build_head(source: Source) -> Head:
    """Build the open head from the source, deterministically."""
    mesh = QuadMesh(source.polygons("body").vertices)
    body = build_body(source, mesh)
    parts = extra_parts(source, mesh)
    count = VERTICES + len(parts.ids)
    picked = sparse.csr_matrix(
        (np.ones(len(parts.ids)), (np.arange(len(parts.ids)), parts.ids)),
        shape=(len(parts.ids), len(source.positions)),
    )
    rows = sparse.vstack([body.rows, picked]).tocsr()
    rest_dm = rows @ source.positions
    mirror = np.concatenate([body.mirror, VERTICES + parts.mirror])
    skin = np.arange(count) < body.skin_count
    head = slice(0, VERTICES)
    left_ball = slice(body.skin_count, body.skin_count + eyeballs.VERTICES)
    flip = np.array([-1.0, 1.0, 1.0])

    sampled = identity.sample_heads(source, lambda f: rows @ f, SAMPLES, SEED)
    sampled += rest_dm.astype(np.float32)
    rigid = skin & (rest_dm[:, 1] > 6.3)
    shapes = identity.align_rigidly(sampled, rest_dm, rigid)
    shapes = identity.align_rigidly(shapes, shapes.mean(axis=0).astype(float), rigid)
    mean = shapes.mean(axis=0).astype(float)
    mean = 0.5 * (mean + mean[mirror] * flip)
    mm_per_dm = metric.INTERPUPILLARY_MM / (2 * mean[left_ball, 0].mean())
    shift = np.array([0, mean[left_ball, 1].mean(), mean[left_ball, 2].mean()])

    # Origin between the pupils' heights, a little behind the eyes, as in FLAME.
    template = (mean - shift) * mm_per_dm + [0, 0, 30.0]
    centre_dm = eyeballs.source_centre(source, "l")
    front_dm = rest_dm[left_ball][0]
    source_radius = _source_radius(source) * mm_per_dm
    old_centre = template[left_ball][0] + (centre_dm - front_dm) * mm_per_dm
    centre = metric.eye_centre_mm(old_centre, source_radius)
    lay = partial(metric.lay_on_eyeball, centre_mm=centre, source_radius_mm=source_radius)
    left_skin = skin & (template[:, 0] > 0)
    template[left_skin] = lay(template[left_skin])
    template[left_ball] = centre + eyeballs.sphere_mm()
    lids = anatomy.lid_pairs(source, mesh, body.number)
    corner = template[lids["left"].upper[0]].copy()
    template[left_skin] = metric.widen_fissure(template[left_skin], corner)
    seat = lids["left"].rings[-1]
    template[seat] = metric.seat_on_eyeball(template[seat], centre)
    upper, lower = anatomy.lip_columns(source, mesh, body.number)
    template[skin] = metric.narrow_sides(template[skin])
    template = metric.close_lips(template, upper, lower, LIP_GAP_MM)
    template = _mirror_left(template, mirror)

    components, checks = _components(shapes, mean, mirror, mm_per_dm, body, template, centre, lids)
    even, odd = components
    names, units, unit_mirror = expression.one_sided_units(
        source, _unit_transfer(rows, body.skin_count, mm_per_dm), mirror, template[:, 0]
    )
    blink = names.index("eyeBlinkLeft")
    units[blink] = expression.closing_unit(units[blink], template, centre, lids["left"])
    units[unit_mirror[blink]] = units[blink][mirror] * flip

    weights = np.zeros((count, 5))
    weights[:, :3] = np.clip(rows @ rig.skin_weights(source), 0, None)
    weights[body.skin_count : VERTICES] = 0
    weights[left_ball, 3] = 1.0
    weights[left_ball.stop : VERTICES, 4] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    weights[:, :3] = 0.5 * (weights[:, :3] + weights[mirror, :3])
    regressor = np.zeros((5, VERTICES))
    place = [_cube_mm(source, name, shift, mm_per_dm) for name in ("joint-neck", "joint-head")]
    place.insert(1, 0.35 * place[0] + 0.65 * place[1])
    place[2] = _cube_mm(source, "joint-mouth", shift, mm_per_dm)
    skin_points = np.where(skin[:, None], template, 1e6)[head]
    for row, joint in enumerate(place):
        regressor[row] = rig.joint_regressor(skin_points, body.mirror, joint, 95.0)
    for row, first in ((3, body.skin_count), (4, body.skin_count + eyeballs.VERTICES)):
        regressor[row, [first, first + eyeballs.VERTICES - 1]] = 0.5
    corrective, angle = rig.jaw_corrective(
        units[names.index("jawOpen"), head],
        template[head],
        weights[head, 2],
        regressor[2] @ template[head],
    )
    corrective = 0.5 * (corrective + corrective[body.mirror] * flip)
    checks["jaw_open_angle_deg"] = float(np.degrees(angle))

    anatomical = lay_out(source, mesh, body, template[head], lids)
    checks |= metric_checks(template[head], anatomical.points, lids["left"], centre)
    inner = slice(VERTICES, count)
    stomion = template[anatomical.points["stomion_superius"]]
    lash_margin, lash_base = lash_rows(lids)
    extras = Extras(
        template=seat_teeth(template[inner], parts, stomion), even=even[:, inner],
        odd=odd[:, inner], units=units[:, inner],
        weights=weights[inner], mirror=parts.mirror, faces=parts.faces,
        lash_margin=lash_margin, lash_base=lash_base,
    )  # fmt: skip
    return Head(
        template=template[head], faces=body.faces, uv=body.uv, mirror=body.mirror,
        even=even[:, head], odd=odd[:, head], unit_names=names, units=units[:, head],
        unit_mirror=unit_mirror, weights=weights[head], joint_regressor=regressor,
        jaw_corrective=corrective,
        lid_follow=expression.ring_shares(lids["left"], VERTICES), lids=lids,
        loops=anatomical.loops, points=anatomical.points, regions=anatomical.regions,
        landmarks=anatomical.landmarks, canvas=anatomical.canvas, extras=extras, checks=checks,
    )  # fmt: skip


def _source_radius(source: Source) -> float:
    ids = np.unique(source.polygons("helper-l-eye").vertices)
    offset = source.positions[ids] - eyeballs.source_centre(source, "l")
    return float(np.linalg.norm(offset, axis=1).mean())


def _mirror_left(template: Field, mirror: Ids) -> Field:
    """Make the right half the exact image of the left, and the midline exactly x = 0."""
    result = template.copy()
    left = (template[:, 0] > 1e-7) & (mirror != np.arange(len(mirror)))
    result[mirror[left]] = template[left] * [-1, 1, 1]
    result[mirror == np.arange(len(mirror)), 0] = 0.0
    return result


def _unit_transfer(
    rows: sparse.csr_matrix, skin_count: int, mm_per_dm: float
) -> Callable[[Field], Field]:
    def transfer(field: Field) -> Field:
        moved = (rows @ field) * mm_per_dm
        moved[skin_count:VERTICES] = 0.0
        return np.asarray(moved)

    return transfer


def _cube_mm(source: Source, name: str, shift: Field, mm_per_dm: float) -> Field:
    joint = (source.positions[source.cube(name)].mean(axis=0) - shift) * mm_per_dm + [0, 0, 30.0]
    joint[0] = 0.0
    return np.asarray(joint)


def _components(
    shapes: NDArray[np.float32],
    mean: Field,
    mirror: Ids,
    mm_per_dm: float,
    body: Body,
    template: Field,
    centre: Field,
    lids: dict[str, expression.LidPairs],
) -> tuple[tuple[Field, Field], dict[str, float]]:
    """Even and odd components in mm, slid on the eyeballs, and their held-out error."""
    centred = ((shapes - mean) * mm_per_dm).astype(np.float32)
    # The eyeballs keep their size: each moves as its foremost point does.
    for side in range(2):
        ball = slice(body.skin_count + side * eyeballs.VERTICES,
                     body.skin_count + (side + 1) * eyeballs.VERTICES)  # fmt: skip
        centred[:, ball] = centred[:, ball].mean(axis=1, keepdims=True)
        shift = centred[:, ball][:, 0].astype(float)
        sign = np.array([1 - 2 * side, 1, 1])
        skin = np.arange(body.skin_count)
        near = skin[np.linalg.norm(template[skin] - centre * sign, axis=1) < 22.0]
        centred[:, near] = metric.slide_on_eyeball(
            centred[:, near].astype(float), template[near], centre * sign, shift
        )
        centred[:, lids["right" if side else "left"].rings[-1]] = shift[:, None]
    even, odd = identity.even_odd(centred, mirror)
    weight = np.where(template[:, 2] > -35.0, 1.0, 0.25)
    weight[body.skin_count : VERTICES] = 0.05
    weight[:VERTICES][body.ear] = 0.25
    weight[VERTICES:] = 0.0
    kept = slice(0, SAMPLES - _HELD_OUT)
    basis = (
        identity.principal_components(even[kept], weight, EVEN_COMPONENTS),
        identity.principal_components(odd[kept], weight, ODD_COMPONENTS),
    )
    face = weight == 1.0
    checks = {}
    for name, part, components in (("even", even, basis[0]), ("odd", odd, basis[1])):
        flat = components[:, face].reshape(len(components), -1).T
        held = part[-_HELD_OUT:][:, face].reshape(_HELD_OUT, -1).T
        left_over = held - flat @ np.linalg.lstsq(flat, held)[0]
        checks[f"held_out_rms_{name}_mm"] = float(np.sqrt(3 * (left_over**2).mean()))
        checks[f"spread_rms_{name}_mm"] = float(np.sqrt(3 * (held**2).mean()))
    return basis, checks
