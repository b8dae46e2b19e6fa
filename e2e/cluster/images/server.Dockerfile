# The friendly MCP server of the tests: docker build -f e2e/cluster/images/server.Dockerfile, after `node e2e/cluster/images/bundle.ts`.
ARG BASE=node:24-bookworm-slim
FROM ${BASE}
COPY dist/e2e /app
ARG USER=node
USER ${USER}
CMD ["node", "/app/server.mjs"]
