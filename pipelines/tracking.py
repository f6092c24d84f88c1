"""One MLflow run per training: what went in, how it did, and the model itself."""

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import Catalogue
from features.project import Project
from pipelines import provenance
from pipelines.home import Home
from pipelines.registry import Logged, ModelVersion, Registry, connect, model_name

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

LONGEST_PARAMETER = 500
PYFUNC = Path(__file__).with_name("pyfunc_model.py")


@dataclass(frozen=True)
class Training:
    """What is recorded of one training.

    ``metrics`` are of the whole evaluation, ``folds`` of each fold in time order. ``record``
    is a folder of pictures and JSON, aggregates only; ``bundle`` the folder that is published.
    """

    project: Project
    as_of: datetime
    data_digest: str
    catalogue: Catalogue
    bundle: Path
    scorer: Path
    step: str
    record: Path
    metrics: Mapping[str, float] = field(default_factory=dict)
    folds: Sequence[Mapping[str, float | int | str]] = ()
    summary: str = ""

    @property
    def moment(self) -> str:
        """The data cut-off in words."""
        return self.as_of.isoformat(timespec="seconds")


def log_training(home: Home, training: Training) -> ModelVersion:
    """Record one training in MLflow, register its model as challenger and return the version."""
    import mlflow

    client = connect(home)
    name = model_name(training.project.project)
    experiment = _experiment(client, name, home)
    digest = provenance.folder_digest(training.bundle)
    tags = {
        "project": training.project.project,
        "as_of": training.moment,
        "step": training.step,
        "data_sha256": training.data_digest,
        "bundle_sha256": digest,
        "procedure": provenance.procedure_digest(training.project),
        **_origin(),
    }
    with mlflow.start_run(experiment_id=experiment, run_name=f"train {training.moment}", tags=tags):
        _log_parameters(training.project)
        _log_metrics(training)
        _log_data(training)
        mlflow.log_dict(provenance.package_versions(), "environment.json")
        mlflow.log_dict(training.catalogue.model_dump(mode="json"), "catalogue.json")
        mlflow.log_artifacts(str(training.record), "record")
        logged = _log_model(training)
    return Registry(home, training.project.project).register(logged, tags, training.summary)


def log_backtest(
    home: Home,
    project: Project,
    *,
    as_of: datetime,
    data_digest: str,
    metrics: Mapping[str, float],
    files: Sequence[Path],
) -> str:
    """Record one backtest in MLflow, sums only, and return the run's id. No version is registered."""
    import mlflow

    client = connect(home)
    experiment = _experiment(client, model_name(project.project), home)
    moment = as_of.isoformat(timespec="seconds")
    tags = {
        "project": project.project,
        "as_of": moment,
        "kind": "backtest",
        "data_sha256": data_digest,
        **_origin(),
    }
    with mlflow.start_run(
        experiment_id=experiment, run_name=f"backtest {moment}", tags=tags
    ) as run:
        _log_parameters(project)
        mlflow.log_metrics(_finite(metrics))
        for path in files:
            mlflow.log_artifact(str(path), "backtest")
    return str(run.info.run_id)


def log_review(
    home: Home,
    project: Project,
    *,
    as_of: datetime,
    data_digest: str,
    kind: str,
    period: str,
    files: Sequence[Path],
) -> str:
    """Record one review in MLflow with its page and facts, sums only, and return the run's id."""
    import mlflow

    client = connect(home)
    experiment = _experiment(client, model_name(project.project), home)
    tags = {
        "project": project.project,
        "as_of": as_of.isoformat(timespec="seconds"),
        "kind": f"{kind} review",
        "period": period,
        "data_sha256": data_digest,
        **_origin(),
    }
    with mlflow.start_run(
        experiment_id=experiment, run_name=f"{kind} review {period}", tags=tags
    ) as run:
        for path in files:
            mlflow.log_artifact(str(path), "review")
    return str(run.info.run_id)


