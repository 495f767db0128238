# chutils: channels for the Unix command line. `make help` lists the targets.

VERSION = 0.1.0
PREFIX = /usr/local
B = build/release

CC = gcc
PKG_CONFIG = pkg-config
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Wcast-qual
HARDEN = -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
	-fstack-clash-protection
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DCH_VERSION='"$(VERSION)"' -Ilib -Icmd \
	-fPIC -fvisibility=hidden -pthread -g -MMD -MP $(WARN) $(HARDEN) $(CFLAGS)
ALL_LDFLAGS = -pie -pthread -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS)

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

LIB_SRC = $(wildcard lib/*.c lib/base/*.c lib/model/*.c lib/layer/*.c \
	lib/mem/*.c lib/file/*.c)
COMMON_SRC = $(wildcard cmd/common/*.c)
SMALL = $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
BIG = $(patsubst cmd/%/main.c,%,$(wildcard cmd/*/main.c))
UNIT = $(patsubst tests/%.c,%,$(wildcard tests/unit/*.c tests/contract/*.c))
PROGRAMS = $(SMALL) $(BIG)

obj = $(patsubst %.c,$(B)/%.o,$(1))
LIB_OBJ = $(call obj,$(LIB_SRC))
COMMON_OBJ = $(call obj,$(COMMON_SRC))

LIBS = -ljansson
LIBS_chtail = -lreadline
LIBS_chserve = $(shell $(PKG_CONFIG) --libs libwebsockets)
LIBS_chwork = -lpcre2-8

all: $(PROGRAMS:%=$(B)/bin/%)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libchannel.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(SMALL:%=$(B)/bin/%): $(B)/bin/%: $(B)/cmd/%.o $(COMMON_OBJ) $(B)/libchannel.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(LIBS_$*)

define big
$(B)/bin/$(1): $(call obj,$(wildcard cmd/$(1)/*.c)) $(COMMON_OBJ) $(B)/libchannel.a
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LIBS) $$(LIBS_$(1))
endef
$(foreach p,$(BIG),$(eval $(call big,$(p))))

$(UNIT:%=$(B)/tests/%): $(B)/tests/%: $(B)/tests/%.o $(B)/libchannel.a
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

tests: $(UNIT:%=$(B)/tests/%)

clean:
	rm -rf build

.PHONY: all tests clean
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
