"""Runs the whole construction: mesh, metric size, identity, units, rig, anatomy, landmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.head.build import anatomy, embedding, expression, eyeballs, identity, metric, rig
from models.head.build import loops as source_loops
from models.head.build.regions import Parts, region_masks
from models.head.build.source import Source
from models.head.build.surface import QuadMesh, refined_skin
from models.head.build.triangles import Mirrored, left_half, mirrored, split_crown, thin

VERTICES = 5023
SPLIT_QUADS = 140
EAR_KEPT = 140
SAMPLES, SEED = 1600, 20_26
EVEN_COMPONENTS, ODD_COMPONENTS = 80, 20
_HELD_OUT = 200
LIP_GAP_MM = 0.15
# Where the tragus meets the cheek on the source mesh, in dm.
_TRAGION_DM = np.array([0.71, 7.09, 0.68])

Field = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Body:
    """The mesh as a sparse map: `rows` (5023,19158) carries source displacements to the head."""

    rows: sparse.csr_matrix
    rest_dm: Field
    faces: Ids
    uv: Field
    mirror: Ids
    number: dict[int, int]
    ear: NDArray[np.bool_]
    skin_count: int


def build_body(source: Source, mesh: QuadMesh) -> Body:
    """Crop, refine, thin, mirror, and add the eyeballs' centre rows."""
    uncut = source_loops.uncut_vertices(source, mesh)
    skin, ear_ids = refined_skin(source, SPLIT_QUADS, uncut)
    points = skin.rows @ source.positions
    half = left_half(skin, points)
    on_ear = np.isin(np.arange(len(points)), sorted(ear_ids))
    x, y, z = points.T
    bare = ((z < 0.45) | ((y > 8.1) & (z < 1.0)) | (y < 6.1)) & ~on_ear
    middle, left = int((np.abs(x) < 1e-9).sum()), int((x > 1e-9).sum())
    ear_collapses = int((on_ear & (x > 0)).sum()) - EAR_KEPT
    half = thin(half, points, np.where(on_ear, 1.0, np.inf), ear_collapses)
    rows = skin.rows
    if middle % 2 == 0:
        half, rows = split_crown(half, skin, points)
        points, bare = rows @ source.positions, np.append(bare, False)
        middle += 1
    skin_count = VERTICES - 2 * eyeballs.VERTICES
    spare = left - ear_collapses - (skin_count - middle) // 2
    half = thin(half, points, np.where(bare, 1.0, np.inf), spare)
    seam = source.textures[source.polygons("body").textures]
    axis = _uv_axis(source, seam)
    whole = mirrored(half, rows, points, source.mirror, axis)
    return _with_eyeballs(source, whole, skin.source_ids, on_ear, skin_count)


def _uv_axis(source: Source, corner_uv: Field) -> float:
    """Height of the texture's mirror line: where midline vertices of the face lie."""
    quads = source.polygons("body").vertices
    face = (np.abs(source.positions[quads, 0]) < 1e-9) & (source.positions[quads, 2] > 1.2)
    face &= source.positions[quads, 1] > 6.2
    return float(np.median(corner_uv[face][:, 1]))


def _with_eyeballs(
    source: Source, whole: Mirrored, source_ids: Ids, on_ear: NDArray[np.bool_], skin_count: int
) -> Body:
    fronts = []
    for side in ("l", "r"):
        ids = eyeballs.source_front(source, side)
        row = sparse.csr_matrix(
            (np.full(len(ids), 1 / len(ids)), (np.zeros(len(ids), int), ids)),
            shape=(1, len(source.positions)),
        )
        fronts.append(sparse.vstack([row] * eyeballs.VERTICES))
    rows = sparse.vstack([whole.rows, *fronts]).tocsr()
    rest = rows @ source.positions
    ball_mirror = eyeballs.mirror_map()
    first = skin_count + np.array([0, eyeballs.VERTICES])
    mirror = np.concatenate([whole.mirror, first[1] + ball_mirror, first[0] + ball_mirror])
    ball = eyeballs.sphere_faces()
    right_ball = np.empty_like(ball_mirror)
    right_ball[:] = ball_mirror
    faces = np.concatenate([whole.faces, first[0] + ball, first[1] + right_ball[ball][:, ::-1]])
    uv = np.concatenate([_upright_uv(whole.uv), _ball_uv(ball, ball_mirror)])
    on_skin = np.arange(skin_count)
    number: dict[int, int] = {}
    for vertex in on_skin:
        skin_id = int(whole.skin_ids[vertex])
        if skin_id < len(source_ids) and source_ids[skin_id] >= 0:
            id_left = int(source_ids[skin_id])
            is_right = rest[vertex, 0] < -1e-9
            number[int(source.mirror[id_left]) if is_right else id_left] = int(vertex)
    ear = np.zeros(len(rest), bool)
    known = whole.skin_ids < len(on_ear)
    ear[on_skin[known]] = on_ear[whole.skin_ids[known]]
    return Body(rows, rest, faces, uv, mirror, number, ear, skin_count)


