# One image for every process of the platform; docker-compose.yml says which one a container runs.

FROM node:22-bookworm-slim AS assets
WORKDIR /assets
COPY assets/package.json assets/package-lock.json assets/.npmrc ./
# Pages load minified files only; the rest of the packages stays out of the image.
RUN npm ci && find node_modules -type f ! -name '*.min.js' ! -name '*.min.css' -delete

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements/base.txt /tmp/base.txt
RUN /venv/bin/pip install --require-hashes -r /tmp/base.txt
WORKDIR /app
COPY . .
COPY --from=assets /assets/node_modules assets/node_modules
# These values are seen by the two commands below only; no server is opened and no key is made.
RUN export DJANGO_SETTINGS_MODULE=antifraud.settings.production ANTIFRAUD_DATA=/data ANTIFRAUD_HOSTS=none \
        SECRET_KEY=none DATABASE_URL=postgresql://none@none/none REDIS_URL=redis://none \
    && /venv/bin/python manage.py compile_catalogues \
    && /venv/bin/python manage.py collectstatic --no-input -v0 \
    && /venv/bin/python -m compileall -q antifraud banks cases accounts oversight

FROM python:3.11-slim-bookworm
# The numbers that docker-compose.yml names as `user`.
RUN groupadd --gid 10001 antifraud \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin antifraud \
    && install -d -o antifraud -g antifraud -m 0700 /keys /data /data/evidence
COPY --from=build /venv /venv
COPY --from=build /app /app
COPY --from=build --chown=antifraud:antifraud /data/static /data/static
# Two heaps of the C library for all threads: with one for each, idle threads keep memory for themselves.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 \
    DJANGO_SETTINGS_MODULE=antifraud.settings.production \
    ANTIFRAUD_DATA=/data ANTIFRAUD_KEY_FILE=/keys/keys.json
WORKDIR /app
USER 10001:10001
EXPOSE 8000 8001
CMD ["gunicorn", "antifraud.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "16", "--preload", "--graceful-timeout", "8", "--keep-alive", "5", \
     "--worker-tmp-dir", "/tmp", "--no-control-socket"]
