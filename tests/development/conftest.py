"""Labelled logs, where a folder of them lies beside the project."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = CORPUS / "dev.tar.xz"
    if not archive.exists():
        pytest.skip("no labelled logs beside the project")
    folder = tmp_path_factory.mktemp("labelled")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "dev"
