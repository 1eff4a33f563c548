"""The code of the MLflow model: MLflow runs this file to load it ("models from code", no pickle)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from arae.engine.modeldir import load_model
from arae.foundation.errors import AraeError
from arae.usage.requests import Desk


class ServedModel(PythonModel):
    """A table of questions in, a table of answers out, one row each."""

    def load_context(self, context: Any) -> None:
        """Load the model directory among the artefacts; its hashes are checked."""
        self._desk = Desk(load_model(Path(context.artifacts["model"])))

    def predict(
        self,
        context: Any,
        model_input: pandas.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pandas.DataFrame:
        """Answers with the columns texts, value, quantity and unknown."""
        try:
            answers = self._desk.answer(model_input.to_dict("records"), params or {})
        except AraeError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error
        return pandas.DataFrame([vars(answer) for answer in answers], dtype=object)


set_model(ServedModel())
