# sa-nat64: one Makefile, no recursion into folders. Every folder lists its sources in its build.mk; the same
# sources are built in several variants, each in build/VARIANT: release, asan, fuzz, cover. Run `make help`.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

# Tools of the tests lie in sbin; not every root shell looks there.
export PATH := $(PATH):/usr/sbin:/sbin
# The tree stays as it was, outside build/.
export PYTHONDONTWRITEBYTECODE := 1

VARIANT ?= release
PREFIX  ?= /usr/local
V       ?= 0
out     := build/$(VARIANT)
gen     := $(out)/gen

ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(VARIANT)),clang,gcc)
endif
PKG_CONFIG   ?= pkg-config
CLANG_FORMAT ?= clang-format

programs     := sa-nat64-translator sa-nat64-syncd sa-nat64-healthd sa-nat64-netns sa-nat64 sa-nat64-exporter sa-nat64-generator
FUZZ_SECONDS ?= 600
SOAK_SECONDS ?= 600
SEEDS        ?= 20000

# Lists: lib-srcs, proto-files, core-srcs, translator-srcs, cli-srcs, unit-tests, fuzzers and so on.
include lib/build.mk proto/build.mk translator/build.mk syncd/build.mk healthd/build.mk netns/build.mk cli/build.mk
include tests/unit/build.mk tests/vectors/build.mk tests/fuzz/build.mk tests/golden/build.mk
include systemd/build.mk tests/scenario/build.mk tests/bench/build.mk tests/sim/build.mk

# ---- flags -------------------------------------------------------------------------------------------------------

WERROR   ?= -Werror
warnings := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
            -Wvla -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings -Wcast-align -Wnull-dereference
hardening := -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
harden-ld := -pie -Wl,-z,relro,-z,now,-z,noexecstack

CFLAGS ?= -O2 -g
# The folder in which it was built stands in no program.
anywhere := -ffile-prefix-map=$(CURDIR)=.
variant-cflags-release := $(hardening) $(anywhere)
variant-cflags-asan    := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
variant-cflags-fuzz    := $(variant-cflags-asan) -fsanitize=fuzzer-no-link \
                          -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
variant-cflags-cover   := -O0 --coverage
variant-ldflags-release := $(harden-ld)
variant-ldflags-asan    := -fsanitize=address,undefined
variant-ldflags-fuzz    := -fsanitize=address,undefined
variant-ldflags-cover   := --coverage
ifeq ($(variant-cflags-$(VARIANT)),)
$(error VARIANT=$(VARIANT) is none of release, asan, fuzz, cover)
endif

# pkg-config is asked when the first recipe needs it: only then `deps` has had the chance to install it.
lazily   = $(eval $(1) := $(2))$($(1))
run-pkgs   := libnl-3.0 libnl-route-3.0 libsystemd libprotobuf-c inih jansson libsodium libcap-ng libbpf libmnl libmicrohttpd ncursesw zlib
pkg-cflags  = $(call lazily,pkg-cflags,$$(shell $$(PKG_CONFIG) --cflags $$(run-pkgs)))
pkg-libs    = $(call lazily,pkg-libs,$$(shell $$(PKG_CONFIG) --libs $$(run-pkgs)))
test-libs   = $(call lazily,test-libs,$$(shell $$(PKG_CONFIG) --libs cmocka))

all-cppflags = -I. -isystem $(gen) -D_GNU_SOURCE $(CPPFLAGS) $(pkg-cflags)
all-cflags   = -std=gnu11 $(warnings) $(CFLAGS) $(variant-cflags-$(VARIANT))
# --as-needed: a program is linked with those libraries only that it calls.
all-ldflags  = -Wl,--as-needed $(CFLAGS) $(variant-ldflags-$(VARIANT)) $(LDFLAGS)

# Later commits have greater versions in the eyes of dpkg, too: 0.1.0 < 0.1.0+git812.1f2e3d4 < 0.1.1.
version := $(shell git describe --tags --match 'v*' --dirty 2>/dev/null | sed 's/^v//; s/-/+/; s/-/./g')
ifeq ($(version),)
version := $(shell cat VERSION)$(shell git log -1 --format=$$(git rev-list --count HEAD 2>/dev/null).%h 2>/dev/null | sed 's/^/+git/')
endif

ifeq ($(V),0)
say = @printf '  %-7s %s\n' '$(1)' '$(2)';
else
say =
endif

# ---- what there is to build ------------------------------------------------------------------------------------

objects = $(patsubst %.c,$(out)/%.o,$(1))

