# The MCP servers of the tests, the friendly one and the hostile one: docker build -f e2e/cluster/images/server.Dockerfile, after `node e2e/cluster/images/bundle.ts`.
ARG BASE=node:24-bookworm-slim
FROM ${BASE}
COPY dist/e2e /app
ARG USER=node
USER ${USER}
ARG PROGRAM=server
ENV PROGRAM=${PROGRAM}
CMD ["sh", "-c", "exec node /app/$PROGRAM.mjs"]
