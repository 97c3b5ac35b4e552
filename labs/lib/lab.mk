# What the labs' Makefiles share. A lab sets LAB (lab02) and includes this file.
#
#	make			labNN.ko for KDIR, and test
#	make KDIR=DIR		for the kernel whose headers are in DIR
#	make clean

KDIR ?= /lib/modules/$(shell uname -r)/build
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wformat=2

.DELETE_ON_ERROR:
.PHONY: all module clean help

all: module test

# Kbuild decides itself what has to be built anew.
module:
	@test -e "$(KDIR)/Makefile" || { echo "$(LAB): no kernel headers in $(KDIR):" \
		"install linux-headers-$$(uname -r), or name others with KDIR=" >&2; exit 1; }
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" W=1 modules

# Static: it runs in a machine that has no libc.
test: test.c $(LAB).h $(wildcard ../lib/*.h)
	$(CC) -std=gnu11 $(WARN) $(CPPFLAGS) $(CFLAGS) -static $(LDFLAGS) -o $@ $<

# By name, so that cleaning needs no kernel headers.
clean:
	rm -f test *.o .*.o *.ko *.mod *.mod.c .*.cmd .*.d modules.order Module.symvers

help:
	@echo 'make          build $(LAB).ko (for KDIR=$(KDIR)) and test'
	@echo 'make clean    remove what was built'
	@echo 'then          sudo insmod $(LAB).ko; sudo ./test; sudo rmmod $(LAB)'
