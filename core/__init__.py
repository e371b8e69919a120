"""What every feature stands on: settings, errors, clock, ids, text, the database, logs and metrics.

`core` knows no feature, and only `core/web` knows Flask. Everything here is either pure or built once, at the top,
from `core.config.Settings`.
"""
