# chutils: channels for the Unix command line. `make help` lists the targets.
#
# Every flavour (release, asan, tsan, fuzz, cover) builds into its own B, so
# they never mix. CFLAGS, CPPFLAGS and LDFLAGS are the user's: last, they win.

VERSION = 0.1.0
# The commit, where there is git: --version says it.
BUILD = $(shell test -e .git && git describe --always --dirty --exclude='*' \
	2>/dev/null | sed 's/^/+/')
SONAME = libchannel.so.0
PREFIX = /usr/local
FLAVOUR = release
B = build/$(FLAVOUR)

CC = gcc
PKG_CONFIG = pkg-config
JOBS = $(shell nproc)
FUZZ_TIME = 60

# --- flags -------------------------------------------------------------------

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wcast-qual \
	$(if $(filter true 1,$(CI) $(WERROR)),-Werror)

SANITIZE = -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all -fsanitize
FLAGS_release = $(OPTIMIZE) -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fstack-clash-protection
FLAGS_asan = $(SANITIZE)=address,undefined
FLAGS_tsan = $(SANITIZE)=thread
FLAGS_fuzz = $(SANITIZE)=fuzzer-no-link,address,undefined
FLAGS_cover = -O0 --coverage
FLAGS = -g -pthread $(FLAGS_$(FLAVOUR))

# For speed, but the library for size, save where messages pass.
OPTIMIZE = -O2
HOT = base/buf base/hash file/chan file/chans file/queue file/receive \
	file/records file/send file/sub layer/receive layer/send model/json \
	model/name model/reader

COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -DCH_VERSION='"$(VERSION)"' -Ilib -Icmd \
	-Itests -fPIC -fvisibility=hidden -MMD -MP $(WARN) $(FLAGS) \
	$(CPPFLAGS) $(CFLAGS)
LINK = $(CC) $(FLAGS) -Wl,-z,relro,-z,now -Wl,--as-needed $(CFLAGS)

# Archives, where there are any, start faster: jansson's saves a one-shot
# 0.05 ms, readline's a chtail that has no prompt 0.12 ms.
archive = $(or $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),-l$(1))
JANSSON = $(call archive,jansson)
LIBS_chtail = $(call archive,readline) $(call archive,tinfo)
LIBS_chwork = $(shell $(PKG_CONFIG) --libs libcurl libcrypto libpcre2-8)
LIBS_chsession = -lcrypt
LIBS_chserve = $(shell $(PKG_CONFIG) --libs libwebsockets libnghttp2 openssl zlib)

MAKEFLAGS += --no-print-directory
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

# --- what there is -----------------------------------------------------------

obj = $(patsubst %.c,$(B)/%.o,$(1))
LIB_OBJ = $(call obj,$(wildcard lib/*.c lib/*/*.c))
COMMON_OBJ = $(call obj,$(wildcard cmd/common/*.c))
PROGRAMS = $(sort $(patsubst cmd/%.c,%,$(wildcard cmd/*.c)) \
	$(patsubst cmd/%/main.c,%,$(wildcard cmd/*/main.c)))
test = $(patsubst %.c,$(B)/%,$(wildcard $(1)))
UNIT = $(call test,tests/unit/*.c)
CONTRACT = $(call test,tests/contract/*.c)
BENCH = $(call test,tests/bench/*.c)
HOSTILE = $(B)/tests/hostile/hostile
FUZZ = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
CLI = $(wildcard tests/cli/*.bats)
BROWSER = $(wildcard tests/browser/*.bats)
LINT = $(wildcard tests/lint/*.bats)

$(filter-out $(HOT:%=$(B)/lib/%.o),$(LIB_OBJ)): OPTIMIZE = -Os
$(B)/cmd/common/opt.o: COMPILE += -DCH_BUILD='"$(BUILD)"'

# --- building ----------------------------------------------------------------

all: $(PROGRAMS:%=$(B)/bin/%) $(B)/$(SONAME) ## build everything
tests: $(UNIT) $(CONTRACT) $(BENCH) $(HOSTILE)
$(B)/cmd/common/opt.o: $(wildcard .git/logs/HEAD)
$(B)/cmd/chserve/console.o: cmd/chserve/console.html
$(B)/cmd/chserve/script.o: cmd/chserve/chutils.js

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(COMPILE) -c -o $@ $<

$(B)/libchannel.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(B)/$(SONAME): $(LIB_OBJ)
	$(call say,LD,$@)$(LINK) -shared -Wl,-z,defs -Wl,-soname,$(SONAME) -o $@ $^ \
		-ljansson $(LDFLAGS)

.SECONDEXPANSION:
$(PROGRAMS:%=$(B)/bin/%): $(B)/bin/%: $$(call obj,$$(wildcard cmd/$$*.c cmd/$$*/*.c)) \
		$(COMMON_OBJ) $(B)/libchannel.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(LINK) -pie -o $@ $^ $(JANSSON) $(LIBS_$*) $(LDFLAGS)

