"""Heads shared by the tests of this folder."""

from __future__ import annotations

import pytest
import torch

from models.head.model import HeadModel, load_head
from models.head.topology import Topology, load_topology


@pytest.fixture(scope="session")
def topology() -> Topology:
    return load_topology()


@pytest.fixture(scope="session")
def head() -> HeadModel:
    return load_head(dtype=torch.float64)
