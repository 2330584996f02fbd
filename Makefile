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

# notfastpath leaves out of the library a megabyte of generated code of ugorji/go/codec, which fluent-bit-go brings
# along for a decoder that is not used here.
.PHONY: build
build: ## build bin/kinesis.so, the plugin (the default)
	$(GO) build -buildmode=c-shared -trimpath -tags notfastpath \
		-ldflags "-s -w -X main.version=$(VERSION)" -o $(LIBRARY) .

.PHONY: modules
modules: ## download what builds and tests need, as go.sum has it
	$(GO) mod download

# The newest glibc that a released library may need. It is what one that is built on Debian 12 needs; the README says so.
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
	@$(GO) run ./cmd/run -library $(LIBRARY) $(ARGS)

# The library that was built is the one that the tests load. They are never taken from go's cache, which does not
# see that a library has changed.
.PHONY: test
test: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
test: vet build ## every test: units, fuzz corpora, end to end through the host, and again under -race
	$(GO) test -count=1 ./...
	@$(MAKE) --no-print-directory race

# The tests in ./test drive the library in a process of its own, which the race detector of the test binary does not
# see; all else runs under it.
.PHONY: race
race: ## the tests that can run under the race detector
	$(GO) test -race -count=1 $$($(GO) list ./... | grep -v -e '/test$$' -e '/test/fluentbit$$')

# The Fluent Bit that is used: a name on the PATH, or a path.
FLUENT_BIT ?= fluent-bit

.PHONY: test-fluentbit
test-fluentbit: export FLUENT_BIT := $(FLUENT_BIT)
test-fluentbit: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
test-fluentbit: build ## the plugin in FLUENT_BIT (fluent-bit), 3.2 or later; fails where there is none
	$(GO) test -count=1 -v -timeout 30m -run TestFluentBit ./test/fluentbit

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	@listed=$$($(GO) test -list '^Fuzz' ./...) || { echo "$$listed"; exit 1; }; \
	echo "$$listed" | awk '/^Fuzz/ { targets[++n] = $$1 } \
		/^ok/ { for (i = 1; i <= n; i++) print $$2, targets[i]; n = 0 }' | \
	while read -r package target; do \
		echo "$$package $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null || exit 1; \
	done

.PHONY: bench
bench: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
bench: build ## what the plugin costs, end to end (ARGS="-h" lists flags), then the Go benchmarks
	$(GO) run ./cmd/bench $(ARGS)
	@$(MAKE) --no-print-directory bench-go

.PHONY: bench-go
bench-go: ## the Go benchmarks alone, in the format that benchstat reads
	$(GO) test -run '^$$' -bench . -benchmem ./...

# How long `make soak` runs.
SOAK ?= 10m

.PHONY: soak
soak: export FLBHOST_LIBRARY := $(CURDIR)/$(LIBRARY)
soak: build ## the plugin under faults for SOAK (10m): its memory must end where it was
	$(GO) test -tags soak -count=1 -v -timeout 2h -run TestMemoryUnderFaults ./test -soak $(SOAK)

.PHONY: lint
lint: vet ## gofmt, go vet and staticcheck
	@unformatted=$$($(GOFMT) -l .); if [ -n "$$unformatted" ]; then \
		echo "not formatted as gofmt does it:"; echo "$$unformatted"; exit 1; fi
	$(GO) tool staticcheck ./...

.PHONY: vet
vet:
	$(GO) vet ./...

.PHONY: clean
clean: ## remove what was built
	rm -rf bin

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
