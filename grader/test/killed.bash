# shellcheck shell=bash disable=SC2153,SC2154 # sourced by run, which has GRADER; REFERENCE is in faults.bash
# Whatever process is killed while a lab is judged: the verdict is true, or there is none.

PROMISES=$'builds without a warning on 6.1 and 6.12\nfive rounds of load and unload leak nothing'

# killable_kit - the kit in ./kit, with tools that can be counted and killed (static ones can not).
killable_kit() {
	mkdir -p kit/.cache/bin
	ln -s "$GRADER" "$KIT/labs" kit/
	ln -s "$KIT"/.cache/{kernels,snapshots,builds} kit/.cache/
	cp "$BIN"/{probe,pattern,init} kit/.cache/bin/
	preloadable kit/.cache/bin/vm "$KIT"/vm/host/*.c "${FRAMES[@]}"
	preloadable kit/.cache/bin/verdict "$GRADER"/report/*.c
	gcc -shared -fPIC -O1 -o killed.so "$TEST/fixture/killed.c"
	printf '%s\n' "$PROMISES" >promises
}

# judged_without VICTIM - in ./VICTIM; its exit status. VICTIM 0 is nobody.
judged_without() {
	local status=0
	mkdir -p "$1/tmp"
	echo "0 $1" >"$1/count"
	TMPDIR=$PWD/$1/tmp LD_PRELOAD=$PWD/killed.so KILLED=$PWD/$1/count BUILD=replay timeout -k 2 100 \
		kit/grader/grade --lab 02 --out "$1/out" --format none --only promises "$REFERENCE" >"$1/log" 2>&1 || status=$?
	echo $status
}

# true_without VICTIM - both promises held; or the run is not judged, and nobody blamed.
true_without() {
	local status found
	# 137: it was the grader itself. 3 with both promises kept: killed after the verdict.
	local true='^(1 pass skip|2 broken|3 (none|pass skip|.*broken.*)|137 .*)$'
	status=$(judged_without "$1")
	found=$(jq -r '[.checks[].status] | unique | join(" ")' "$1/out/report.json" 2>/dev/null || echo none)
	[[ "$status $found" =~ $true && ! $found =~ fail|oops|panic|hang && -z $(ls -A "$1/tmp") ]] ||
		{ echo "without $(<"$1/count.name"): status $status, $found, $(ls -A "$1/tmp")" && return 1; }
}

each_held() {
	local one held=0
	for one; do
		wait "$one" || held=1
	done
	return "$held"
}

# VICTIMS=1000 in the environment kills every one in its turn, which takes ten minutes.
test_whatever_process_is_killed_the_verdict_is_true() {
	local all i victims=${VICTIMS:-6} bad=0 tried=()
	killable_kit
	is 1 "$(judged_without 0)" 'exit status when nobody is killed'
	read -r all _ <0/count
	((victims < all)) || victims=$all
	((all > 150)) || { echo "only $all processes counted" && return 1; }
	for ((i = 1; i <= victims; i++)); do
		true_without $((i * all / victims)) &
		tried+=($!)
		if ((${#tried[@]} == 4 || i == victims)); then
			each_held "${tried[@]}" || bad=1
			tried=()
		fi
	done
	nobody_works_below
	((bad == 0))
}
