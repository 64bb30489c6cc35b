"""Reads and writes head files in FLAME's layout; what they lack is transferred from the open head.

Pickles go through a restricted unpickler: only NumPy, SciPy-sparse and chumpy containers are
built, and nothing that a file names is ever called otherwise. Nothing transferred is saved.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.assets import verified_path
from models.errors import HeadFileError
from models.head.asset import HeadArrays, LandmarkArrays, read_landmarks, read_npz, read_open_head
from models.head.transfer import transfer_from_open_head

_VERTICES, _JOINTS, _SHAPE = 5023, 5, 300
_NEXT = "Use the file as downloaded from its publisher (FLAME 2020, 2023 or 2023 Open)."


class _Chumpy:
    """Stands in for any chumpy object: keeps its state and gives back its array."""

    def __init__(self, *_: object) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.state = state

    def array(self) -> NDArray[Any]:
        """The wrapped array. A chumpy `Select` picks entries of another object."""
        if "x" in self.state and "idxs" not in self.state:
            return _dense(self.state["x"])
        if "a" in self.state and "idxs" in self.state:
            flat = _dense(self.state["a"]).ravel()[_dense(self.state["idxs"]).astype(np.int64)]
            shape = self.state.get("preferred_shape")
            return flat if shape is None else flat.reshape(shape)
        raise HeadFileError("The head file holds a chumpy expression, not plain arrays.", _NEXT)


# NumPy's own rebuilding functions, as its arrays and scalars name them when pickled.
_RECONSTRUCT, _SCALAR = np.empty(0).__reduce__()[0], np.float64(0).__reduce__()[0]
_NUMPY_NAMES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy.core.multiarray", "scalar"): _SCALAR,
    ("numpy._core.multiarray", "scalar"): _SCALAR,
}
_SPARSE_NAMES = ("csc_matrix", "csr_matrix", "coo_matrix")
_SPARSE_MODULES = ("scipy.sparse.csc", "scipy.sparse.csr", "scipy.sparse.coo",
                   "scipy.sparse._csc", "scipy.sparse._csr", "scipy.sparse._coo")  # fmt: skip


def _encode(text: str, encoding: str = "latin1") -> bytes:
    """What protocol-2 pickles call to spell bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise HeadFileError("The head file uses an unknown text encoding.", _NEXT)
    return text.encode("latin1")


def _new_container(kind: type, *_: object) -> object:
    """What protocol-0 and -1 pickles call to make an empty container."""
    if kind is _Chumpy or (isinstance(kind, type) and issubclass(kind, sparse.spmatrix)):
        return kind.__new__(kind)
    raise HeadFileError("The head file makes an object of an unknown kind.", _NEXT)


_OWN_NAMES: dict[tuple[str, str], Any] = {
    ("_codecs", "encode"): _encode,
    ("copyreg", "_reconstructor"): _new_container,
    ("builtins", "object"): object,
}


