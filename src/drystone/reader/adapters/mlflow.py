"""A reader as a flavour of MLflow: saved, logged and loaded as its models are, and served as a Python function.

`mlflow.pyfunc.load_model(path).predict(table)` takes columns `question` and `context` and gives a row for each.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from drystone.errors import MissingExtraError, UsageError
from drystone.reader.asked import PairError
from drystone.reader.model.checkpoint import read_checkpoint
from drystone.reader.reader import Reader

try:
    import mlflow.pyfunc
    from mlflow.models import Model
    from mlflow.models.model import MLMODEL_FILE_NAME
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import ColSpec, DataType, Schema
    from mlflow.utils.environment import _mlflow_conda_env
except ImportError:
    raise MissingExtraError("MLflow", "mlflow") from None

FLAVOR_NAME: Final = "drystone"
_DATA: Final = "reader"
_CONDA: Final = "conda.yaml"
_OUTPUTS: Final = {"text": DataType.string, "start": DataType.long, "end": DataType.long, "score": DataType.double}


def save_model(
    model: Reader | str | os.PathLike[str],
    path: str | os.PathLike[str],
    mlflow_model: Model | None = None,
    **options: Any,
) -> None:
    """Save a checkpoint's files as an MLflow model in the new folder `path`; `options` are of every answer.

    `model` is a reader, an installed model, a folder or a Hub id. Raises UsageError where `path` is there, ModelError.
    """
    home = Path(path)
    if home.exists():
        raise UsageError(f"{home}: is there already; give the name of a new folder.")
    source = model.checkpoint.folder if isinstance(model, Reader) else read_checkpoint(os.fspath(model)).folder
    shutil.copytree(source, home / _DATA)
    saved = mlflow_model if mlflow_model is not None else Model()
    inputs = Schema([ColSpec(DataType.string, name) for name in ("question", "context")])
    saved.signature = ModelSignature(inputs, Schema([ColSpec(kind, name) for name, kind in _OUTPUTS.items()]))
    wanted = [f"drystone[reader]=={version('drystone')}", f"mlflow-skinny=={version('mlflow-skinny')}"]
    _mlflow_conda_env(  # type: ignore[no-untyped-call]
        path=home / _CONDA, additional_pip_deps=wanted, install_mlflow=False
    )
    mlflow.pyfunc.add_to_model(
        saved, loader_module=__name__, data=_DATA, conda_env=_CONDA, model_config={"options": options}
    )
    saved.add_flavor(FLAVOR_NAME, drystone_version=version("drystone"), data=_DATA, options=options)
    saved.save(home / MLMODEL_FILE_NAME)


def log_model(model: Reader | str | os.PathLike[str], name: str, **more: Any) -> Any:
    """Log a reader under a name to MLflow's active run; `more` goes to `save_model` and `mlflow.models.Model.log`."""
    return Model.log(name=name, flavor=sys.modules[__name__], model=model, **more)


def load_model(uri: str, **loading: Any) -> Reader:
    """Return the reader of an MLflow model, by its URI; `loading` are arguments of `Reader.load`."""
    from mlflow.artifacts import download_artifacts

    return Reader.load(Path(download_artifacts(artifact_uri=uri)) / _DATA, **loading)


class ReaderFunction:
    """What MLflow calls: a table of questions and contexts in, one of answers out."""

    def __init__(self, reader: Reader, options: dict[str, Any]) -> None:
        self.reader, self.options = reader, options

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Return a table with `text`, `start`, `end` and `score` for each row; `params` are options of an answer.

        With `on_error="return"` a row that cannot be answered has none of them.
        """
        import pandas

        asked = {name: list(model_input[name]) for name in ("question", "context")}
        found = self.reader.answer(
            asked["question"], asked["context"], **{**self.options, **(params or {}), "top_k": 1}
        )
        rows = [{} if isinstance(one, PairError) else {name: one[name] for name in _OUTPUTS} for one in found]
        return pandas.DataFrame(rows, columns=list(_OUTPUTS))


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> ReaderFunction:
    return ReaderFunction(Reader.load(path), dict((model_config or {}).get("options") or {}))
