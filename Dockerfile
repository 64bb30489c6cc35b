# API and CPU worker; `docker build .`, or through docker-compose.yml.
# An index that has torch's CPU build saves 2 GB: --build-arg TORCH_INDEX=ADDRESS

FROM python:3.11-slim-bookworm AS build
ARG TORCH_INDEX=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY pyproject.toml cpu.lock cpu-torch.lock ./
# The lock holds the tools of the tests, too. It is checked as a whole, and what the program needs is
# then taken from it: there is one release of each, so nothing is left to choose.
RUN pip wheel --require-hashes --wheel-dir /wheels -r cpu.lock \
    && pip wheel ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} --wheel-dir /wheels -r cpu-torch.lock
COPY . .
RUN python -m venv /opt/sfpfr \
    && /opt/sfpfr/bin/pip install --no-index --find-links /wheels .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home sfpfr
COPY --from=build /opt/sfpfr /opt/sfpfr
ENV PATH=/opt/sfpfr/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SFPFR_DATA_DIR=/data
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["sfpfr"]
CMD ["serve", "--host", "0.0.0.0", "--behind-tls-proxy"]
