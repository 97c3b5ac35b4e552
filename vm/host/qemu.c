/* SPDX-License-Identifier: GPL-2.0-only */
/* The QEMU command line; qemu.h is the manual. Every option that is not obvious has its reason. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qemu.h"

#define QEMU "qemu-system-x86_64"

/* The far ends of the wires have fixed numbers in QEMU, so that the command line never varies. */
enum { FD_CONSOLE = 10, FD_AGENT, FD_MONITOR, FD_SHELL, FD_RAM, FD_SHMEM, FD_END };
#define FD_COUNT (FD_END - FD_CONSOLE)

static char *kernel_options(const struct profile *profile)
{
	/*
	 * quiet: the serial line is slow; init turns the log on.  panic=-1: a panic ends the VM.
	 * no_timer_check: without it, boots under load panic in setup_IO_APIC.
	 * cryptomgr.notests, lsm=, audit=0, ipv6.disable=1, noapictimer (one CPU only): boot time.
	 * acpi=noirq: with ACPI's interrupt routing, enabling a PCI device takes 100 ms of
	 * interpreted bytecode, for interrupts that nobody uses (one CPU only: the other one needs
	 * the tables). nokaslr: the same addresses in every log.  memmap: the bench's reserved RAM.
	 * mem=160M, the dirty machine: all free memory is to be filled, so there had better be
	 * little; but of what is free six megabytes stay clean, so not too little (on QEMU 10
	 * the queues of virtio-serial take 36 MB of it, with slub_debug around each buffer).
	 */
	return text("console=ttyS0 quiet panic=-1 cryptomgr.notests tsc=reliable no_timer_check "
		    "random.trust_cpu=on nokaslr lsm= audit=0 ipv6.disable=1 i8042.noaux "
		    "i8042.nokbd i8042.nopnp memmap=1M$0x8000000%s%s",
		    profile->cpus == 1 ? " noapictimer acpi=noirq pci=nomsi" : "",
		    profile->dirty ? " slub_debug=FZPU init_on_alloc=0 mem=160M" : "");
}

static void add(struct bytes *line, char *argument)
{
	bytes_add(line, argument, strlen(argument));
	bytes_add(line, "\n", 1);
	free(argument);
}

char *qemu_line(const struct machine *machine, enum memory memory)
{
	const struct profile *profile = &machine->profile;
	bool alone = profile->cpus > 1 && memory == MEMORY_BOOTED && !profile->cold;
	struct bytes line = {0};

#define ADD(...) add(&line, text(__VA_ARGS__))
	ADD(QEMU);
	ADD("-nodefaults");
	ADD("-no-user-config");
	ADD("-no-reboot");
	ADD("-display");
	ADD("none");
	ADD("-sandbox");
	ADD("on,obsolete=deny,elevateprivileges=deny,spawn=deny");
	/* A versioned machine: a snapshot outlives an upgrade of QEMU or is refused cleanly. */
	ADD("-machine");
	ADD("pc-i440fx-7.2,memory-backend=ram");
	/*
	 * Single-threaded to boot two CPUs for a snapshot: where each has a thread, one now and
	 * then runs into a breakpoint of the kernel rewriting its code after the rewriting is over,
	 * and on a busy host one boot of ninety ended in "Oops: int3". Who runs from the snapshot
	 * wants real races.
	 */
	ADD("-accel");
	ADD(profile->kvm ? "kvm" : alone ? "tcg,thread=single" : "tcg");
	/*
	 * -cx16: on QEMU 7.2, restored 6.12 guests double-fault with it.
	 * +rdrand,+rdseed: the first getrandom() blocks for a second without them.
	 */
	ADD("-cpu");
	ADD(profile->kvm ? "host,migratable=on" : "qemu64,-cx16,+rdrand,+rdseed");
	ADD("-smp");
	ADD("%u", profile->cpus);
	ADD("-m");
	ADD("%u", GUEST_RAM >> 20);
	ADD("-object");
	ADD("memory-backend-file,id=ram,size=%u,share=%s,mem-path=/dev/fd/%d", GUEST_RAM,
	    memory == MEMORY_PRIVATE ? "off" : "on", FD_RAM);
	ADD("-chardev");
	ADD("socket,id=console,fd=%d", FD_CONSOLE);
	ADD("-serial");
	ADD("chardev:console");
	ADD("-chardev");
	ADD("socket,id=monitor,fd=%d", FD_MONITOR);
	ADD("-mon");
	ADD("chardev=monitor,mode=control");
	ADD("-device");
	ADD("virtio-serial-pci,addr=4,max_ports=4");
	ADD("-chardev");
	ADD("socket,id=agent,fd=%d", FD_AGENT);
	ADD("-device");
	ADD("virtserialport,chardev=agent,name=org.mmap-labs.agent");
	ADD("-chardev");
	ADD("socket,id=shell,fd=%d", FD_SHELL);
	ADD("-device");
	ADD("virtconsole,chardev=shell");
	if (profile->pci) {
		/* Last and at fixed addresses: inside a snapshot edu silently reads 0. */
		ADD("-object");
		ADD("memory-backend-file,id=shmem,size=%u,share=on,mem-path=/dev/fd/%d", SHMEM_SIZE,
		    FD_SHMEM);
		ADD("-device");
		ADD("ivshmem-plain,memdev=shmem,addr=10");
		ADD("-device");
		ADD("edu,addr=" EDU_SLOT);
	}
	if (profile->gdb) {
		ADD("-chardev");
		ADD("socket,id=gdb,server=on,wait=off,path=%s", profile->gdb);
		ADD("-gdb");
		ADD("chardev:gdb");
	}
	ADD("-kernel");
	add(&line, cache_path("kernels/%s/vmlinux", profile->kernel));
	ADD("-initrd");
	add(&line, cache_path("kernels/%s/initramfs.cpio", profile->kernel));
	ADD("-append");
	add(&line, kernel_options(profile));
	if (memory != MEMORY_BOOTED) {
		ADD("-incoming");
		ADD("defer");
	}
#undef ADD
	bytes_add(&line, "", 1);
	return (char *)line.data;
}