def _upright_uv(uv: Field) -> Field:
    """Turn the source layout upright: u grows to the subject's left, v upwards, both 0..1."""
    across, down = uv[..., 1], uv[..., 0]
    half_width = float(np.abs(across - np.median(across)).max())
    head = down > 0.6
    low, high = float(down[head].min()), float(down[head].max())
    centre = 0.5 * (across[head].min() + across[head].max())
    half_width = float(np.abs(across[head] - centre).max()) * 1.01
    u = 0.5 + 0.5 * (across - centre) / half_width
    v = 0.99 - 0.98 * (down - low) / (high - low)
    return np.stack([u, v], axis=-1)


def _ball_uv(ball: Ids, ball_mirror: Ids) -> Field:
    """Both eyeballs in the free upper corners of the texture."""
    disc = eyeballs.sphere_uv() - 0.5
    left = np.stack([0.955 + 0.08 * disc[:, 0], 0.925 + 0.14 * disc[:, 1]], axis=1)
    right = left.copy()
    right[ball_mirror] = np.stack([1 - left[:, 0], left[:, 1]], axis=1)
    return np.concatenate([left[ball], right[ball_mirror[ball][:, ::-1]]])


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
    checks: dict[str, float]


def build_head(source: Source) -> Head:
    """Build the open head from the source, deterministically."""
    mesh = QuadMesh(source.polygons("body").vertices)
    body = build_body(source, mesh)
    mirror, skin = body.mirror, np.arange(VERTICES) < body.skin_count
    left_ball = slice(body.skin_count, body.skin_count + eyeballs.VERTICES)
    flip = np.array([-1.0, 1.0, 1.0])

    sampled = identity.sample_heads(source, lambda f: body.rows @ f, SAMPLES, SEED)
    sampled += body.rest_dm.astype(np.float32)
    rigid = skin & (body.rest_dm[:, 1] > 6.3)
    shapes = identity.align_rigidly(sampled, body.rest_dm, rigid)
    shapes = identity.align_rigidly(shapes, shapes.mean(axis=0).astype(float), rigid)
    mean = shapes.mean(axis=0).astype(float)
    mean = 0.5 * (mean + mean[mirror] * flip)
    mm_per_dm = metric.INTERPUPILLARY_MM / (2 * mean[left_ball, 0].mean())
    shift = np.array([0, mean[left_ball, 1].mean(), mean[left_ball, 2].mean()])

    # Origin between the pupils' heights, a little behind the eyes, as in FLAME.
    template = (mean - shift) * mm_per_dm + [0, 0, 30.0]
    centre_dm = eyeballs.source_centre(source, "l")
    front_dm = body.rest_dm[left_ball][0]
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
    template = _mirror_left(template, mirror, skin)

    components, checks = _components(shapes, mean, mirror, mm_per_dm, body, template, centre, lids)
    even, odd = components
    names, units, unit_mirror = expression.one_sided_units(
        source, _unit_transfer(body, mm_per_dm), mirror, template[:, 0]
    )
    blink = names.index("eyeBlinkLeft")
    units[blink] = expression.closing_unit(units[blink], template, centre, lids["left"])
    units[unit_mirror[blink]] = units[blink][mirror] * flip

    weights = np.zeros((VERTICES, 5))
    weights[:, :3] = body.rows @ rig.skin_weights(source)
    weights = np.clip(weights, 0, None)
    weights[~skin] = 0
    weights[left_ball, 3] = 1.0
    weights[~skin & (template[:, 0] < 0), 4] = 1.0
    weights /= weights.sum(axis=1, keepdims=True)
    weights[:, :3] = 0.5 * (weights[:, :3] + weights[mirror, :3])
    joints = rig.joint_regressor
    regressor = np.zeros((5, VERTICES))
    place = [_cube_mm(source, name, shift, mm_per_dm) for name in ("joint-neck", "joint-head")]
    skin_points = np.where(skin[:, None], template, 1e6)
    regressor[0] = joints(skin_points, mirror, place[0], 90.0)
    regressor[1] = joints(skin_points, mirror, 0.35 * place[0] + 0.65 * place[1], 90.0)
    jaw_mm = _cube_mm(source, "joint-mouth", shift, mm_per_dm)
    regressor[2] = joints(skin_points, mirror, jaw_mm, 95.0)
    for row, first in ((3, body.skin_count), (4, body.skin_count + eyeballs.VERTICES)):
        regressor[row, [first, first + eyeballs.VERTICES - 1]] = 0.5
    corrective, angle = rig.jaw_corrective(
        units[names.index("jawOpen")], template, weights[:, 2], regressor[2] @ template
    )
    corrective = 0.5 * (corrective + corrective[mirror] * flip)
    checks["jaw_open_angle_deg"] = float(np.degrees(angle))

    anatomical = _anatomy(source, mesh, body, template, lids)
    checks |= metric_checks(template, anatomical.points, lids["left"], centre)
    return Head(
        template=template, faces=body.faces, uv=body.uv, mirror=mirror, even=even, odd=odd,
        unit_names=names, units=units, unit_mirror=unit_mirror, weights=weights,
        joint_regressor=regressor, jaw_corrective=corrective,
        lid_follow=expression.ring_shares(lids["left"], VERTICES), lids=lids,
        loops=anatomical.loops, points=anatomical.points, regions=anatomical.regions,
        landmarks=anatomical.landmarks, canvas=anatomical.canvas, checks=checks,
    )  # fmt: skip


