"""Native thread pool: runs work outside the event loop, also where gevent has replaced the threads of Python."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

from gevent import monkey


def native_thread_pool(threads: int) -> Executor:
    """Return an executor of `threads` threads of the operating system.

    Under gevent the standard executor's threads are greenlets, and a computation in one would block all others.
    """
    if not monkey.is_module_patched("threading"):
        return ThreadPoolExecutor(threads)
    from gevent.threadpool import ThreadPoolExecutor as GeventThreadPoolExecutor  # noqa: PLC0415

    return GeventThreadPoolExecutor(threads)  # type: ignore[no-any-return]
