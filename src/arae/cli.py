"""The `arae` command: one verb per stage of the way from raw text to the report, and the users' verbs.

A stage lives in `arae.stages.<verb>`, a verb for using a model in `arae.verbs.<verb>`, each with
`add_arguments(parser)` and `run(arguments)`. Only the chosen verb's module is imported, so that
`arae --help` stays instant.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence

from arae import __version__
from arae.foundation.console import open_closed_streams
from arae.foundation.errors import AraeError, DataError, SettingsError
from arae.foundation.machine import choose_paths
from arae.foundation.settings import suggest
from arae.tracking.places import redact

# verb: what it does, in the order of the way of the data.
STAGES = {
    "fetch": "bring a corpus's raw text to data/raw (generate, copy or download and verify)",
    "tokenize": "split raw sentences into tokens, lower-case them, drop long ones",
    "vocabulary": "list the most frequent token types of the training text",
    "encode": "turn tokens into memory-mapped arrays of vocabulary ids",
    "train": "train one recipe (AE, VAE, AAE, ARAE, LM) with one seed; resumes by itself",
    "sample": "generate sentences from a trained model",
    "transfer-split": "write every sentence of a labelled split in each other label",
    "train-lm": "train the evaluation language model on a text (real or generated)",
    "train-classifier": "train the classifier that judges transfer, and test it on real text",
    "evaluate": "forward and reverse perplexity, n-gram variants, diversity, grammar oracle",
    "score-transfer": "transfer accuracy, BLEU, perplexities, correct transfers by the grammar",
    "probe": "measure something on a trained model (latent statistics, robustness, …)",
    "export-sheets": "write blinded sheets on which people rate transferred sentences",
    "import-sheets": "judge systems by the sheets that raters filled in",
    "fetch-images": "bring a corpus of images and binarise it",
    "train-images": "train one image recipe (AE, VAE, AAE, ARAE) with one seed; resumes by itself",
    "train-image-classifier": "train the small classifier whose features judge images",
    "score-images": "FID, KID, diversity and interpolation of an image model",
    "tabulate": "gather a study's scores into its table, with intervals over seeds",
    "report": "verify every artefact's provenance and write the HTML report",
    "check": "refuse a plan whose systems cannot do what its studies ask, before any training",
    "schema": "write the JSON schema of params.yaml from the systems' settings",
    "track": "ship stage journals to MLflow (one writer, idempotent)",
}
# What one does with a trained model.
USES = {
    "generate": "write new sentences",
    "reconstruct": "read sentences into codes and write them back",
    "interpolate": "write the sentences on the way from one sentence to another",
    "transfer": "keep what a sentence says and change its label (sentiment, topic)",
    "nearest": "find the sentences of a file that are nearest by their codes",
    "score": "say how likely a model finds sentences",
    "publish": "register a model with MLflow, to load it by name or to serve it",
}
ROOMS = {**dict.fromkeys(STAGES, "arae.stages"), **dict.fromkeys(USES, "arae.verbs")}
COMPLETION = "--print-completion"
HELP_WIDTH = max(map(len, ROOMS)) + 2
# 128 + the number of the signal, as shells have it.
INTERRUPTED, READER_GONE = 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    is_closed = open_closed_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb = next((word for word in arguments if not word.startswith("-")), None)
    debug = "--debug" in arguments
    try:
        _require_text(arguments)
        choose_paths()  # before a verb's module imports what computes
        is_whole = COMPLETION in arguments
        if verb is not None and verb not in ROOMS and not is_whole:
            raise SettingsError(f"no verb '{verb}'{suggest(verb, ROOMS)}")
        parser = _parser(verb, is_whole)
        parsed = parser.parse_args(arguments, argparse.Namespace(words=arguments))
        if parsed.verb is None:
            parser.print_help()
            return 0
        if is_closed and verb in USES:
            raise DataError(
                "standard output is closed, so there is no place for an answer; open it"
            )
        parsed.run(parsed)
        sys.stdout.flush()  # a full disk is told here, not by Python at its end
        return 0
    except KeyboardInterrupt:
        if verb in USES:  # there is nothing to keep: a person has seen enough
            return INTERRUPTED
        return _fail("interrupted; nothing half-written was kept", INTERRUPTED, debug)
    except BrokenPipeError:
        return _reader_gone()
    except AraeError as error:
        return _fail(str(error), error.exit_code, debug)
    except OSError as error:
        return _fail(_explain(error), 1, debug)


def _require_text(arguments: Sequence[str]) -> None:
    """`DataError` naming an argument that is not UTF-8: no message or record could hold it."""
    for place, word in enumerate(arguments, 1):
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            raise DataError(
                f"argument {place}, {word!a}: not UTF-8; convert it, or rename the file"
            )


def _parser(verb: str | None, is_whole: bool = False) -> argparse.ArgumentParser:
    """The command line with the options of one verb, or of all of them."""
    parser = argparse.ArgumentParser(
        prog="arae",
        usage="arae [-h] [--version] VERB ...",
        description="Reproduce Adversarially Regularized Autoencoders. `arae VERB --help` teaches each verb.",
        epilog=_listing("stages, from raw text to the report", STAGES)
        + "\n\n"
        + _listing("using a trained model", USES)
        + f"\n\n`arae {COMPLETION} bash` (or zsh, fish) prints what completes verbs and options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"arae {__version__}")
    if is_whole:
        import shtab

        shtab.add_argument_to(parser, COMPLETION)
    # The listing above tells the verbs; what completes them wants them told by argparse.
    told = None if is_whole else argparse.SUPPRESS
    verbs = parser.add_subparsers(prog="arae", dest="verb", metavar="VERB", help=told)
    for name, summary in {**STAGES, **USES}.items():
        sub = verbs.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if is_whole or name == verb:
            module = importlib.import_module(f"{ROOMS[name]}.{name.replace('-', '_')}")
            sub.epilog = module.__doc__
            module.add_arguments(sub)
            sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
            sub.set_defaults(run=module.run)
    return parser


def _listing(title: str, verbs: Mapping[str, str]) -> str:
    lines = [f"  {name:{HELP_WIDTH}}{summary}" for name, summary in verbs.items()]
    return "\n".join([f"{title}:", *lines])


def _reader_gone() -> int:
    """Whoever read our output has had enough (`| head`): end as quietly as other programs do."""
    # Python would complain when it flushes what is left at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return READER_GONE


def _explain(error: OSError) -> str:
    # Of two names the second is what was to be written.
    place = f"{error.filename2 or error.filename}: " if error.filename else ""
    if isinstance(error, IsADirectoryError):
        return f"{place}is a folder; name a file"
    if error.errno == errno.ENOSPC:
        return f"{place}no space left on the disk; free some and run the same command again"
    if error.errno in (errno.EACCES, errno.EROFS):
        return f"{place}cannot be written ({error.strerror}); check its folder's permissions"
    return f"{place}{error.strerror or error}"


def _fail(message: str, code: int, debug: bool) -> int:
    # The causes in a traceback are other packages' errors, which name addresses as they were given.
    trace = traceback.format_exc() if debug else ""
    print(redact(f"{trace}arae: error: {message}"), file=sys.stderr)
    return code
