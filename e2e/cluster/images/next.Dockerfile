# The operator as it will be after the next change of the contract: docker build -f e2e/cluster/images/next.Dockerfile, after its bundle was made.
ARG OPERATOR=bartizan/operator:dev
FROM ${OPERATOR}
COPY dist/operator-next /app