# A test that is named after a program, as chwork_lanes, gets its room.
room = $(firstword $(subst _, ,$(notdir $(1))))
room_src = $(filter-out %/main.c,$(wildcard cmd/$(room)/*.c))
room_obj = $(and $(room_src),$(call obj,$(room_src)) $(COMMON_OBJ))

$(UNIT) $(CONTRACT) $(BENCH): %: %.o $$(call room_obj,$$*) $(B)/libchannel.a
	$(call say,LD,$@)$(LINK) -pie -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(JANSSON) $(LIBS_$(call room,$@)) $(LDFLAGS)

# What loads the server is in several files.
$(B)/tests/bench/load: $(call obj,$(wildcard tests/bench/web/*.c))

$(HOSTILE): $(call obj,$(wildcard tests/hostile/*.c))
	$(call say,LD,$@)$(LINK) -pie -o $@ $^ $(LDFLAGS)

# A backend that is loaded on demand, for the test that loads it.
$(B)/tests/unit/open: | $(B)/tests/unit/libchannel-remote.so
$(B)/tests/unit/libchannel-%.so: $(B)/tests/unit/plugin/%.o
	$(call say,LD,$@)$(LINK) -shared -o $@ $<

$(FUZZ:%=$(B)/tests/fuzz/%): %: %.o $$(call room_obj,$$*) $(B)/libchannel.a
	$(call say,LD,$@)$(LINK) -fsanitize=fuzzer -o $@ $^ $(JANSSON) \
		$(LIBS_$(call room,$@)) $(LDFLAGS)

# --- checking ----------------------------------------------------------------

flavour = $(MAKE) -j$(JOBS) FLAVOUR=$(1) B=$(B:/release=)/$(1)
PROVE = CH_BIN=$(abspath $(B))/bin prove -fo -j$(JOBS) --exec tests/run

check: ## install what is missing, build, run every test
	$(Q)packaging/deps check
	$(Q)$(MAKE) -j$(JOBS) all tests
	$(Q)$(PROVE) $(UNIT) $(CONTRACT) $(CLI) $(BROWSER) $(LINT)

unit: $(UNIT) ## the rooms of lib/, one by one
	$(Q)$(PROVE) $(UNIT)

contract: $(CONTRACT) ## the same cases over every backend
	$(Q)$(PROVE) $(CONTRACT)

cli: all ## the programs
	$(Q)$(PROVE) $(CLI)

browser: all ## the examples in a real browser
	$(Q)$(PROVE) $(BROWSER)

lint: all ## the tree itself: floors, symbols, pages, scripts
	$(Q)$(PROVE) $(LINT)

asan: ## everything again under address and undefined-behaviour sanitizers
	$(Q)$(call flavour,asan) sanitized \
		CLI='$(filter-out %/house.bats,$(CLI))'

tsan: ## what has threads, under the thread sanitizer
	$(Q)$(call flavour,tsan) sanitized CLI= BROWSER=

# Reports go to files, so that no test can swallow one.
sanitized: all tests
	$(Q)rm -f $(B)/report.*
	$(Q)opts=log_path=$(abspath $(B))/report:exitcode=86; \
	ASAN_OPTIONS=$$opts TSAN_OPTIONS=$$opts UBSAN_OPTIONS=print_stacktrace=1 \
		$(PROVE) $(UNIT) $(CONTRACT) $(CLI) $(BROWSER); rc=$$?; \
	cat $(B)/report.* 2>/dev/null && exit 1; exit $$rc

fuzz: ## every fuzzer for FUZZ_TIME seconds (60)
	$(Q)$(call flavour,fuzz) -Otarget CC=clang fuzzed

fuzzed: $(FUZZ:%=fuzzed-%)

fuzzed-%: $(B)/tests/fuzz/%
	$(Q)mkdir -p $(B)/corpus/$* && echo "fuzz: $*" && \
	$< -max_total_time=$(FUZZ_TIME) -timeout=10 $(FUZZ_FLAGS) \
		-verbosity=0 -print_final_stats=1 -artifact_prefix=$(B)/$*- \
		$(B)/corpus/$* tests/fuzz/corpus/$*

model: ## what Spin proves of queue, lock and bell (Debian: spin)
	$(Q)mkdir -p $(B)/model
	$(Q)for late in '' -DLATE; do \
		(cd $(B)/model && spin $$late -a $(abspath tests/model/bell.pml) && \
		$(CC) -w -O2 -DSAFETY -DNOCLAIM -o pan pan.c && \
		./pan -m200000 | tee log && grep -q 'errors: 0' log) || exit; \
	done

bench: all $(BENCH) ## the figures, ours beside a reference of the same run
	$(Q)CH_BIN=$(abspath $(B))/bin tests/bench/run

hostile: all $(BENCH) $(HOSTILE) ## ten thousand hostile clients at once, of every kind
	$(Q)CH_BIN=$(abspath $(B))/bin tests/hostile/run

cover: ## lines run by the tests, file by file
	$(Q)$(call flavour,cover) covered

covered: all tests
	$(Q)find $(B) -name '*.gcda' -delete
	$(Q)$(PROVE) $(UNIT) $(CONTRACT) $(CLI)
	$(Q)tests/cover $(B)

format: ## clang-format every C file
	clang-format -i $$(git ls-files '*.[ch]')

# --- running and installing --------------------------------------------------

deps: ## install what building and the demo need
	$(Q)packaging/deps

deps-check: ## install what the tests need as well
	$(Q)packaging/deps check

demo: ## the chat in your browser, until Ctrl-C
	$(Q)packaging/deps
	$(Q)$(MAKE) all
	$(Q)packaging/demo $(B)/bin

UNITS = $(patsubst packaging/systemd/%.in,%,$(wildcard packaging/systemd/*.in))

# One MODE|FROM|TO a file, TO below PREFIX.
to = $(foreach f,$(wildcard $(2)),$(1)|$(f)|$(3)/$(or $(4),$(notdir $(f))))
FILES = $(foreach p,$(PROGRAMS),755|$(B)/bin/$(p)|bin/$(p)) \
	755|$(B)/$(SONAME)|lib/$(SONAME) 644|$(B)/libchannel.a|lib/libchannel.a \
	644|$(B)/channel.pc|lib/pkgconfig/channel.pc \
	$(call to,644,lib/*.h,include) \
	$(foreach n,1 3 5 7,$(call to,644,man/*.$(n),share/man/man$(n))) \
	$(call to,644,completions/bash/*,share/bash-completion/completions) \
	$(call to,644,completions/zsh/*,share/zsh/site-functions) \
	$(call to,644,completions/fish/*,share/fish/vendor_completions.d) \
	$(foreach u,$(UNITS),644|$(B)/systemd/$(u)|lib/systemd/system/$(u)) \
	$(call to,644,README.md CHANGELOG.md LICENSE,share/doc/chutils)

# PREFIX may have changed.
$(B)/channel.pc: lib/channel.pc.in FORCE
	@mkdir -p $(@D)
	$(Q)sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' $< > $@

$(B)/systemd/%: packaging/systemd/%.in FORCE
	@mkdir -p $(@D)
	$(Q)sed 's|@PREFIX@|$(PREFIX)|' $< > $@

install: all $(B)/channel.pc $(UNITS:%=$(B)/systemd/%) ## below DESTDIR and PREFIX (/usr/local)
	$(Q)for f in $(patsubst %,'%',$(FILES)); do \
		IFS='|'; set -- $$f; \
		install -D -m $$1 $$2 '$(DESTDIR)$(PREFIX)'/$$3 || exit; \
	done
	$(Q)ln -sf $(SONAME) '$(DESTDIR)$(PREFIX)'/lib/libchannel.so

uninstall: ## remove what install put there
	$(Q)rm -f $(foreach f,$(FILES) lib|x|lib/libchannel.so,\
		'$(DESTDIR)$(PREFIX)/$(lastword $(subst |, ,$(f)))')

clean: ## remove build/
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-11s %s\n", $$1, $$2 }' \
		Makefile

.PHONY: all tests check unit contract cli browser lint asan tsan sanitized \
	fuzz fuzzed model bench hostile cover covered format deps deps-check demo install uninstall \
	clean help FORCE
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
