"""Compare our tokens with spaCy's, line by line, on whole files (plain, gz or xz). Example:

python -m benchmarks.same_tokens captions.txt.xz reviews.txt
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import spacy

from arae.corpora.lines import read_lines
from arae.text.chunks import ChunkTokenizer


def main() -> int:
    """0 if all lines have the same tokens."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.same_tokens",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path)
    ours, theirs = ChunkTokenizer(), spacy.blank("en").tokenizer
    lines = tokens = different = 0
    for path in parser.parse_args().files:
        for line in read_lines(path):
            found = ours(line)
            lines, tokens = lines + 1, tokens + len(found)
            different += found != [token.text for token in theirs(" ".join(line.split()))]
    print(f"{lines} lines, {tokens} tokens, {different} lines with other tokens than spaCy's")
    return int(different > 0)


if __name__ == "__main__":
    sys.exit(main())
