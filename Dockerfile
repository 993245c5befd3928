# Two stages: the first fetches (by hash), builds and installs; the second holds Python, livefeed and what it
# imports, and nothing that could build or fetch more.
FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# The locks come first: a change of code alone does not fetch anything again.
COPY requirements.lock requirements-build.lock ./
RUN python -m venv tools \
 && tools/bin/pip install --require-hashes --no-build-isolation -r requirements-build.lock \
 && tools/bin/pip wheel --require-hashes --no-build-isolation -r requirements.lock --wheel-dir wheels

COPY pyproject.toml README.md LICENSE ./
COPY livefeed livefeed
COPY templates templates
RUN tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir wheels . \
 && python -m venv --without-pip /opt/livefeed \
 && tools/bin/pip --python /opt/livefeed/bin/python install --no-index --find-links wheels --compile livefeed


FROM python:3.13-slim

# A fixed id: the owner of the volume is the same after every rebuild and in every replica.
RUN groupadd --gid 10001 livefeed \
 && useradd --uid 10001 --gid livefeed --home-dir /var/lib/livefeed --create-home --shell /usr/sbin/nologin livefeed \
 && install --directory --owner livefeed --group livefeed /var/lib/livefeed/media
COPY --from=build /opt/livefeed /opt/livefeed

ENV PATH=/opt/livefeed/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LIVEFEED_HOST=0.0.0.0 \
    LIVEFEED_PORT=8080 \
    LIVEFEED_STORE=sqlite:////var/lib/livefeed/livefeed.db \
    LIVEFEED_MEDIA=/var/lib/livefeed/media

USER livefeed
WORKDIR /var/lib/livefeed
VOLUME /var/lib/livefeed
EXPOSE 8080

# /healthz says that the process lives, and nothing about the store: a dead store must not get every process killed.
HEALTHCHECK --interval=10s --timeout=4s --start-period=15s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"LIVEFEED_PORT\"]}/healthz', timeout=3)"]

ENTRYPOINT ["livefeed"]
CMD ["serve"]
