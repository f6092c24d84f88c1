"""What can go wrong for a user, each class with the exit code that tells it apart.

Everything else that is raised is a bug: it keeps its traceback and exits with 70.
"""


class UserError(Exception):
    """A message for the user: what, where, what was expected, what to do next."""

    exit_code = 70


class UsageError(UserError, ValueError):
    """The command was called wrongly."""

    exit_code = 2


class ProjectError(UserError, ValueError):
    """The project file is wrong, or names something that does not exist."""

    exit_code = 3


class DataError(UserError, ValueError):
    """The data break the contract."""

    exit_code = 4


class NotEnoughError(UserError):
    """Not enough data to train on, or no champion to score with."""

    exit_code = 5


class StoppedError(UserError):
    """A check stopped the run before it published anything."""

    exit_code = 6


class BusyError(UserError):
    """Another run holds the lock."""

    exit_code = 7
