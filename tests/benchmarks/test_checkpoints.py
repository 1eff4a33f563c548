"""The benchmark of checkpoints stops a real training and finds what it saved."""

from benchmarks.checkpoints import measure


def test_what_is_measured_is_plausible() -> None:
    found = measure("tiny", repeats=1)
    assert found["checkpoint_bytes"] > 10_000
    assert 0 < found["save_seconds"] < 5
    assert 0 < found["share_of_training"] < 0.02
    assert 0 < min(found["stop_seconds"]) < 30
