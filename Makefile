# The plugin, its local run and its checks. `make help` lists what there is.

GO      ?= go
GOFMT   ?= gofmt
VERSION := $(shell cat VERSION)
LIBRARY := bin/kinesis.so

# How long `make fuzz` spends on each target, and what is given to `make run` and `make bench`.
FUZZTIME ?= 30s
ARGS     ?=

# The Go that is installed is the Go that is used, and the plugin is a C shared library: it needs cgo. Builds do not
# ask git, which refuses to answer where a checkout belongs to another user.
export GOTOOLCHAIN := local
export CGO_ENABLED := 1
export GOFLAGS     := $(shell $(GO) env GOFLAGS) -buildvcs=false

.DEFAULT_GOAL := build

# nethttpomithttp2 leaves out HTTP/2, which the plugin does not speak: large requests gain nothing by sharing a connection.
# bin/trim leaves out a third of what would be the library: see cmd/trim.
TAGS  := nethttpomithttp2
TRIM  := bin/trim
BUILD := $(GO) build -toolexec "'$(CURDIR)/$(TRIM)'" -buildmode=c-shared -trimpath -tags $(TAGS) -ldflags "-s -w -X main.version=$(VERSION)"

.PHONY: build
build: trim ## build bin/kinesis.so, the plugin (the default)
	$(BUILD) -o $(LIBRARY) .

# It runs on this machine, whatever the library is for. go is given the folder alone, so that on Windows it adds the
# .exe that a program needs there.
.PHONY: trim
trim:
	@GOOS= GOARCH= CGO_ENABLED=0 $(GO) build -o $(dir $(TRIM)) ./cmd/trim

# By these names the Go plugin for Kinesis that was there before was built, and images still ask for them.
.PHONY: all release
all: build ## the same
release: build ## the same

# The other platforms. A build for another system or processor takes another C compiler; COMPILER names it, and GOARCH
# the processor that the .dll is for.
WINDOWS_LIBRARY := bin/kinesis.dll
ARM64_LIBRARY   := bin/kinesis-arm64.so

windows-release test-windows: COMPILER ?= x86_64-w64-mingw32-gcc
windows-release test-windows: GOARCH   ?= amd64
arm64-release test-arm64: COMPILER ?= aarch64-linux-gnu-gcc

.PHONY: windows-release
windows-release: trim ## build bin/kinesis.dll, the plugin for Windows
	GOOS=windows GOARCH=$(GOARCH) CC="$(COMPILER)" $(BUILD) -o $(WINDOWS_LIBRARY) .

.PHONY: arm64-release
arm64-release: trim ## build bin/kinesis-arm64.so, the plugin for Linux on arm64
	GOOS=linux GOARCH=arm64 CC="$(COMPILER)" $(BUILD) -o $(ARM64_LIBRARY) .

.PHONY: modules
modules: ## download what builds and tests need, as go.sum has it
	$(GO) mod download

# The newest glibc that a released library may need. It is what one that is built on Debian 12 needs; docs/fluent-bit.md says so.
GLIBC   ?= 2.34
OBJDUMP ?= objdump

.PHONY: check-glibc
check-glibc: ## the newest glibc that LIBRARY needs; fails above GLIBC (2.34)
	@symbols=$$($(OBJDUMP) -T $(LIBRARY)) || exit 1; \
	needs=$$(echo "$$symbols" | sed -n 's/.*(GLIBC_\([0-9.]*\)).*/\1/p' | sort -uV | tail -n 1); \
	if [ -z "$$needs" ]; then echo "$(LIBRARY) names no version of glibc"; exit 1; fi; \
	if [ "$$(printf '%s\n' "$$needs" $(GLIBC) | sort -V | tail -n 1)" != $(GLIBC) ]; then \
		echo "$(LIBRARY) needs glibc $$needs, newer than $(GLIBC). Symbols:"; \
		echo "$$symbols" | grep -F "(GLIBC_$$needs)"; exit 1; fi; \
	echo "$(LIBRARY) needs glibc $$needs; up to $(GLIBC) is fine"

.PHONY: run
run: build ## the plugin on an embedded Kinesis stream; ARGS="-h" lists what it takes
	@$(GO) build -o bin/run ./cmd/run
	@bin/run -library $(LIBRARY) $(subst $$,\$$,$(value ARGS))

# The library that was built is the one that the tests load. They are never taken from go's cache, which does not
# see that a library has changed.
.PHONY: test
test: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
test: vet build ## every test: units, fuzz corpora, end to end through the host, and again under -race
	$(GO) test -count=1 -timeout 30m ./...
	@$(MAKE) --no-print-directory race

# The tests in ./test, ./test/fluentbit and ./test/prometheus drive the library in a process of its own, which the race
# detector of the test binary does not see; all else runs under it.
.PHONY: race
race: ## the tests that can run under the race detector
	$(GO) test -race -count=1 -timeout 30m $$($(GO) list ./... | grep -v -e '/test$$' -e '/test/fluentbit$$' -e '/test/prometheus$$')

