# SPDX-License-Identifier: MIT
# A thin front to meson. `make help` lists what there is.
SHELL := /bin/bash
CC ?= gcc
export CC
PLAIN := build/plain
ASAN := build/asan
TSAN := build/tsan
SETUP := meson setup --prefix=$(or $(PREFIX),/usr/local)

.PHONY: all build deps test check asan tsan demo bench install clean format help

all: build

deps:
	@scripts/deps build

build: deps $(PLAIN)/build.ninja
	@ninja -C $(PLAIN)
	@ln -sfn plain/scsinet/scsinet build/scsinet
	@ln -sfn plain/tools/ntio build/ntio

$(PLAIN)/build.ninja:
	@$(SETUP) $(PLAIN) >/dev/null || { cat $(PLAIN)/meson-logs/meson-log.txt; exit 1; }

$(ASAN)/build.ninja: | deps
	@$(SETUP) -Db_sanitize=address,undefined -Db_lundef=false $(ASAN) >/dev/null

$(TSAN)/build.ninja: | deps
	@$(SETUP) -Db_sanitize=thread -Db_lundef=false $(TSAN) >/dev/null

test:
	@scripts/deps test
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory $(ASAN)/build.ninja $(TSAN)/build.ninja
	@python3 tests/run.py $(PLAIN) $(ASAN) $(TSAN):concurrent

check:
	@scripts/deps test
	@$(MAKE) --no-print-directory build
	@python3 tests/run.py $(PLAIN)

asan: deps $(ASAN)/build.ninja
	@python3 tests/run.py $(ASAN)

tsan: deps $(TSAN)/build.ninja
	@python3 tests/run.py $(TSAN):concurrent

demo:
	@scripts/deps demo
	@$(MAKE) --no-print-directory build
	@scripts/demo

bench:
	@scripts/deps bench
	@$(MAKE) --no-print-directory build
	@bench/run

install: build
	@meson install -C $(PLAIN) --no-rebuild

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build

help:
	@echo "make          build into build/ (programs: build/scsinet, build/ntio)"
	@echo "make demo     share a disc from one process to another, in a minute"
	@echo "make test     all tests: plain, then ASan+UBSan, the concurrent ones under TSan"
	@echo "make check    all tests in the plain build only (the inner loop)"
	@echo "make asan     all tests under ASan+UBSan"
	@echo "make tsan     the concurrent tests under TSan"
	@echo "make bench    measure"
	@echo "make install  install below PREFIX (default /usr/local; DESTDIR is honoured)"
	@echo "make format   clang-format over the sources"
	@echo "make clean    remove build/"
	@echo "CC=clang makes another compiler's build (after make clean)"
