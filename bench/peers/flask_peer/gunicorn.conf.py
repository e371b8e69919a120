"""Gunicorn settings of the Flask peer: two processes for the cores, threads that wait for the database."""

import os

bind = f"127.0.0.1:{os.environ['PORT']}"
worker_class = "gthread"
workers = int(os.environ.get("WORKERS", "2"))
threads = int(os.environ.get("THREADS", "8"))
keepalive = 30
control_socket_disable = True
