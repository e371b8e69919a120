"""Errors of the development tools; each message is one sentence for the person at the terminal."""


class SetupError(Exception):
    """This machine or folder cannot run the command; the command ends with exit code 2."""


class MongodMissing(RuntimeError):
    """No mongod on this machine can be run."""


class NotReady(RuntimeError):
    """The database did not start, or did not reach the expected state in time."""


class FolderInUse(RuntimeError):
    """Another process runs a database in this folder."""
