# rehearsal-locust: Locust with the load of loadtest/. What follows the image's name are Locust's
# options and ours: --master, --worker, --headless --host URL --rate 200.
# From the repository's root: docker build -f infra/images/loadtest.Dockerfile .
# More in docs/guides/images.md.
ARG BASE=python:3.12-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
COPY infra/images/install infra/images/tools.txt ./
RUN --mount=type=secret,id=ca sh install tools
COPY pyproject.toml uv.lock ./
RUN --mount=type=secret,id=ca sh install locked --extra load --prune anyio --prune httptools \
      --prune httpx --prune sniffio --prune sqlalchemy --prune starlette --prune uvicorn --prune uvloop
COPY loadtest /app/loadtest
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /app

FROM ${BASE}
RUN echo app:x:10001: >> /etc/group \
 && echo app:x:10001:10001::/nonexistent:/usr/sbin/nologin >> /etc/passwd \
 && install -d -o 10001 -g 10001 /data
COPY --from=build /layer /
COPY --from=build /app /app
# The standard library comes without bytecode, and a read-only container cannot keep what it compiles.
RUN PYTHONPATH=/app /opt/venv/bin/python -c "import locust.main, loadtest.locustfile, loadtest.__main__"
WORKDIR /data
ENV PATH=/opt/venv/bin:${PATH} PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    LOCUST_LOCUSTFILE=/app/loadtest/locustfile.py
USER 10001:10001
EXPOSE 8089 5557
STOPSIGNAL SIGTERM
ENTRYPOINT ["locust"]
ARG BASE
ARG VERSION=dev
LABEL org.opencontainers.image.title="rehearsal-locust" \
      org.opencontainers.image.description="Open-loop load for ECS services" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.base.name="${BASE}"
