# The service in production. It needs a MongoDB replica set; compose.yaml shows the two together.

FROM python:3.11-slim AS packages
COPY requirements/run.txt /requirements.txt
RUN python -m venv /venv \
    && /venv/bin/pip install --disable-pip-version-check --no-cache-dir --require-hashes -r /requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0
RUN useradd --system --uid 10001 --no-create-home booking
COPY --from=packages /venv /venv
WORKDIR /app
# .dockerignore lets only the product through.
COPY . .
# Nothing is written at run time, so the product is compiled here: a start compiles 330 modules otherwise.
RUN python -m compileall -q .
# E-mails are written to var/mail while no mail provider is set.
RUN mkdir var && chown booking var
USER booking
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + (os.environ.get('PORT') or '8000') + '/api/health', timeout=4)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py"]
