# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # sourced by record and by run, which have BIN; scripts in quotes
# What is asked in the recorded sessions. `record` asks a real machine, the tests the one that is replayed: each
# session prints what it was told, and that is to be the same.

SESSIONS=(verbs walk snapshot kept grade)

# asked COMMAND… - what it says, and its exit status.
asked() {
	local status=0
	"$@" 2>&1 || status=$?
	echo "= $status"
}

# verbs_session - what can be asked of the agent.
verbs_session() {
	local vm=$BIN/vm
	printf 'delivered\n' >file
	asked "$vm" start m --cold --accel tcg --owner $$
	asked "$vm" put m file /tmp/there 0644
	asked "$vm" get m /tmp/there
	asked "$vm" get m /nowhere
	asked "$vm" load m file
	asked "$vm" run m --deadline 1000 -- /bin/busybox sh -c 'echo said; echo complained >&2; exit 7'
	asked "$vm" spawn m -- /bin/busybox sh -c 'read line; echo "heard $line"; exec sleep 100'
	asked "$vm" send m 1 words
	asked "$vm" await m 1 heard
	asked "$vm" kill m 1 9
	asked "$vm" wait m 1
	asked "$vm" status m --taint
	asked "$vm" stop m
}

# walk_session - a look from outside, in vain: guest memory is neither the tap's nor that of a replayed machine.
walk_session() {
	local vm=$BIN/vm address
	asked "$vm" start m --cold --accel tcg --owner $$
	asked "$vm" put m "$BIN/probe" /tmp/probe
	asked "$vm" spawn m -- /tmp/probe map 1 rw anon-shared touch spin 0x5ca1ab1e
	address=$("$vm" await m 1 spin=ready | sed -n 's/^addr=//p')
	asked echo "$address"
	asked "$vm" walk m 0x5ca1ab1e "$address" | sed 's/0x[0-9a-f]*/0x…/g'
	asked "$vm" stop m | sed 's/0x[0-9a-f]*/0x…/g'
}

# snapshot_session - a machine is booted to be kept, and one restored from it. The name of the snapshot is another
# one for every QEMU.
snapshot_session() {
	own_cache
	asked cache/bin/vm start m --accel tcg --owner $$ | sed 's/-[0-9a-f]\{16\}//'
	asked cache/bin/vm status m --taint
	asked cache/bin/vm stop m
}

# kept_session - a machine that is kept, and one that starts from it.
kept_session() {
	local vm=$BIN/vm
	asked "$vm" start m --cold --keepable --accel tcg --owner $$
	asked "$vm" keep m
	asked "$vm" start n --from m --accel tcg --owner $$
	asked "$vm" status n --taint
	asked "$vm" stop n
	asked "$vm" stop m
}

# grade_session - three promises of a reference, all on one machine that was booted.
grade_session() {
	printf '%s\n' 'builds without a warning on 6.1 and 6.12' 'Rss stays 0' 'mremap() cannot grow the mapping' >few
	SEED=1 FRESH=0 SNAPSHOT=0 ACCEL=tcg asked "$GRADER/grade" --lab 02 --out out --format none --only few \
		"$KIT/labs/02-remap_pfn_range/lab02.c"
	jq -r '.status, (.checks[] | select(.status != "skip") | "\(.status) \(.name)")' out/report.json
}

# own_cache - a cache in ./cache with the kernels of ours, and no snapshot yet.
own_cache() {
	mkdir -p cache/bin
	cp "$BIN/vm" cache/bin/
	ln -s "$KIT/.cache/kernels" cache/kernels
}
