# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2153,SC2154 # one program in four files: what one sets, another reads
# A check's machine: start it, load the module, ask it, say what became of it.
#
# M is the machine's folder, CHECK the folder of the check's evidence. All that is asked and answered
# goes into CHECK/transcript.

TAINT_BASELINE=12288 # out of tree, unsigned

# machine_start [OPTION…] - a fresh machine in M.
machine_start() {
	[[ ! -e $M ]] || rm -rf "$M"
	[[ -d ${M%/*} ]] || mkdir -p "${M%/*}"
	# A machine ends with the process of its check; one that is kept ends with that of its file.
	local owner=${CHECK_PROCESS:-$$}
	[[ $M == "$OUT"/machines/* ]] && owner=$FILE_PROCESS
	[[ $M == "$OUT"/stage ]] && owner=${GRADE_PROCESS:-$FILE_PROCESS}
	"$BIN/vm" start "$M" --kernel "$KERNEL" --owner "$owner" --program "$BIN/probe" "$@" 2>>"$CHECK/transcript" 3>&- || {
		# A machine with the module in it that does not even wake up is the module's fault, not the kit's.
		local fate='' why=''
		read -r fate why <"$M/fate" || true
		if [[ "$*" == --from* && $fate =~ ^(panic|hang|lost)$ ]]; then
			differs "the machine survives" "$fate: $why"
		else
			trouble "the machine did not start, see ${M#"$OUT"/}"
		fi
		return 1
	}
}

# machine_take [OPTION…] - the machine for a check: a fresh one; with FRESH=0 the one before, if it
# is healthy and of the same kind. Who wants one of his own gets that, too, if only the gate has used it.
machine_take() {
	local kind="${*:-plain}"
	kind=$OUT/machines/${kind// /}
	if [[ ${FRESH:-1} == 0 && ($NEEDS != *" machine:own "* || ! -e $kind/used) ]]; then
		M=$kind
		[[ -e $M/ctl ]] && request status && [[ $SAID == alive ]] && return
	fi
	machine_start "$@"
}

# stage_started [OPTION…] / stage_kept - the machine of the gate. Where every check has one of its own, it is
# kept with the module just loaded: what needs nothing else starts from there, and not one module has
# been used before. A log with complaints is not passed on.
stage_started() {
	if [[ ${FRESH:-1} == 0 || ${SNAPSHOT:-1} == 0 || $# != 0 ]]; then
		machine_take "$@"
		return
	fi
	M=$OUT/stage
	machine_start --keepable
}

stage_kept() {
	ask status --taint
	[[ $SAID != broken* ]] || trouble "the machine broke: ${SAID#*$'\n'}"
	[[ $SAID == alive* ]] || return 1
	[[ $M == "$OUT"/stage ]] && ! oopsed "$M" || return 0
	ask keep || return 1
	M=$CHECK/machine
	machine_start --from "$OUT/stage"
}

# machine_is_shared - whether the next check may get the machine that this one has.
machine_is_shared() {
	[[ $M == "$OUT"/machines/* ]]
}

# traced EVENT… - switches tracepoints of the kernel on. / traces_end - and all of them off, before somebody else
# gets the machine.
traced() {
	local event
	for event; do
		ask write "/sys/kernel/tracing/events/$event/enable" 1 || return 1
		TRACED+=" $event"
	done
}

traces_end() {
	local event
	[[ -n ${TRACED:-} ]] || return 0
	for event in $TRACED; do
		ask write "/sys/kernel/tracing/events/$event/enable" 0 || return 1
	done
	trace_cleared || return 1
	# Emptied by being opened for truncation, too: the probes a check has made.
	ask put /dev/null /sys/kernel/tracing/kprobe_events
}

# trace_cleared - opening the trace for truncation empties the kernel's ring buffer.
trace_cleared() {
	ask put /dev/null /sys/kernel/tracing/trace
}

# machine_release STATUS - gives it back: with FRESH=0 to the next check if it is healthy. A check that loads the module
# itself and fails may leave more behind than can be tidied up.
machine_release() {
	if machine_is_shared && [[ -n $HEALTHY && ($1 == pass || $NEEDS != *" module:no "*) ]]; then
		local job
		for job in ${JOBS:-}; do
			request kill "$job" 9 || true
			request wait "$job" || true
		done
		if traces_end && { [[ $NEEDS == *" module:no "* ]] || module_unloads >/dev/null 2>&1; }; then
			[[ $CHECK == "$OUT"/evidence/gate ]] || : >"$M/used"
			[[ $1 == pass ]] || { mkdir -p "$CHECK/machine" && cp "$M/console.log" "$CHECK/machine/"; }
			return
		fi
	fi
	[[ ! -e $M/ctl ]] || machine_stop
}

machine_stop() {
	request stop || true
	[[ $M == "$CHECK"/* ]] || cp -r "$M" "$CHECK/machine" 2>/dev/null || true
}

# machine_verdict STATUS - VERDICT, the check's status in the light of what became of the machine, which ends
# with this unless another check may have it: if it is HEALTHY.
machine_verdict() {
	local fate last=stop
	HEALTHY=
	! machine_is_shared || last=status
	if [[ -e $M/ctl ]]; then
		request $last --taint || true
		fate=$SAID
	else
		# It has ended by itself, at its start: "word why".
		fate=$(<"$M/fate")
		fate=${fate/ /$'\n'}
	fi
	# A process that oopses in mmap() dies with a lock that its own end waits for: the oops came first.
	[[ $fate != alive* && $fate != hang* ]] || ! oopsed "$M" || fate=oops
	VERDICT=${fate%%$'\n'*}
	case $VERDICT in
	alive)
		VERDICT=$1
		(((${fate#alive} & ~TAINT_BASELINE) == 0)) && HEALTHY=yes
		# Bit 7: the kernel has oopsed. Whoever it hit, the check can not have gone well.
		((${fate#alive} & 128)) && VERDICT=oops
		;;
	panic | hang | oops) ;;
	lost)
		printf '%s' "${fate#*$'\n'}" >"$CHECK/found"
		VERDICT=fail
		;;
	*)
		trouble "the machine broke: ${fate#*$'\n'}" || true
		VERDICT=broken
		;;
	esac
}

# request VERB ARGUMENT… - the answer of M's keeper: SAID, COMPLAINED (what it said on stdout and stderr) and
# the exit status. One vm process serves all checks of a file: to start one for each request costs more than the
# answer.
request() {
	local status said complained
	[[ -n ${TELL:-} ]] || session_begins
	printf '%d\n' $(($# + 1)) >&"$TELL"
	printf '%s\0' "$1" "$M" "${@:2}" >&"$TELL"
	if IFS=' ' read -r status said complained <&"$HEAR" && LC_ALL=C read -r -N "$said" SAID <&"$HEAR" &&
		LC_ALL=C read -r -N "$complained" COMPLAINED <&"$HEAR"; then
		while [[ $SAID == *$'\n' ]]; do SAID=${SAID%$'\n'}; done
		return "$status"
	fi
	# It has given up, with a reason, or it was killed.
	session_ends
	SAID='' COMPLAINED=$(<"$SESSION_LOG")
	[[ -z $COMPLAINED ]] || return 123
	return 137
}

session_begins() {
	SESSION_LOG=$CHECK/session
	coproc SESSION { exec "$BIN/vm" session; } 2>"$SESSION_LOG" 3>&-
	# Of the coprocess' own descriptors bash lets no subshell know.
	local hear=${SESSION[0]} tell=${SESSION[1]}
	exec {TELL}>&"$tell" {HEAR}<&"$hear" {tell}>&- {hear}<&-
}

session_ends() {
	[[ -z ${TELL:-} ]] || exec {TELL}>&- {HEAR}<&-
	TELL=''
}

# ask VERB ARGUMENT… - a request of which every trouble is noted: the machine's fate is the student's, the rest the
# kit's.
ask() {
	local status=0
	request "$@" || status=$?
	printf '%s' "$COMPLAINED" >"$CHECK/stderr"
	answered "$status" "$@"
}

# vm VERB ARGUMENT… - the same, and prints SAID. What has bytes on stdin or stdout is a process of its own.
vm() {
	local status=0
	if [[ $1 == phys || $1 == shmem ]]; then
		"$BIN/vm" "$1" "$M" "${@:2}" 2>"$CHECK/stderr" || status=$?
		answered "$status" "$@"
		return
	fi
	ask "$@" || status=$?
	[[ -z $SAID ]] || printf '%s\n' "$SAID"
	return "$status"
}

# answered STATUS VERB ARGUMENT…
answered() {
	local status=$1
	shift
	((status)) || return 0
	{
		printf '# vm %s: %d\n' "$*" "$status"
		cat "$CHECK/stderr"
	} >>"$CHECK/transcript"
	case $status in
	120 | 121 | 122) differs "the machine survives" "$(<"$CHECK/stderr")" ;;
	123 | 125) trouble "vm $1: $(<"$CHECK/stderr")" ;;
	# Where the guest's program was killed, vm says so.
	*) ((status < 128)) || [[ -s $CHECK/stderr ]] || trouble "vm $1 was killed" ;;
	esac || true
	return "$status"
}

# module_loads [PARAMETER=VALUE…] / module_unloads - the student's module, once. A checks file may set
# the array PARAMETERS for loads that name none.
module_loads() {
	(($#)) || set -- "${PARAMETERS[@]}"
	ask load "$OUT/build/$KERNEL/$MODULE.ko" "$@" && return
	differs "$MODULE.ko loads" "$(errno_in_words "$SAID")"
}

module_unloads() {
	ask unload "$MODULE" && return
	differs "$MODULE unloads" "$(errno_in_words "$SAID")"
}

errno_in_words() {
	case $1 in
	errno=*) printf '%s' "${1#errno=}" ;;
	killed=1) printf 'the process was killed: an oops, or no memory left' ;;
	'') printf 'no answer: %s' "$(<"$CHECK/stderr")" ;;
	*) printf '%s' "$1" ;;
	esac
}

# The probe stands by in the machine, and is called what is drawn here for each run of it: a module that
# looks at current->comm gains nothing by it.
name_drawn() {
	local letters=abcdefghijklmnopqrstuvwxyz i
	NAME=
	for ((i = 0; i < 9; i++)); do
		NAME+=${letters:$((SRANDOM % 26)):1}
	done
}

# how_asked - ASKED: the words that make vm run and vm spawn ask the probe. A check that counts free pages sets
# ANEW: what stands by holds memory, and gives it back when it has answered.
how_asked() {
	name_drawn
	ASKED=(--standby -- name "$NAME" seed "$SEED")
	[[ -z ${ANEW:-} ]] || ASKED=(-- "$(<"$M/program")" name "$NAME" seed "$SEED")
}

# probe VERB… - runs it to its end; FACTS is what it found.
probe() {
	probe_as 0 "$@"
}

# probe_as USER VERB… - the same as another user.
probe_as() {
	local status=0 user=$1
	shift
	how_asked
	ask run --uid "$user" "${ASKED[@]}" "$@" || status=$?
	FACTS=$SAID
	printf '$ probe (uid %s) %s\n%s\n' "$user" "$*" "$FACTS" >>"$CHECK/transcript"
	probe_ended "$status" "$*"
}

probe_ended() {
	case $1 in
	0 | 120 | 121 | 122) return "$1" ;;
	2 | 3) trouble "probe $2: $(<"$CHECK/stderr")" ;;
	124) differs "the program ends" "it did not return in time: probe $2" ;;
	*) differs "the program ends by itself" "signal $(($1 - 128)) killed it: probe $2" ;;
	esac
}

# probe_starts WORD VERB… - runs it in the background until it has said WORD; JOB and FACTS are set.
probe_starts() {
	local word=$1
	shift
	how_asked
	ask spawn "${ASKED[@]}" "$@" || return 1
	[[ $SAID =~ ^job=([0-9]+)\ pid=([0-9]+)$ ]] || trouble "vm spawn: $SAID"
	JOB=${BASH_REMATCH[1]}
	PID=${BASH_REMATCH[2]}
	JOBS+=" $JOB"
	job_says "$word"
}

# job_says WORD - waits for it; FACTS is all the job has printed so far.
job_says() {
	local status=0
	ask await "$JOB" "$1" || status=$?
	FACTS=$SAID
	printf '$ (job %s until %s)\n%s\n' "$JOB" "$1" "$FACTS" >>"$CHECK/transcript"
	((status == 2 || status == 3)) && trouble "probe: $(<"$CHECK/stderr")"
	if ((status == 124)) || { ((status == 0)) && [[ $FACTS != *"$1"* ]]; }; then
		differs "the program gets as far as: $1" "$FACTS"
	fi
	return "$status"
}

# job_goes_on - a line for a probe that holds.
job_goes_on() {
	ask send "$JOB" go
}

# job_ends - waits for the end; FACTS is all it printed.
job_ends() {
	local status=0
	ask wait "$JOB" || status=$?
	FACTS=$SAID
	JOBS=${JOBS/ $JOB/}
	printf '$ (job %s to its end)\n%s\n' "$JOB" "$FACTS" >>"$CHECK/transcript"
	probe_ended "$status" "(in the background)"
}

# job_killed - ends it at once.
job_killed() {
	ask kill "$JOB" 9
	ask wait "$JOB" >/dev/null || true
	JOBS=${JOBS/ $JOB/}
}
