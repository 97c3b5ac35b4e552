# mmap labs: learn every way a Linux driver can implement mmap(), and be judged by page tables.
# Targets are verbs; what they do is in scripts. `make help` lists them.

LAB ?=
SUBMISSION ?=
OUT ?=
KERNEL ?= 6.1
export LAB KERNEL ACCEL SEED FRESH SNAPSHOT SANDBOX LEVEL HINTS N ROUNDS

.DELETE_ON_ERROR:
.PHONY: help setup tools doctor start grade hint watch try shell debug check lint exam bench soak walk handout clean distclean

help:
	@sed -n 's/^#: //p' Makefile

#: make grade [LAB=02] [SUBMISSION=file.c|folder] [OUT=dir]   judge; without SUBMISSION the reference
#: make start LAB=01 [LEVEL=1|2|3]   your copy to work on, work/01-…/lab01.c; never overwrites
#: make hint LAB=01    one more explicit hint for the first broken promise
#: make watch LAB=01   judge again at every save
#: make try LAB=01     a guided tour in the machine: maps, smaps, dmesg, page tables
#: make shell LAB=01   a machine with the lab in it; Ctrl-] leaves
#: make debug LAB=01   the same under gdb
#: make check      everything that must hold: lint, tools' tests, all references, the exam, both kernels
#: make setup      install what is missing (apt), fetch the kernels, build the tools
#: make doctor     what could be wrong with this machine, a line each, with the remedy
#: make lint       formatting, warnings, and that README, checks and rubric say the same
#: make exam [LAB=02]   grade the grader: wrong submissions are caught, right ones accepted
#: make soak [N=20] [LAB=02]   the same grade N times alone and N times beside busy processors
#: make bench [ROUNDS=5]   what it costs, against plain QEMU; table, JSON, plot
#: make walk     record docs/walk.md and its pictures anew: every command of a student's road, for real
#: make handout [LEVEL=2] [HINTS=1]   a tarball without solutions, exam, hints and answers
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

start handout:
	@grader/student/$@

hint watch try shell debug: setup
	@grader/student/$@

check:
	@vm/setup grader/packages
	@grader/check

lint: tools
	@grader/lint

walk: setup
	@grader/student/walk

bench: setup
	@grader/bench/run

soak: setup
	@LAB='$(LAB)' SUBMISSION='$(subst ','\'',$(SUBMISSION))' grader/soak

exam: setup
	@grader/exam/run $(if $(LAB),--lab $(LAB))

clean:
	rm -rf out

distclean: clean
	rm -rf .cache
