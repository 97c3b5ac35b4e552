# mmap labs: learn every way a Linux driver can implement mmap(), and be judged by page tables.
# Targets are verbs; what they do is in scripts. `make help` lists them.

LAB ?=
SUBMISSION ?=
OUT ?=
KERNEL ?= 6.1
export KERNEL ACCEL SEED FRESH SNAPSHOT SANDBOX

.DELETE_ON_ERROR:
.PHONY: help setup tools doctor grade check lint exam clean distclean

help:
	@sed -n 's/^#: //p' Makefile

#: make grade [LAB=02] [SUBMISSION=file.c|folder] [OUT=dir]   judge; without SUBMISSION the reference
#: make check      everything that must hold: lint, tools' tests, all references, the exam, both kernels
#: make setup      install what is missing (apt), fetch the kernels, build the tools
#: make doctor     what could be wrong with this machine, a line each, with the remedy
#: make lint       formatting, warnings, and that README, checks and rubric say the same
#: make exam [LAB=02]   grade the grader: wrong submissions are caught, right ones accepted
#: make clean      remove results; make distclean: the cache (kernels, tools, snapshots) as well
#: Variables: KERNEL=6.1|6.12  ACCEL=auto|tcg|kvm  SEED=n  FRESH=0  SNAPSHOT=0  SANDBOX=none
#: What `make` runs underneath has a --help of its own: grader/grade, grader/build, .cache/bin/vm, probe.

setup:
	@vm/setup

# Quietly, because every other target begins with it.
tools:
	@$(MAKE) -s -C vm
	@$(MAKE) -s -C labs/probe O=../../.cache/bin
	@$(MAKE) -s -C grader

doctor:
	@vm/doctor

grade: setup
	@LAB='$(LAB)' SUBMISSION='$(subst ','\'',$(SUBMISSION))' OUT='$(subst ','\'',$(OUT))' grader/grade-all

check: setup
	@grader/check

lint: tools
	@grader/lint

exam: setup
	@grader/exam/run $(if $(LAB),--lab $(LAB))

clean:
	rm -rf out

distclean: clean
	rm -rf .cache