# Where the cross compiler, wine or qemu is missing, these say what to install, and fail only in CI.
.PHONY: test-windows
test-windows: ## the core end-to-end tests with bin/kinesis.dll, on Windows or under wine
	@GO="$(GO)" COMPILER="$(COMPILER)" GOARCH=$(GOARCH) test/platforms/windows.sh

.PHONY: test-arm64
test-arm64: ## the same tests with bin/kinesis-arm64.so, and the unit tests, under qemu-aarch64
	@GO="$(GO)" COMPILER="$(COMPILER)" test/platforms/arm64.sh

# The Fluent Bit that is used: a name on the PATH, or a path.
FLUENT_BIT ?= fluent-bit

.PHONY: test-fluentbit
test-fluentbit: export FLUENT_BIT := $(FLUENT_BIT)
test-fluentbit: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
test-fluentbit: build ## the plugin in FLUENT_BIT (fluent-bit), 4.2 or later; fails where there is none
	$(GO) test -count=1 -v -timeout 30m -run TestFluentBit ./test/fluentbit

# kinesis-local, the AWS SDK for JavaScript and what else it takes come from the npm registry, into test/e2e/node.
.PHONY: e2e
e2e: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
e2e: build ## the plugin against kinesis-local, read back by AWS's own JavaScript (needs Node.js)
	@GO="$(GO)" test/e2e/run

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	@listed=$$($(GO) test -list '^Fuzz' ./...) || { echo "$$listed"; exit 1; }; \
	case "$$listed" in *Fuzz*) ;; *) echo "there is no fuzz target"; exit 1 ;; esac; \
	echo "$$listed" | awk '/^Fuzz/ { targets[++n] = $$1 } \
		/^ok/ { for (i = 1; i <= n; i++) print $$2, targets[i]; n = 0 }' | \
	while read -r package target; do \
		echo "$$package $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x "$$package" </dev/null || exit 1; \
	done

.PHONY: bench
bench: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
bench: build ## what the plugin costs, end to end (ARGS="-h" lists flags), then the Go benchmarks
	$(GO) run ./cmd/bench $(ARGS)
	@$(MAKE) --no-print-directory bench-go

.PHONY: bench-go
bench-go: ## the Go benchmarks alone, in the format that benchstat reads
	$(GO) test -run '^$$' -bench . -benchmem ./...

# How long the plugin is under faults in `make soak`, and a stream out of reach.
SOAK   ?= 10m
OUTAGE ?= 20s

.PHONY: soak
soak: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
soak: build ## outages of OUTAGE (20s); then the plugin under faults for SOAK (10m): its memory must end where it was
	$(GO) test -tags soak -count=1 -v -timeout 2h -parallel 4 -run TestLongOutages ./test -outage $(OUTAGE)
	$(GO) test -tags soak -count=1 -v -timeout 2h -run TestMemoryUnderFaults ./test -soak $(SOAK)

.PHONY: docs-check
docs-check: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
docs-check: build ## the pages: links, examples, commands and configurations in them, and the messages of the log
	$(GO) test -count=1 ./test/docs ./examples

.PHONY: lint
lint: vet ## gofmt, go vet and staticcheck
	@unformatted=$$($(GOFMT) -l .); if [ -n "$$unformatted" ]; then \
		echo "not formatted as gofmt does it:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet -tags e2e,soak ./test/...
	$(GO) tool staticcheck -tags e2e,soak ./...

.PHONY: vet
vet:
	$(GO) vet ./...

# The Go vulnerability database, and what is looked at.
VULNDB   ?= https://vuln.go.dev
PACKAGES ?= ./...

.PHONY: vuln
vuln: ## govulncheck: known vulnerabilities that the code reaches; skipped where VULNDB cannot be read
	@GO="$(GO)" TAGS="$(TAGS)" VULNDB="$(VULNDB)" PACKAGES="$(PACKAGES)" test/supply/vuln.sh

# What a release consists of. TAG, if given, must be v and the version, of which the changelog then tells as released.
TAG ?=
ARTIFACTS = dist/kinesis-$(VERSION)

.PHONY: dist
dist: check-tag build arm64-release windows-release ## the libraries for all platforms, their bills of materials and checksums in dist/, on amd64
	@$(MAKE) --no-print-directory check-glibc
	@$(MAKE) --no-print-directory check-glibc LIBRARY=$(ARM64_LIBRARY)
	rm -rf dist
	mkdir dist
	cp $(LIBRARY) $(ARTIFACTS)-linux-amd64.so
	cp $(ARM64_LIBRARY) $(ARTIFACTS)-linux-arm64.so
	cp $(WINDOWS_LIBRARY) $(ARTIFACTS)-windows-amd64.dll
	for library in dist/kinesis-*; do \
		$(GO) run ./cmd/sbom -version $(VERSION) $$library >$$library.cdx.json || exit 1; done
	cd dist && sha256sum kinesis-* >SHA256SUMS
	awk '/^## / { on = $$2 == "$(VERSION)" } on && !/^## /' CHANGELOG.md >dist/notes.md