proto-srcs := $(proto-files:%.proto=$(gen)/%.pb-c.c)
proto-hdrs := $(proto-files:%.proto=$(gen)/%.pb-c.h)
proto-objs := $(proto-srcs:.c=.o)
bpf-skels  := $(bpf-srcs:%.bpf.c=$(gen)/%.skel.h)

program-srcs-sa-nat64-translator := $(translator-srcs)
program-srcs-sa-nat64-syncd      := $(syncd-srcs)
program-srcs-sa-nat64-healthd    := $(healthd-srcs)
program-srcs-sa-nat64-netns      := $(netns-srcs)
program-srcs-sa-nat64            := $(cli-srcs)
program-srcs-sa-nat64-exporter   := $(exporter-srcs)
program-srcs-sa-nat64-generator  := $(generator-srcs)
program-libs-sa-nat64-translator := $(out)/core.a
program-libs-sa-nat64-syncd      := $(out)/syncd-core.a
program-libs-sa-nat64-healthd    := $(out)/healthd-core.a
program-libs-sa-nat64-netns      := $(out)/netns-core.a
program-libs-sa-nat64            := $(if $(cli-needs-core),$(out)/core.a)

# The release programs lie in build/ itself, those of other variants in build/VARIANT/.
bin          := $(if $(filter release,$(VARIANT)),build,$(out))
program-bins := $(programs:%=$(bin)/%)
unit-bins    := $(unit-tests:%=$(out)/unit/%)
vector-bin   := $(out)/vectors
tool-bins    := $(test-tools:%=$(out)/tools/%)
preload-bins := $(test-preloads:%=$(out)/tools/%.so)
bench-bins   := $(bench-programs:%=$(out)/bench/%)
sim-bins     := $(simulations:%=$(out)/sim/%)
fuzz-bins    := $(fuzzers:%=build/fuzz/%)

