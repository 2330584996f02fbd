# Fluent Bit with the plugin in it: `make image`.
#
# The library is built on Debian 12, whose glibc (2.36) is older than that of the image it goes into (Debian 13, 2.41);
# `make check-glibc` says what it needs of it and fails above the bound that docs/fluent-bit.md states. For another Fluent Bit,
# or for one that follows another distribution, give another image: it has to have /fluent-bit/bin/fluent-bit.
ARG GO_IMAGE=go
ARG FLUENT_BIT_IMAGE=fluent-bit

# The images that are used unless others are given, each as a stage, for dependabot looks at these lines alone.
FROM golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS go
FROM fluent/fluent-bit:5.0.9 AS fluent-bit

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY Makefile VERSION go.mod go.sum ./
RUN make modules
COPY . .
RUN make build
RUN make check-glibc

FROM ${FLUENT_BIT_IMAGE}
ARG VERSION
LABEL org.opencontainers.image.title="Fluent Bit with the kinesis output" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /src/LICENSE /fluent-bit/licenses/kinesis/LICENSE
COPY --from=build /src/examples/plugins.conf /fluent-bit/etc/plugins.conf
COPY --from=build /src/bin/kinesis.so /fluent-bit/kinesis.so

# As in aws-for-fluent-bit: any configuration that is mounted at this place finds the plugin loaded. With arguments of
# your own, -e or the plugins file above loads it; a library that is named twice serves as one.
ENTRYPOINT ["/fluent-bit/bin/fluent-bit"]
CMD ["-e", "/fluent-bit/kinesis.so", "-c", "/fluent-bit/etc/fluent-bit.conf"]
