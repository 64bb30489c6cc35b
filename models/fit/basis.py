"""Linear shape of chosen head points in millimetres: identity, expression and residual field.

The residual field is spanned by the low-frequency eigenvectors of the graph Laplacian of the face
region: the mesh is finer around lips and lids, so the field is too, and the mouth slit separates
upper from lower lip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import eigsh

from models.head.model import HeadModel
from models.head.normals import vertex_normals
from models.head.topology import Topology
from models.reconstruction import Array

_RESTING_HARMONICS = 90
_MOVING_HARMONICS = 48
# SD in mm that the residual field may have at a vertex: of the resting face along its normal (in
# the tangent plane, where only landmarks see it, a share of that), and of a movement.
RESTING_FIELD_SIGMA_MM = 0.7
RESTING_FIELD_TANGENTIAL = 0.5
MOVING_FIELD_SIGMA_MM = 1.2

_ANTAGONISTS = (
    ("mouthSmile", "mouthFrown"),
    ("mouthSmile", "mouthPucker"),
    ("mouthSmile", "mouthFunnel"),
    ("mouthDimple", "mouthPucker"),
    ("mouthDimple", "mouthPress"),
    ("mouthStretch", "mouthPucker"),
    ("mouthUpperUp", "mouthShrugUpper"),
    ("mouthPress", "mouthPucker"),
    ("browDown", "browOuterUp"),
    ("browDown", "browInnerUp"),
    ("eyeBlink", "eyeWide"),
    ("eyeSquint", "eyeWide"),
    ("mouthLowerDown", "mouthShrugLower"),
)
# Midline units that the head model splits by a sigmoid: their halves move together unless the
# image says otherwise.
_SPLIT_UNITS = (
    "cheekPuff",
    "browInnerUp",
    "mouthFunnel",
    "mouthPucker",
    "mouthRollUpper",
    "mouthRollLower",
    "mouthShrugUpper",
    "mouthShrugLower",
    "mouthClose",
    "jawOpen",
)


@dataclass(frozen=True)
class PointBasis:
    """How N points of the unposed head depend on the unknowns, in mm.

    template (N, 3); identity (N, 3, n_identity): shape coefficients, then the resting field;
    expression (N, 3, n_expression) for one person; field (N, 3, n_field) moving residual field.
    """

    template: Array
    identity: Array
    expression: Array
    field: Array

    def resting(self, identity: Array) -> Array:
        """(N, 3) the person's points without expression."""
        return np.asarray(self.template + self.identity @ identity)

    def posed(self, identity: Array, log_scale: float, expression: Array) -> Array:
        """(T, N, 3) the person's points, metric, with expressions (T, n_expression)."""
        resting = self.resting(identity)
        moved = expression @ self.expression.reshape(-1, self.expression.shape[2]).T
        return np.asarray(np.exp(log_scale) * (resting + moved.reshape(-1, *resting.shape)))


class FaceBasis:
    """The head model's bases in mm, with the residual field, for the fit.

    Identity coefficients are `n_shape` of the head model followed by those of the resting field;
    they and the `n_field` coefficients of the moving field have unit prior variance.
    """

    def __init__(self, head: HeadModel) -> None:
        self.head = head
        self.topology: Topology = head.topology
        self.template = _millimetres(head.template)
        self.shape = _millimetres(head.shape_basis)
        self.n_shape = head.n_shape
        self.n_expression = head.n_expression
        normal = vertex_normals(self.template, self.topology.faces)
        spread = RESTING_FIELD_TANGENTIAL * np.eye(3) + (1.0 - RESTING_FIELD_TANGENTIAL) * (
            normal[:, :, None] * normal[:, None, :]
        )
        self.resting_field = RESTING_FIELD_SIGMA_MM * np.einsum(
            "vij,vjk->vik", spread, residual_field(self.topology, _RESTING_HARMONICS)
        )
        self.moving_field = MOVING_FIELD_SIGMA_MM * residual_field(self.topology, _MOVING_HARMONICS)
        self.n_field = self.moving_field.shape[2]
        self._resting_basis = np.concatenate([self.shape, self.resting_field], axis=2)
        self.n_identity = self._resting_basis.shape[2]

    def expression_of(self, identity: Array) -> Array:
        """(V, 3, n_expression) unit shapes of the person in mm, with his or her blink gain."""
        with torch.no_grad():
            shape = torch.as_tensor(identity[: self.n_shape], dtype=self.head.template.dtype)
            basis = self.head.linear_expression_basis(shape)
        return np.asarray(basis.double().numpy())

    def vertices(self, identity: Array, offset_mm: Array | None = None) -> PointBasis:
        """The basis of all vertices; `offset_mm` (V, 3) is added to the template."""
        template = self.template if offset_mm is None else self.template + offset_mm
        return PointBasis(
            template, self._resting_basis, self.expression_of(identity), self.moving_field
        )

    def landmarks(self, vertices: PointBasis) -> PointBasis:
        """The basis of the 478 landmarks from that of the vertices."""
        index, weight = self.topology.landmark_vertices, self.topology.landmark_weights

        def at(values: Array) -> Array:
            return np.asarray(np.einsum("nc,nc...->n...", weight, values[index]))

        return PointBasis(
            at(vertices.template),
            at(vertices.identity),
            at(vertices.expression),
            at(vertices.field),
        )

    @cached_property
    def identity_mirror(self) -> SignedPermutation:
        """Mirroring of identity coefficients."""
        shape_sign = np.asarray(self.head.shape_mirror_sign.double().cpu().numpy())
        sign = np.concatenate([shape_sign, field_mirror_sign(_RESTING_HARMONICS)])
        return SignedPermutation(np.arange(len(sign)), sign)

    @cached_property
    def moving_mirror(self) -> SignedPermutation:
        """Mirroring of movement coefficients: units, then the moving field."""
        units = np.asarray(self.head.expression_mirror.cpu().numpy(), dtype=np.int64)
        field = np.arange(len(units), len(units) + self.n_field)
        sign = np.concatenate([np.ones(len(units)), field_mirror_sign(_MOVING_HARMONICS)])
        return SignedPermutation(np.concatenate([units, field]), sign)

    @cached_property
    def expression_precision(self) -> Array:
        """(n_expression, n_expression) prior precision: size, left-right and antagonist terms."""
        names = {name: index for index, name in enumerate(self.head.expression_names)}
        precision = np.eye(self.n_expression) / 0.4**2
        for first, second in _ANTAGONISTS:
            for side in ("Left", "Right"):
                if first + side in names and second + side in names:
                    row = np.zeros(self.n_expression)
                    row[[names[first + side], names[second + side]]] = 1.0
                    precision += np.outer(row, row) / 0.5**2
        for unit in _SPLIT_UNITS:
            if unit + "Left" in names and unit + "Right" in names:
                row = np.zeros(self.n_expression)
                row[names[unit + "Left"]], row[names[unit + "Right"]] = 1.0, -1.0
                precision += np.outer(row, row) / 0.3**2
        return precision