.PHONY: check-tag
check-tag:
	@test "$$($(GO) env GOARCH)" = amd64 || { echo "a release is built on amd64, this is $$($(GO) env GOARCH)"; exit 1; }
	@grep -q '^## $(VERSION)' CHANGELOG.md || { echo "CHANGELOG.md has no section on $(VERSION)"; exit 1; }
	@test -z "$(TAG)" || test "$(TAG)" = "v$(VERSION)" || { echo "the tag is $(TAG), the version $(VERSION)"; exit 1; }
	@test -z "$(TAG)" || grep -q '^## $(VERSION)$$' CHANGELOG.md || \
		{ echo "CHANGELOG.md does not tell of $(VERSION) as released: its heading must be ## $(VERSION)"; exit 1; }

# Nobody has a key: sigstore vouches that the release workflow of REPO has signed, run by GitHub on the tag TAG.
REPO     ?= $(GITHUB_REPOSITORY)
ISSUER   := https://token.actions.githubusercontent.com
WORKFLOW  = $(REPO)/.github/workflows/release.yml
SIGNER    = https://github.com/$(WORKFLOW)@refs/tags/$(TAG)

.PHONY: sign
sign: ## sign the checksums in dist/ with cosign, as the workflow that this runs in
	cosign sign-blob --yes --bundle dist/SHA256SUMS.sigstore.json dist/SHA256SUMS

.PHONY: verify-release
verify-release: ## what is in dist/ against its checksums, their signature and its provenance; REPO is owner/name
	(cd dist && sha256sum --check SHA256SUMS)
	cosign verify-blob --bundle dist/SHA256SUMS.sigstore.json --certificate-oidc-issuer $(ISSUER) \
		--certificate-identity $(SIGNER) dist/SHA256SUMS
	ls dist/kinesis-* | xargs -I FILE gh attestation verify FILE --bundle dist/provenance.sigstore.json --repo $(REPO) \
		--signer-workflow $(WORKFLOW) --source-ref refs/tags/$(TAG)

.PHONY: publish-release
publish-release: verify-release ## make what is in dist/ the GitHub release TAG
	gh release create $(TAG) --verify-tag --title "$(VERSION)" --notes-file dist/notes.md \
		dist/kinesis-* dist/SHA256SUMS dist/SHA256SUMS.sigstore.json dist/provenance.sigstore.json

# The container image, without its tag: the version.
IMAGE ?= fluent-bit-kinesis

.PHONY: image
image: ## Fluent Bit with the plugin in it, as IMAGE:VERSION; IMAGE_ARGS are more arguments of docker build
	docker build --build-arg VERSION=$(VERSION) $(IMAGE_ARGS) --tag $(IMAGE):$(VERSION) .

.PHONY: test-image
test-image: export FLUENT_BIT := $(CURDIR)/test/fluentbit/in-image
test-image: export FLBHOST_LIBRARY := /fluent-bit/kinesis.so
test-image: image ## the same tests as test-fluentbit, with the image's Fluent Bit and library
	IMAGE=$(IMAGE):$(VERSION) $(GO) test -count=1 -v -timeout 30m -run TestFluentBit ./test/fluentbit

.PHONY: publish-image
publish-image: test-image ## push the image as IMAGE:VERSION-ARCH, of the architecture of this machine
	docker tag $(IMAGE):$(VERSION) $(IMAGE):$(VERSION)-$$($(GO) env GOARCH)
	docker push $(IMAGE):$(VERSION)-$$($(GO) env GOARCH)

.PHONY: publish-index
publish-index: ## name the images of both architectures IMAGE:VERSION and IMAGE:latest; their digest into bin/image-digest
	docker buildx imagetools create --tag $(IMAGE):$(VERSION) --tag $(IMAGE):latest \
		$(IMAGE):$(VERSION)-amd64 $(IMAGE):$(VERSION)-arm64
	@mkdir -p bin
	docker buildx imagetools inspect $(IMAGE):$(VERSION) --format '{{.Manifest.Digest}}' >bin/image-digest
	@grep -Eqx 'sha256:[0-9a-f]{64}' bin/image-digest || { echo "not a digest:"; cat bin/image-digest; exit 1; }

.PHONY: sign-image
sign-image: ## sign IMAGE by its DIGEST, and with it the images of both architectures, as the workflow that this runs in
	cosign sign --yes --recursive $(IMAGE)@$(DIGEST)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
