"""Every query of the service starts from a scoped statement, and queries live in repositories."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICE = [
    path
    for room in ("backend", "worker")
    for path in sorted((ROOT / room).rglob("*.py"))
    if not path.is_relative_to(ROOT / "backend/db") and path != ROOT / "backend/scope.py"
]
REPOSITORIES = [path for path in SERVICE if path.name == "repository.py"]
STARTS = {"readable", "writable", "unscoped", "unscoped_update", "unscoped_delete"}
STATEMENTS = {"select", "update", "delete", "text", "exists"}
EXECUTES = {"execute", "scalars", "scalar", "stream", "stream_scalars", "get_one", "query"}
SESSIONS = {"session", "unit"}
# The site's own single row, read when the program starts; the archive copies all tables as they
# are, for nobody to look at.
EXEMPT = {ROOT / "backend/site.py", ROOT / "backend/operations/archive.py"}
OTHERS = [path for path in SERVICE if path.name != "repository.py" and path not in EXEMPT]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def called(node: ast.AST) -> set[str]:
    return {
        call.func.id
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }


def executed(node: ast.AST) -> set[str]:
    """Methods of a session that read or change rows."""
    return {
        f"{call.func.value.id}.{call.func.attr}"
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in SESSIONS
        and call.func.attr in EXECUTES | {"get"}
    }


def takes_a_statement(function: ast.FunctionDef) -> bool:
    annotations = [argument.annotation for argument in function.args.args]
    return any(a is not None and "Select[" in ast.unparse(a) for a in annotations)


def unscoped_functions(source: str) -> list[str]:
    """Functions of a repository that ask the database something that no scope begins.

    The scope may be begun by another function of the module that this one calls.
    """
    functions = [f for f in ast.walk(ast.parse(source)) if isinstance(f, ast.FunctionDef)]
    scoped = {f.name for f in functions if called(f) & STARTS or takes_a_statement(f)}
    while more := {f.name for f in functions if called(f) & scoped} - scoped:
        scoped |= more
    return [f.name for f in functions if executed(f) and not only_adds(f) and f.name not in scoped]


def only_adds(function: ast.FunctionDef) -> bool:
    """New rows are seen by nobody and change none."""
    return "insert" in called(function) and not called(function) & STATEMENTS


@pytest.mark.parametrize("path", REPOSITORIES, ids=named)
def test_every_query_starts_from_a_scope(path: Path) -> None:
    assert unscoped_functions(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", OTHERS, ids=named)
def test_queries_live_in_repositories(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy"
        for alias in node.names
    }
    assert not imported & STATEMENTS
    assert not executed(tree)


@pytest.mark.parametrize("path", SERVICE, ids=named)
def test_only_the_boundary_commits(path: Path) -> None:
    calls = [
        ast.unparse(call.func)
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
    ]
    assert not {f"{name}.commit" for name in SESSIONS} & set(calls)


def test_the_check_finds_what_it_is_for() -> None:
    assert unscoped_functions("def f(session):\n    return session.scalars(select(Visit))") == ["f"]
    assert unscoped_functions("def f(session, i):\n    return session.get(Visit, i)") == ["f"]
    own = "def f(session, caller):\n    return session.scalars(own(caller))"
    assert unscoped_functions(own) == ["f"]
    assert unscoped_functions(f"def own(c):\n    return readable(c, Visit)\n{own}") == []
    assert (
        unscoped_functions("def f(session, s: Select[Visit]):\n    return session.scalar(s)") == []
    )
