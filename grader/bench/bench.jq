# The rounds of a bench, told as JSON. Input: lines "name<TAB>wall<TAB>cpu". Arguments: $words (name → words),
# $kernel, $cores, $stages ("name<TAB>wall<TAB>cpu" lines, microseconds; no cpu: unknown), $memory
# ("machines<TAB>kB in all<TAB>kB each" lines), $guest (CPU seconds of QEMU in one run of "changed"),
# $checks (how many that run has).
def median: sort | if length % 2 == 1 then .[length / 2 | floor]
	else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def lines: split("\n") | map(select(. != "") | split("\t"));
def rounded: . * 1000 | round / 1000;

["plain", "vng", "cold", "restore", "check", "kept", "replay", "make", "lab", "changed", "all", "grow1", "grow8", "grow64", "exam"] as $order
| ["build", "restore", "deliver", "load", "ask", "end", "judge", "report"] as $stage_order
| [inputs | split("\t") | {name: .[0], wall: (.[1] | tonumber), cpu: (.[2] | tonumber)}]
| group_by(.name)
| map({name: .[0].name, words: $words[.[0].name], wall: (map(.wall) | median), cpu: (map(.cpu) | median), runs: length})
| sort_by(.name as $name | $order | index($name))
| (.[] | select(.name == "plain") | .wall) as $boot
| map(. + {plain_boots: (.wall / $boot | rounded)}) as $rows
| ($rows | map({(.name): .}) | add) as $of
# Of the grader itself, CPU in one run of "changed" (the build is of both kernels).
| ($of.changed.cpu - $guest - 2 * $of.replay.cpu) as $grader
| def ratio($words; $found; $most): {words: $words, found: ($found | rounded), most: ($most | rounded), held: ($found <= $most)};
{
  schema: "mmap-labs/bench/1", kernel: $kernel, cores: $cores, rows: $rows,
  stages: ($stages | lines | group_by(.[0])
    | map({name: .[0][0], wall_ms: (map(.[1] | tonumber) | median / 1000 | rounded),
        cpu_ms: (map(.[2] | tonumber?) | if . == [] then null else median / 1000 | rounded end)})
    | . + [$of.replay | {name: "build", wall_ms: (.wall * 1000 | rounded), cpu_ms: (.cpu * 1000 | rounded)}]
    | . + [{name: "judge", wall_ms: null, cpu_ms: ($grader / $checks * 1000 | rounded)}]
    | sort_by(.name as $name | $stage_order | index($name))),
  memory: ($memory | lines | map({machines: (.[0] | tonumber), pss_mb: ((.[1] | tonumber) / 1024 | round),
    private_mb: ((.[2] | tonumber) / 1024 | round)})),
  ratios: ([
    ratio("restore / our cold boot (CPU)"; $of.restore.cpu / $of.cold.cpu; 1 / 12),
    ratio("restore / plain boot (CPU)"; $of.restore.cpu / $of.plain.cpu; 1 / 25),
    ratio("lab 02 with a changed source / plain boot (wall)"; $of.changed.wall / $of.plain.wall; 2),
    ratio("replayed build / make -C (CPU)"; $of.replay.cpu / $of.make.cpu; 1 / 2),
    ratio("grader alone, neither compiler nor guest / lab 02 changed (CPU)";
      $grader / $of.changed.cpu; 1 / 3)
  ] + if $of.grow64 then [
    ratio("64 submissions / 8 submissions, CPU for each"; $of.grow64.cpu / 64 / ($of.grow8.cpu / 8); 1.05)
  ] else [] end)
}
