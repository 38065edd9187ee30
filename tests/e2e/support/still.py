"""What of a job's state does not move by itself."""


def still(info):
    """A copy of a ProgressInfo without time_fraction, eta, flag, curve and has_history, which go on with the time."""
    copy = type(info)()
    copy.CopyFrom(info)
    for field in ("time_fraction", "eta", "flag", "curve", "has_history"):
        copy.ClearField(field)
    return copy