def _source_radius(source: Source) -> float:
    ids = np.unique(source.polygons("helper-l-eye").vertices)
    offset = source.positions[ids] - eyeballs.source_centre(source, "l")
    return float(np.linalg.norm(offset, axis=1).mean())


def _mirror_left(template: Field, mirror: Ids, skin: NDArray[np.bool_]) -> Field:
    """Make the right half the exact image of the left, and the midline exactly x = 0."""
    result = template.copy()
    left = (template[:, 0] > 1e-7) & skin
    first = int(skin.sum())
    left[first : first + eyeballs.VERTICES] = True
    result[mirror[left]] = template[left] * [-1, 1, 1]
    result[mirror == np.arange(len(mirror)), 0] = 0.0
    return result


def _unit_transfer(body: Body, mm_per_dm: float) -> Callable[[Field], Field]:
    def transfer(field: Field) -> Field:
        moved = (body.rows @ field) * mm_per_dm
        moved[body.skin_count :] = 0.0
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
    weight[body.skin_count :] = 0.05
    weight[body.ear] = 0.25
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


@dataclass(frozen=True)
class Anatomy:
    """Loops, points, regions and landmarks of the finished template."""

    loops: dict[str, Ids]
    points: dict[str, int]
    regions: dict[str, NDArray[np.bool_]]
    landmarks: embedding.Embedding
    canvas: embedding.Canvas