class _RestrictedUnpickler(pickle.Unpickler):
    """Resolves the few container names of head files, and refuses every other."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _NUMPY_NAMES:
            return _NUMPY_NAMES[module, name]
        if module in _SPARSE_MODULES and name in _SPARSE_NAMES:
            return getattr(sparse, name)
        if module == "chumpy" or module.startswith("chumpy."):
            return _Chumpy
        if (module, name) in _OWN_NAMES:
            return _OWN_NAMES[module, name]
        raise HeadFileError(
            f"The head file wants to run foreign code ({module}.{name}); it was not opened.", _NEXT
        )

    def persistent_load(self, pid: object) -> Any:
        raise HeadFileError(f"The head file refers to outside data ({pid!r}).", _NEXT)


def _dense(value: object) -> NDArray[Any]:
    if isinstance(value, _Chumpy):
        return value.array()
    if isinstance(value, sparse.csc_matrix | sparse.csr_matrix | sparse.coo_matrix):
        return np.asarray(value.toarray())
    return np.asarray(value)


def read_pickle(path: Path) -> dict[str, Any]:
    """The dictionary in a head pickle, built from allowed containers only.

    Raises HeadFileError for foreign code and for anything that is not such a dictionary.
    """
    try:
        content = _RestrictedUnpickler(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except HeadFileError:
        raise
    except Exception as error:
        raise HeadFileError(f"The head file {path.name} cannot be read.", _NEXT) from error
    if not isinstance(content, dict):
        raise HeadFileError(f"{path.name} is not a head file.", _NEXT)
    return {str(key): value for key, value in content.items()}


def _field(
    content: dict[str, Any], name: str, file: str, shape: tuple[int | None, ...]
) -> NDArray[np.float64]:
    """A numeric array of the file with a checked shape; None stands for any length."""
    if name not in content:
        raise HeadFileError(f"{file} has no {name!r}.", _NEXT)
    try:
        array = _dense(content[name]).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise HeadFileError(f"{name!r} in {file} is not a numeric array.", _NEXT) from error
    fits = len(array.shape) == len(shape) and all(
        want is None or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    if not fits or not np.isfinite(array).all():
        wanted = " x ".join("n" if n is None else str(n) for n in shape)
        raise HeadFileError(
            f"{name!r} in {file} has the shape {array.shape} or odd values; {wanted} is needed.",
            _NEXT,
        )
    return array


def read_flame_layout(path: Path) -> tuple[HeadArrays, LandmarkArrays]:
    """Load a FLAME-layout file and complete it with names and units of the open head.

    Identity components are split into mirror-even and mirror-odd ones. Expression units, regions,
    loops, points, UVs and landmarks come from the open head by deformation transfer.
    Raises HeadFileError.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise HeadFileError(f"The head file {path} cannot be opened.", "Check the path.") from error
    content = read_npz(path) if path.suffix.lower() == ".npz" else read_pickle(path)
    file = path.name
    template = _field(content, "v_template", file, (_VERTICES, 3))
    shapes = _field(content, "shapedirs", file, (_VERTICES, 3, None))
    weights = _field(content, "weights", file, (_VERTICES, _JOINTS))
    regressor = _field(content, "J_regressor", file, (_JOINTS, _VERTICES))
    faces = _field(content, "f", file, (None, 3)).astype(np.int32)
    poses = _field(content, "posedirs", file, (_VERTICES, 3, 36))
    if faces.size == 0 or faces.min() < 0 or faces.max() >= _VERTICES:
        raise HeadFileError(f"The faces in {file} point outside the mesh.", _NEXT)
    if shapes.shape[2] == 0:
        raise HeadFileError(f"{file} holds no identity components.", _NEXT)
    count = min(_SHAPE, shapes.shape[2])
    if "n_shape" in content:
        count = int(_field(content, "n_shape", file, ()))
        if not 0 < count <= shapes.shape[2]:
            raise HeadFileError(f"'n_shape' in {file} does not fit its components.", _NEXT)
    return transfer_from_open_head(
        read_open_head(verified_path("open_head")),
        read_landmarks(verified_path("open_head_landmarks")),
        name=path.stem,
        sha256=hashlib.sha256(raw).hexdigest(),
        template_mm=template * 1e3,
        faces=faces,
        identity_mm=shapes[:, :, :count] * 1e3,
        weights=weights,
        joint_regressor=regressor,
        pose_mm=poses * 1e3,
    )


def flame_layout(head: HeadArrays) -> dict[str, NDArray[Any]]:
    """A head as FLAME-layout arrays in metres: identity, then expression, in `shapedirs`.

    `n_shape` says where identity ends; write with `numpy.savez` or `pickle`.
    """
    shapes = np.concatenate([head.shape_mm, head.expression_mm], axis=2)
    return {
        "v_template": head.template_mm * 1e-3,
        "f": head.faces.astype(np.uint32),
        "shapedirs": shapes * 1e-3,
        "posedirs": head.pose_mm * 1e-3,
        "J_regressor": head.joint_regressor,
        "weights": head.weights,
        "kintree_table": np.array([[4294967295, 0, 1, 1, 1], [0, 1, 2, 3, 4]], dtype=np.int64),
        "n_shape": np.array(head.shape_mm.shape[2]),
    }
