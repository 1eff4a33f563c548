"""`python -m arae` is the `arae` command."""

from arae.cli import main

raise SystemExit(main())
