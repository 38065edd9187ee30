"""How a program says that it will not."""


def only_line(completed):
    """What it said: exactly one line on stderr, nothing on stdout."""
    assert completed.stdout == ""
    assert completed.stderr.count("\n") == 1 and completed.stderr.endswith("\n"), completed.stderr
    return completed.stderr