def log_verdict(
    home: Home, run_id: str, verdict: Mapping[str, Any], metrics: Mapping[str, float]
) -> None:
    """Add the gate's verdict to the training's run: ``gate.json``, and its figures as metrics. Sums only."""
    client = connect(home)
    client.log_dict(run_id, dict(verdict), "gate.json")
    for name, value in _finite(metrics).items():
        client.log_metric(run_id, name, value)
    client.set_tag(run_id, "gate", "passed" if verdict["promoted"] else "refused")


def signature(catalogue: Catalogue) -> "ModelSignature":
    """Return the model's signature: text for categories, doubles for numbers, every column optional.

    Written by hand: an inferred one takes whole-number columns for integers and then refuses the
    first night on which one of them has a gap.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    return ModelSignature(
        inputs=Schema(
            [
                ColSpec(
                    "string" if feature.type == "category" else "double",
                    feature.name,
                    required=False,
                )
                for feature in catalogue.features
            ]
        ),
        outputs=Schema(
            [
                ColSpec("double", "close_probability"),
                ColSpec("double", "log_odds"),
                ColSpec("string", "model_version", required=False),
            ]
        ),
    )


def flatten(value: Any, prefix: str = "") -> Iterable[tuple[str, str]]:  # noqa: ANN401  any block of a project file
    """Yield the leaves of nested settings as dotted key and text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flatten(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        yield prefix, json.dumps(value)[:LONGEST_PARAMETER]
    else:
        yield prefix, str(value)[:LONGEST_PARAMETER]


def _experiment(client: Any, name: str, home: Home) -> str:  # noqa: ANN401  an MlflowClient
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    local = str(client.tracking_uri).split(":", 1)[0] not in {"http", "https"}
    return str(
        client.create_experiment(name, artifact_location=home.artifacts.as_uri() if local else None)
    )


def _origin() -> dict[str, str]:
    revision = provenance.git_revision()
    lock = provenance.lock_digest()
    return {
        **({"lock_sha256": lock} if lock else {}),
        **(
            {"git_commit": revision.commit, "git_dirty": str(revision.dirty).lower()}
            if revision
            else {}
        ),
    }


def _log_parameters(project: Project) -> None:
    """Log the settings; not the sources, whose addresses and queries are nobody else's business."""
    import mlflow

    mlflow.log_params(dict(flatten(project.model_dump(mode="json", exclude={"sources"}))))


def _log_metrics(training: Training) -> None:
    import mlflow

    mlflow.log_metrics(_finite(training.metrics))
    columns = list(dict.fromkeys(key for fold in training.folds for key in fold))
    if columns:
        with warnings.catch_warnings():
            # MLflow selects text columns in a way that pandas 3 wants said otherwise.
            warnings.filterwarnings("ignore", message="For backward compatibility, 'str' dtypes")
            mlflow.log_table(
                {key: [fold.get(key) for fold in training.folds] for key in columns}, "folds.json"
            )
    for step, fold in enumerate(training.folds):
        numbers = {
            f"fold.{key}": value for key, value in fold.items() if isinstance(value, int | float)
        }
        mlflow.log_metrics(_finite(numbers), step=step)


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """Leave out what could not be computed: an AUC without wins is no number."""
    limit = float("inf")
    return {name: float(value) for name, value in metrics.items() if -limit < value < limit}


def _log_data(training: Training) -> None:
    """Name the data by digest; no row, no path of it reaches the tracking server."""
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    mlflow.log_input(
        MetaDataset(  # type: ignore[abstract]  # MLflow's own annotations; it is meant to be made
            CodeDatasetSource(tags={}),
            name=f"{training.project.project} before {training.moment}",
            digest=training.data_digest[:32] or None,
        ),
        context="training",
    )


def _log_model(training: Training) -> Logged:
    import mlflow

    with warnings.catch_warnings():
        # MLflow asks for example rows to try the signature with; rows of leads stay out of its store.
        warnings.filterwarnings("ignore", message=".*input example was not provided")
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(PYFUNC),
            artifacts={"bundle": str(training.bundle), "scorer": str(training.scorer)},
            signature=signature(training.catalogue),
            pip_requirements=provenance.serving_requirements(),
            model_config={"model_version": ""},
        )
    return Logged(model_id=str(logged.model_id), run_id=str(logged.run_id))