@dataclass(frozen=True)
class SignedPermutation:
    """What coefficients become in the mirrored head: new[i] = sign[i] * old[index[i]]."""

    index: NDArray[np.int64]
    sign: Array

    def of_vectors(self, coefficients: Array) -> Array:
        """Mirrored coefficients (..., P)."""
        return np.asarray(coefficients[..., self.index] * self.sign)

    def of_matrix(self, matrix: Array) -> Array:
        """Mirrored quadratic form (P, P)."""
        return np.asarray(matrix[np.ix_(self.index, self.index)] * np.outer(self.sign, self.sign))


def field_mirror_sign(n_harmonics: int) -> Array:
    """(3K,) what the coefficients of `residual_field` are multiplied by in the mirrored head."""
    parity = np.repeat([1.0, -1.0], n_harmonics // 2)
    # Columns go axis by axis, as `residual_field` has them.
    return np.asarray(np.outer([-1.0, 1.0, 1.0], parity).reshape(-1))


def select(basis: PointBasis, index: NDArray[np.int64]) -> PointBasis:
    """The basis of some of the points."""
    return replace(
        basis,
        template=basis.template[index],
        identity=basis.identity[index],
        expression=basis.expression[index],
        field=basis.field[index],
    )


def residual_field(topology: Topology, n_harmonics: int) -> Array:
    """(V, 3, 3K) smooth displacement fields on the face, zero outside it.

    With unit normal coefficients a vertex of the face moves by 1 RMS along each axis.

    Eigenvectors of the graph Laplacian with the region's border held at zero; amplitudes fall
    with frequency as those of a membrane. Even and odd functions are found apart, so that the
    mirror image of a field is a field of exactly the same prior probability.
    """
    inside = np.flatnonzero(topology.regions["face"])
    n_vertices = len(topology.mirror)
    edges = np.concatenate(
        [topology.faces[:, [0, 1]], topology.faces[:, [1, 2]], topology.faces[:, [2, 0]]]
    )
    both = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    adjacency = sparse.csr_matrix(
        (np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n_vertices, n_vertices)
    )
    # Degrees count neighbours outside the region too: that is what holds the border at zero.
    degrees = sparse.diags(np.asarray(adjacency.sum(axis=1)).ravel())
    laplacian = (degrees - adjacency).tocsr()[inside][:, inside]
    position = np.full(n_vertices, -1)
    position[inside] = np.arange(len(inside))
    partner = position[topology.mirror[inside]]
    index = np.arange(len(inside))
    fields, values = [], []
    for parity in (1.0, -1.0):
        # Orthonormal columns spanning the even or the odd functions.
        first = index[(index < partner) | ((index == partner) & (parity > 0))]
        second = partner[first]
        single = first == second
        height = np.where(single, 0.5, np.sqrt(0.5))
        columns = np.arange(len(first))
        # A midline vertex is its own partner: its two halves add up.
        fold = sparse.csr_matrix(
            (
                np.concatenate([height, parity * height]),
                (np.concatenate([first, second]), np.concatenate([columns, columns])),
            ),
            shape=(len(inside), len(first)),
        )
        folded = (fold.T @ laplacian @ fold).tocsc()
        count = n_harmonics // 2
        value, vector = eigsh(folded, k=count, sigma=0.0, v0=np.ones(len(first)))
        fields.append(fold @ vector)
        values.append(value)
    eigenvalue = np.concatenate(values)
    field = np.concatenate(fields, axis=1) / np.sqrt(eigenvalue)
    field /= np.sqrt(np.mean(np.sum(field**2, axis=1)))
    spread = np.zeros((n_vertices, field.shape[1]))
    spread[inside] = field
    # Each scalar harmonic moves a vertex along x, y and z.
    return np.asarray(np.einsum("vk,ij->vijk", spread, np.eye(3)).reshape(n_vertices, 3, -1))


def _millimetres(values: torch.Tensor) -> Array:
    return np.asarray(values.detach().double().cpu().numpy() * 1000.0)