static int far_end(int *near)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("socketpair:");
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*near = pair[0];
	return pair[1];
}

int qemu_memory(const char *name, uint32_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size))
		die("%s, %u bytes of memory:", name, size);
	return fd;
}

/* In the child: descriptors get their numbers, and QEMU is bound to its parent's life. */
static void become_qemu(char *line, const int far[], pid_t parent, const char *stderr_path)
{
	char *argv[128];
	size_t count = 0;
	int high[FD_COUNT];
	int errors = open(stderr_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		dup2(fd ? errors : nothing, fd);
	/* Above all fixed numbers first, or one dup2 could overwrite the source of the next. */
	for (int i = 0; i < FD_COUNT; i++)
		high[i] = far[i] >= 0 ? fcntl(far[i], F_DUPFD_CLOEXEC, 100) : -1;
	for (int i = 0; i < FD_COUNT; i++)
		if (high[i] >= 0)
			dup2(high[i], FD_CONSOLE + i);
	for (char *at = strtok(line, "\n"); at && count < 127; at = strtok(NULL, "\n"))
		argv[count++] = at;
	argv[count] = NULL;
	/* Huge pages for its heap: a third of its page faults less. */
	setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
	execvp(argv[0], argv);
	dprintf(2, "%s: %s; run: make setup\n", argv[0], strerror(errno));
	_exit(127);
}

void qemu_start(struct machine *machine, enum memory memory, const char *stderr_path)
{
	int far[FD_COUNT] = {-1, -1, -1, -1, -1, -1};
	char *line;
	pid_t self = getpid();

	machine->shmem = machine->profile.pci ? qemu_memory("ivshmem", SHMEM_SIZE) : -1;
	far[0] = far_end(&machine->console);
	far[1] = far_end(&machine->agent);
	far[2] = far_end(&machine->monitor);
	far[3] = far_end(&machine->shell);
	far[FD_RAM - FD_CONSOLE] = machine->ram;
	far[FD_SHMEM - FD_CONSOLE] = machine->shmem;
	line = qemu_line(machine, memory);
	machine->born = now_ms();
	machine->qemu = fork();
	if (machine->qemu < 0)
		die("fork:");
	if (!machine->qemu)
		become_qemu(line, far, self, stderr_path);
	free(line);
	machine->qemu_fd = pidfd_open(machine->qemu, 0);
	for (int i = 0; i < 4; i++)
		close(far[i]);
}