def _anatomy(
    source: Source,
    mesh: QuadMesh,
    body: Body,
    template: Field,
    lids: dict[str, expression.LidPairs],
) -> Anatomy:
    skin_ids = np.arange(body.skin_count)
    skin = np.isin(np.arange(VERTICES), skin_ids)
    lips = anatomy.lip_loops(source, mesh, body.number)
    lip_rings = [[body.number[v] for v in ring] for ring in source_loops.lip_rings(mesh)]
    inside_ids = {v for ring in lip_rings[source_loops.LIP_CONTACT + 1 :] for v in ring}
    for pairs in lids.values():
        inside_ids |= set(pairs.rings[source_loops.LID_MARGIN + 1 :].ravel().tolist())
    inside = np.isin(np.arange(VERTICES), sorted(inside_ids))
    vermilion_rings = lip_rings[source_loops.LIP_OUTER : source_loops.LIP_CONTACT + 1]
    vermilion = np.isin(np.arange(VERTICES), [v for ring in vermilion_rings for v in ring])
    outer_faces = body.faces[(skin & ~inside)[body.faces].all(axis=1)]
    canvas = embedding.Canvas(template, outer_faces, body.mirror)

    middle = len(lips["lip_inner_upper"]) // 2
    upper_lip, lower_lip = (int(lips[f"lip_inner_{s}"][middle]) for s in ("upper", "lower"))
    midline = anatomy.Midline.walk(template, outer_faces, upper_lip, lower_lip)
    found = anatomy.anchors(template, midline, upper_lip, lower_lip)
    found[279] = anatomy.ala(template, outer_faces, found[4], found[2])
    tragion = int(np.argmin(np.linalg.norm(body.rest_dm - _TRAGION_DM, axis=1)))
    contour_loops = {
        "eye_upper_left": lids["left"].upper, "eye_lower_left": lids["left"].lower, **lips,
    }  # fmt: skip
    first = body.skin_count
    iris = {473: first, 468: first + eyeballs.VERTICES}
    limbus = eyeballs.LIMBUS_RING
    for quarter in range(4):
        # Both irises run left, up, right, down of the subject.
        vertex = first + eyeballs.ring_vertex(limbus, quarter * eyeballs.SEGMENTS // 4)
        iris[474 + quarter] = vertex
        opposite = [2, 1, 0, 3][quarter]
        iris[469 + opposite] = int(body.mirror[vertex])
    landmarks = embedding.place(canvas, contour_loops, found, iris)
    corner_ring = lip_rings[source_loops.LIP_OUTER + 2]
    commissure = max(corner_ring, key=lambda v: float(template[v, 0]))
    points = anatomy.named_points(
        template, body.mirror, landmarks, lids, commissure, tragion, lips, first
    )
    loops = dict(lips)
    for side, pairs in lids.items():
        loops[f"lid_upper_{side}"], loops[f"lid_lower_{side}"] = pairs.upper, pairs.lower
    eye_left = (np.arange(VERTICES) >= first) & (np.arange(VERTICES) < first + eyeballs.VERTICES)
    parts = Parts(skin, body.ear, inside, vermilion, eye_left, ~skin & ~eye_left)
    regions = region_masks(
        template, outer_faces, body.mirror, points, landmarks.positions(template), loops, parts
    )
    return Anatomy(loops, points, regions, landmarks, canvas)


def metric_checks(
    template: Field, points: dict[str, int], lid: expression.LidPairs, centre: Field
) -> dict[str, float]:
    """Distances in mm that are compared with published adult means."""
    at = {name: template[vertex] for name, vertex in points.items()}

    def apart(first: str, second: str) -> float:
        return float(np.linalg.norm(at[first] - at[second]))

    gap = np.linalg.norm(template[lid.upper] - template[lid.lower], axis=1)
    return {
        "interpupillary_mm": apart("pupil_left", "pupil_right"),
        "intercanthal_mm": apart("endocanthion_left", "endocanthion_right"),
        "biocular_mm": apart("exocanthion_left", "exocanthion_right"),
        "palpebral_length_mm": apart("endocanthion_left", "exocanthion_left"),
        "palpebral_height_mm": float(gap.max()),
        "nasion_menton_mm": apart("nasion", "menton"),
        "nasion_subnasale_mm": apart("nasion", "subnasale"),
        "subnasale_menton_mm": apart("subnasale", "menton"),
        "mouth_width_mm": apart("commissure_left", "commissure_right"),
        "nose_width_mm": apart("ala_left", "ala_right"),
        "bitragial_mm": apart("tragion_left", "tragion_right"),
        "nose_protrusion_mm": apart("subnasale", "pronasale"),
        "lid_to_eye_mm": float(
            np.linalg.norm(template[lid.upper[3:-3]] - centre, axis=1).mean()
            - eyeballs.EYE_RADIUS_MM
        ),
    }
