"""MongoDB replica sets for development and tests, and the installer behind `make run` and `make test`."""