# Manual pages and completions are made of what the programs say of themselves.
pages       := $(patsubst docs/man/%.in,$(bin)/man/%,$(wildcard docs/man/*.in))
completions := $(bin)/completion/sa-nat64 $(bin)/completion/_sa-nat64

archives := $(out)/core.a $(out)/syncd-core.a $(out)/healthd-core.a $(out)/netns-core.a $(out)/lib.a
sources  := $(lib-srcs) $(bpf-srcs) $(core-srcs) $(translator-srcs) $(syncd-core-srcs) \
            $(generator-srcs) $(syncd-srcs) $(healthd-core-srcs) $(healthd-srcs) $(netns-core-srcs) $(netns-srcs) $(cli-srcs) $(exporter-srcs) $(unit-tests:%=tests/unit/test_%.c) \
            $(unit-support-srcs) $(unit-link-srcs) $(vector-srcs) $(fuzzers:%=tests/fuzz/fuzz_%.c) \
            $(fuzz-support-srcs) $(test-tools:%=tests/tools/%.c) $(test-preloads:%=tests/tools/%.c) $(bench-programs:%=tests/bench/%.c) \
            $(bench-support-srcs) $(simulations:%=tests/sim/sim_%.c) $(sim-support-srcs)

.PHONY: build tests unit vectors bench-programs simulations sim generated fuzzers check soak demo demo-single bench bench-sync bench-listing bench-failover bench-commands install uninstall deb asan fuzz cover lint format \
        help clean deps deps-build deps-check deps-demo deps-bench deps-deb
.DEFAULT_GOAL := build

build: $(program-bins) $(pages) $(completions)
tests: build unit vectors simulations
unit: $(unit-bins) $(tool-bins) $(preload-bins)
vectors: $(vector-bin)
bench-programs: $(bench-bins)
simulations: $(sim-bins)
generated: $(proto-hdrs) $(bpf-skels)

# ---- rules -------------------------------------------------------------------------------------------------------

# Checks for the packages to build with, and installs them when root runs make.
build/.deps-build: tests/tools/deps.sh
	@mkdir -p build && ./tests/tools/deps.sh build && touch $@

$(gen)/%.pb-c.c $(gen)/%.pb-c.h: %.proto | build/.deps-build
	$(call say,PROTOC,$<)mkdir -p $(gen) && protoc-c --proto_path=. --c_out=$(gen) $<

# v3 knows atomic fetch-and-add; Linux has it from 5.12 on.
$(gen)/%.skel.h: %.bpf.c $(wildcard translator/*.bpf.h) translator/fastpath_abi.h | build/.deps-build
	$(call say,BPF,$<)mkdir -p $(@D) && clang -O2 -g $(anywhere) -target bpf -mcpu=v3 -Wall -Werror -I. \
		-idirafter /usr/include/$$($(CC) -print-multiarch) -c -o $(@:.skel.h=.bpf.o) $< && \
		bpftool gen skeleton $(@:.skel.h=.bpf.o) name fastpath_bpf > $@

$(proto-objs): %.o: %.c
	$(call say,CC,$@)$(CC) -I$(gen) -std=gnu11 $(CFLAGS) $(variant-cflags-$(VARIANT)) $(pkg-cflags) -c -o $@ $<

# -MD and not -MMD, which leaves out generated headers: they are found by -isystem.
# The objects of tests are no intermediate files to be removed.
.PRECIOUS: $(out)/%.o
$(out)/%.o: %.c | build/.deps-build $(proto-hdrs) $(bpf-skels)
	$(call say,CC,$@)mkdir -p $(@D) && $(CC) $(all-cppflags) $(all-cflags) -MD -MP -c -o $@ $<

# Only this object knows the version, so that a commit rebuilds nothing else.
$(out)/lib/version.o: $(out)/version
$(out)/lib/version.o: CPPFLAGS += -DSA_NAT64_VERSION_STRING='"$(version)"'
$(out)/version: FORCE
	@mkdir -p $(@D); echo '$(version)' | cmp -s - $@ || echo '$(version)' > $@
.PHONY: FORCE
FORCE:

$(out)/lib.a: $(call objects,$(lib-srcs)) $(proto-objs) lib/build.mk proto/build.mk
$(out)/core.a: $(call objects,$(core-srcs)) translator/build.mk
$(out)/syncd-core.a: $(call objects,$(syncd-core-srcs)) syncd/build.mk
$(out)/healthd-core.a: $(call objects,$(healthd-core-srcs)) healthd/build.mk
$(out)/netns-core.a: $(call objects,$(netns-core-srcs)) netns/build.mk
$(archives):
	$(call say,AR,$@)mkdir -p $(@D) && rm -f $@ && ar rcsD $@ $(filter %.o,$^)

define program-rule
$(bin)/$(1): $(call objects,$(program-srcs-$(1))) $(program-libs-$(1)) $(out)/lib.a
	$$(call say,LINK,$$@)mkdir -p $$(@D) && $$(CC) $$(all-ldflags) -o $$@ $$^ $$(pkg-libs)
endef
$(foreach p,$(programs),$(eval $(call program-rule,$(p))))

# unit-link-srcs are program sources that lie outside the pure core but have tests of their own.
$(out)/unit.a: $(call objects,$(unit-support-srcs) $(unit-link-srcs)) tests/unit/build.mk
	$(call say,AR,$@)mkdir -p $(@D) && rm -f $@ && ar rcsD $@ $(filter %.o,$^)
$(out)/unit/%: $(out)/tests/unit/test_%.o $(out)/unit.a $(archives)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(all-ldflags) -o $@ $^ $(pkg-libs) $(test-libs)

$(out)/tools/%: $(out)/tests/tools/%.o $(out)/unit.a $(archives)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(all-ldflags) -o $@ $^ $(pkg-libs)

$(out)/tools/%.so: tests/tools/%.c
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(all-cppflags) $(all-cflags) -fPIC -shared -o $@ $<

$(vector-bin): $(call objects,$(vector-srcs)) $(archives)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(all-ldflags) -o $@ $^ $(pkg-libs)

$(out)/bench/%: $(out)/tests/bench/%.o $(call objects,$(bench-support-srcs)) $(archives)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(all-ldflags) -o $@ $^ $(pkg-libs)

$(out)/sim/%: $(out)/tests/sim/sim_%.o $(call objects,$(sim-support-srcs)) $(archives)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(all-ldflags) -o $@ $^ $(pkg-libs)

$(out)/rows: docs/man/rows.sh docs/man/rows.awk translator/verdict.def translator/tcp_fsm.c $(program-bins)
	$(call say,ROWS,$@)./docs/man/rows.sh $(bin) $(programs) > $@
$(bin)/man/%: docs/man/%.in docs/man/page.awk $(out)/rows
	$(call say,MAN,$@)mkdir -p $(@D) && awk -F '\t' -f docs/man/page.awk $(out)/rows $< > $@
$(completions): $(wildcard cli/completion/*) $(out)/rows
$(bin)/completion/sa-nat64: shell := bash
$(bin)/completion/_sa-nat64: shell := zsh
$(completions):
	$(call say,SHELL,$@)mkdir -p $(@D) && awk -F '\t' -v tail=cli/completion/tail.$(shell) \
		-f cli/completion/values.awk -f cli/completion/$(shell).awk $(out)/rows > $@

ifeq ($(VARIANT),fuzz)
fuzzers: $(fuzz-bins)
$(out)/fuzz.a: $(call objects,$(fuzz-support-srcs)) tests/fuzz/build.mk
	$(call say,AR,$@)mkdir -p $(@D) && rm -f $@ && ar rcsD $@ $(filter %.o,$^)
$(fuzz-bins): $(out)/%: $(out)/tests/fuzz/fuzz_%.o $(out)/fuzz.a $(archives)
	$(call say,LINK,$@)$(CC) $(all-ldflags) -fsanitize=fuzzer -o $@ $^ $(pkg-libs)
else
fuzzers:
	@$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
endif

-include $(patsubst %.c,$(out)/%.d,$(sources))

# ---- what else can be asked ----------------------------------------------------------------------------------

deps: deps-build deps-check deps-demo deps-bench deps-deb
deps-build deps-check deps-demo deps-bench deps-deb:
	@./tests/tools/deps.sh $(@:deps-%=%)

# After `sudo make` the build folder belongs to whom the tree belongs, who may want to run make without sudo.
hand-back = chown -R --reference=. build

check: deps-check
	@./tests/check.py; code=$$?; $(hand-back); exit $$code

soak: deps-check build
	@SOAK_SECONDS=$(SOAK_SECONDS) ./tests/scenario/85-soak.sh; code=$$?; $(hand-back); exit $$code

demo: deps-demo build
	@./netns/demo.sh; code=$$?; $(hand-back); exit $$code

demo-single: deps-demo build
	@./netns/demo-single.sh; code=$$?; $(hand-back); exit $$code

bench: deps-bench build bench-programs
	@./tests/bench/bench.sh
	@./tests/bench/sync.sh
	@./tests/bench/listing.sh
	@./tests/bench/commands.sh

bench-commands: deps-bench build
	@./tests/bench/commands.sh

bench-sync: deps-bench build bench-programs
	@./tests/bench/sync.sh

bench-listing: deps-bench build bench-programs
	@./tests/bench/listing.sh

bench-failover: deps-bench build
	@./tests/bench/failover.sh

asan: deps-check
	@$(MAKE) --no-print-directory VARIANT=asan tests

fuzz: deps-check
	@$(MAKE) --no-print-directory VARIANT=fuzz fuzzers
	@./tests/tools/fuzz.sh --seconds $(FUZZ_SECONDS) $(fuzzers)

sim: deps-check simulations
	@./tests/check.py --only '^sim/' --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))

cover: deps-check
	@$(MAKE) --no-print-directory VARIANT=cover tests
	@./tests/tools/cover.py

lint: deps-check $(proto-hdrs)
	@./tests/tools/lint.py

format: deps-check
	@git ls-files '*.c' '*.h' | xargs $(CLANG_FORMAT) -i

docs-files    := README.md LICENSE $(wildcard docs/*.md)
example-files := $(wildcard docs/examples/*.conf)
monitor-files := $(wildcard docs/monitoring/*)

daemons  := $(filter-out sa-nat64 sa-nat64-generator,$(programs))
bindir   := $(PREFIX)/bin
sbindir  := $(PREFIX)/sbin
libdir   := $(PREFIX)/lib/sa-nat64
datadir  := $(PREFIX)/share/sa-nat64
docdir   := $(PREFIX)/share/doc/sa-nat64
mandir   := $(PREFIX)/share/man
bashdir  := $(PREFIX)/share/bash-completion/completions
# Where zsh looks: below /usr Debian's looks elsewhere than others.
zshdir   ?= $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
unitdir  := $(PREFIX)/lib/systemd/system
sysusersdir := $(PREFIX)/lib/sysusers.d
tmpfilesdir := $(PREFIX)/lib/tmpfiles.d
confdir  := /etc/sa-nat64
frrdir   := /usr/lib/frr
fill-in  := sed $(foreach d,bindir sbindir libdir datadir docdir frrdir sysusersdir,-e 's|@$d@|$($d)|g')

install: build
	install -d $(addprefix $(DESTDIR),$(bindir) $(sbindir) $(docdir)/examples $(docdir)/monitoring $(libdir) $(datadir) $(unitdir) $(confdir))
	install -m 755 $(daemons:%=build/%) $(DESTDIR)$(sbindir)
	install -m 755 build/sa-nat64 $(DESTDIR)$(bindir)
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/lib/systemd/system-generators build/sa-nat64-generator
	set -e; $(foreach u,$(systemd-units),$(fill-in) 'systemd/$u.in' > '$(DESTDIR)$(unitdir)/$u'; chmod 644 '$(DESTDIR)$(unitdir)/$u';)
	set -e; $(fill-in) systemd/sa-nat64-units.in > $(DESTDIR)$(libdir)/sa-nat64-units; chmod 755 $(DESTDIR)$(libdir)/sa-nat64-units
	install -m 644 systemd/frr.conf $(DESTDIR)$(datadir)
	install -D -m 644 systemd/sysusers.conf $(DESTDIR)$(sysusersdir)/sa-nat64.conf
	install -D -m 644 systemd/tmpfiles.conf $(DESTDIR)$(tmpfilesdir)/sa-nat64.conf
	install -m 644 $(docs-files) $(DESTDIR)$(docdir)
	install -m 644 $(example-files) $(DESTDIR)$(docdir)/examples
	install -m 644 $(monitor-files) $(DESTDIR)$(docdir)/monitoring
	set -e; $(foreach m,$(pages),install -D -m 644 -t $(DESTDIR)$(mandir)/man$(subst .,,$(suffix $m)) $m;)
	install -D -m 644 -t $(DESTDIR)$(bashdir) build/completion/sa-nat64
	set -e; $(foreach p,$(daemons),ln -sf sa-nat64 $(DESTDIR)$(bashdir)/$p;)
	install -D -m 644 -t $(DESTDIR)$(zshdir) build/completion/_sa-nat64
	$(if $(DESTDIR),,-systemd-sysusers $(sysusersdir)/sa-nat64.conf && systemd-tmpfiles --create $(tmpfilesdir)/sa-nat64.conf)

# Whatever `install` puts there, and the folders that are empty then. The configuration and keys stay.
uninstall: build
	rm -rf build/uninstall
	@umask 022; $(MAKE) --no-print-directory install DESTDIR=$(CURDIR)/build/uninstall >/dev/null
	cd build/uninstall && find . ! -type d -printf '$(DESTDIR)/%P\0' | xargs -0 rm -f
	cd build/uninstall && find . -depth -mindepth 1 -type d -path '*sa-nat64*' -printf '$(DESTDIR)/%P\0' | \
		xargs -0 -r rmdir --ignore-fail-on-non-empty
	rm -rf build/uninstall

deb: deps-deb
	@./debian/build.sh '$(version)'; code=$$?; $(hand-back); exit $$code

clean:
	rm -rf build

help:
	@echo 'make            build the programs into build/ (root: installs missing Debian packages first)'
	@echo 'make check      every test; as root, because network namespaces are needed; about ten minutes'
	@echo 'make soak       mixed traffic with short timeouts for SOAK_SECONDS (600) seconds; every book must balance (root)'
	@echo 'make demo       two boxes and a router with BFD in namespaces; one box dies and returns (root; KEEP=1 leaves it up)'
	@echo 'make demo-single  an IPv6-only client, one box and IPv4 servers in namespaces (root; KEEP=1 leaves it up)'
	@echo 'make bench      throughput and session rates beside plain routing and tayga, bench-sync, bench-listing and bench-commands (root)'
	@echo 'make bench-sync what replication costs and how fast it is, beside conntrackd (root)'
	@echo 'make bench-listing  what a list of a million sessions costs, and what the traffic loses meanwhile (root)'
	@echo 'make bench-commands  what it takes to ask a box with all its programs: status, check, metrics, top (root)'
	@echo 'make bench-failover  how long traffic pauses when a box or a program fails, beside plain routing (root; 15 minutes)'
	@echo 'make install    into DESTDIR and PREFIX (/usr/local); make uninstall takes it away'
	@echo 'make deb        the Debian package, into build/deb'
	@echo 'make asan       programs, unit tests and vectors with address and undefined-behaviour sanitizers'
	@echo 'make fuzz       every fuzzer for FUZZ_SECONDS (600) seconds'
	@echo 'make sim        replication on SEEDS (20000) simulated bad networks; SEED=N repeats one'
	@echo 'make cover      line coverage of unit tests, vectors and golden tests, file by file'
	@echo 'make lint       layout, include rules, banned functions, size budgets, lists'
	@echo 'make format     lay out all C files with clang-format'
	@echo 'make deps       install the Debian packages of all targets (root)'
	@echo 'make clean      remove build/'
	@echo
	@echo 'V=1 shows commands, VARIANT=release|asan|fuzz|cover selects the build folder, WERROR= tolerates warnings.'

# For scripts: the value of a list, as in `make -s print-unit-tests`.
print-%:
	@echo '$($*)'
