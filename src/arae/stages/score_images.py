"""Example:

  arae score-images --model results/models/arae-digits/seed-1 --images data/processed/digits/images \\
      --classifier results/image_classifiers/images-digits --settings '{"samples": 1000}' --seed 1 \\
      --out results/scores/images-digits/arae-digits/seed-1.json

`--model none` scores real training images in the place of samples: the floor of every distance.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from arae.corpora.images import Images, image_files
from arae.corpora.source import IMAGES
from arae.foundation.belonging import require_made_from
from arae.foundation.console import say
from arae.foundation.errors import DataError
from arae.foundation.files import write_json
from arae.foundation.settings import parse_settings, plain, read_settings
from arae.foundation.stage import stage_run
from arae.stages.arguments import add_common_arguments, add_compute_arguments
from arae.systems.names import modules_of

FORMAT = 1
REAL = "real"
MODEL_FILES = ("model.safetensors", "recipe.json")
CLASSIFIER_FILES = ("model.safetensors", "recipe.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's options."""
    add = parser.add_argument
    add("--model", required=True, help="model directory …/RECIPE/seed-NUMBER, or `none`")
    add("--images", type=Path, required=True, help="folder of binarised splits")
    add("--classifier", type=Path, required=True, help="folder of the classifier")
    add("--out", type=Path, required=True, help="score file to write")
    add_common_arguments(parser, '{"samples": 10000}')
    add_compute_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Score the samples, interpolations and reconstructions of one model."""
    from arae.engine.device import describe_device, prepare_device
    from arae.evaluation.image_classifier import load_classifier
    from arae.evaluation.image_scoring import DEFINITIONS, ImageScoreSettings

    settings = parse_settings(ImageScoreSettings, read_settings(arguments.settings), "probe")
    device = prepare_device(arguments.device, arguments.threads)
    model = None if arguments.model == "none" else Path(arguments.model)
    learned = image_files(arguments.images, "train")
    for folder in (arguments.classifier, *([model] if model else [])):
        require_made_from(folder / MODEL_FILES[0], *learned)
    with stage_run(
        "score-images",
        sidecar=arguments.out.with_name(arguments.out.name + ".provenance.json"),
        inputs=_inputs(arguments, model),
        outputs=[arguments.out],
        settings=plain(settings),
        seed=arguments.seed,
        modules=[] if model is None else modules_of(_system(model), IMAGES),
    ) as stage:
        network, judge = load_classifier(arguments.classifier, device)
        train, test = (Images.open(arguments.images, split) for split in ("train", "test"))
        if settings.samples > len(train):
            raise DataError(
                f"{arguments.images}: {len(train)} training images, fewer than the "
                f"{settings.samples} samples that are compared with as many; ask for fewer samples"
            )
        given = (settings, train, test, network, arguments.seed)
        metrics, details = _real(*given) if model is None else _generated(model, *given)
        details["classifier"] = {key: judge[key] for key in ("test_accuracy", "weights")}
        score = {
            "format": FORMAT,
            "text": REAL if model is None else model.resolve().parent.name,
            "seed": arguments.seed,
            "metrics": metrics,
            "definitions": {
                name: DEFINITIONS[name].format(points=settings.points) for name in metrics
            },
            "examples": [],
            "details": details,
        }
        write_json(arguments.out, score)
        stage.metrics(0, metrics)
        stage.facts.update(describe_device(device), eigenvalues_clipped=details["clipped"])
    shown = ", ".join(f"{name} {value:.4g}" for name, value in metrics.items())
    say(f"{arguments.out}: {shown}")


def _real(
    settings: Any, train: Images, test: Images, network: Any, seed: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Real training images in the place of samples."""
    import numpy as np

    from arae.evaluation.image_scoring import flat, judge_samples

    chosen = np.random.default_rng([seed]).permutation(len(train))[: settings.samples]
    samples = flat(train)[chosen]
    metrics, clipped = judge_samples(samples, flat(test), train, test, network, settings.neighbours)
    del metrics["copies"]  # all of them, by construction
    return metrics, {"clipped": clipped, **_pictures(test, settings, flat(test))}


def _generated(
    model: Path, settings: Any, train: Images, test: Images, network: Any, seed: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """A model's samples, rows of interpolation and reconstructions of test images."""
    from arae.engine.modeldir import load_image_model
    from arae.evaluation.image_scoring import flat, judge_interpolation, judge_samples
    from arae.generation.images import interpolate_images, reconstruct_images, sample_images
    from arae.nn.images import ImageStore

    loaded = load_image_model(model, network.output.weight.device)
    samples = sample_images(loaded.system, settings.samples, seed)
    rows = interpolate_images(loaded.system, settings.rows, settings.points, seed)
    store = ImageStore(test.pixels, loaded.system.device)
    metrics, clipped = judge_samples(samples, samples, train, test, network, settings.neighbours)
    wrong = reconstruct_images(loaded.system, store) != flat(test)
    metrics |= {"reconstruction_error": float(wrong.mean()), **judge_interpolation(rows, network)}
    return metrics, {"clipped": clipped, **_pictures(test, settings, samples, rows)}


def _pictures(test: Images, settings: Any, samples: Any, rows: Any = None) -> dict[str, Any]:
    """The first images, for the figures: bits of all pixels, row by row, in hexadecimal."""
    import numpy as np

    shown = {"samples": samples[: settings.grid**2]}
    if rows is not None:
        shown["interpolations"] = rows[: settings.grid].reshape(-1, rows.shape[2])
    across = {"samples": settings.grid, "interpolations": settings.points}
    return {
        name: {
            "shape": list(test.shape),
            "across": across[name],
            "count": len(images),
            "bits": np.packbits(images.ravel()).tobytes().hex(),
        }
        for name, images in shown.items()
    }


def _inputs(arguments: argparse.Namespace, model: Path | None) -> list[Path]:
    images = [path for split in ("train", "test") for path in image_files(arguments.images, split)]
    files = [] if model is None else [model / name for name in MODEL_FILES]
    files += [arguments.classifier / name for name in CLASSIFIER_FILES]
    for path in files:
        if not path.is_file():
            raise DataError(
                f"{path}: not found; make it with `arae train-images` or `arae train-image-classifier`"
            )
    return images + files


def _system(model: Path) -> str:
    from arae.foundation.files import read_json
    from arae.systems.former import OF_IMAGES

    name = str(read_json(model / "recipe.json")["settings"]["system"])
    return OF_IMAGES.get(name, name)
