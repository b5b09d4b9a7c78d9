# One image for web, worker, beat and commands; the command says which. Nothing secret is built in.
FROM python:3.11-slim AS packages
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /opt/portal \
    && /opt/portal/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.txt

FROM python:3.11-slim
ENV PATH=/opt/portal/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/var/lib/portal
RUN useradd --system --uid 10001 --home-dir /var/lib/portal --create-home portal
COPY --from=packages /opt/portal /opt/portal
WORKDIR /srv/portal
COPY manage.py ./
COPY portal portal
COPY accounts accounts
COPY scripts scripts
COPY locale locale
COPY templates templates
COPY static static
# Static files and translations are made here; the keys this needs are thrown away with the folder.
RUN python -m scripts.messages \
    && DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build
USER portal
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["gunicorn", "-c", "python:portal.gunicorn_config", "--bind", "0.0.0.0:8000", "portal.wsgi"]
