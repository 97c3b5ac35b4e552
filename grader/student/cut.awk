# awk -v lab=NN -v level=N -f cut.awk regions.tsv labNN.c: cut the regions of this level out of a reference.
# grader/student/skeleton is the manual. A region regions.tsv does not know is an error, and so is one without
# an end.

function trouble(what) {
	print "skeleton: " what > "/dev/stderr"
	failed = 1
	exit 3
}

# What there is to do, in a comment of at most 98 columns.
function todo(text, indent,	n, word, i, line, width) {
	width = 96 - (indent == "" ? 0 : 8)
	blank = 0
	if (length(text) + 12 <= width) {
		print indent "/* TODO: " text ". */"
		return
	}
	n = split("TODO: " text ".", word, " ")
	print indent "/*"
	line = indent " *"
	for (i = 1; i <= n; i++) {
		if (length(line) + 1 + length(word[i]) > width) {
			print line
			line = indent " *"
		}
		line = line " " word[i]
	}
	print line
	print indent " */"
}

# The text for this region here: for the second one in a function, the function's own, anybody's.
function task_for(region, where) {
	if (seen[region, where]++ && (region SUBSEP where "/2") in task)
		return task[region, where "/2"]
	if ((region SUBSEP where) in task)
		return task[region, where]
	return task[region, "*"]
}

FNR == NR {
	if ($0 ~ /^#/)
		next
	split($0, field, "\t")
	if (field[1] != lab)
		next
	level_of[field[3]] = field[2]
	task[field[3], field[4]] = field[5]
	next
}

# A function begins at the left margin and ends with a brace there.
!cutting && /^(static|int|void|struct)[^;=]*\(/ {
	match($0, /[a-z_0-9]+\(/)
	where = substr($0, RSTART, RLENGTH - 1)
	plain_void = $0 ~ /^(static )?void [^*(]*\(/
}

match($0, /\/\* lab: begin [a-z]+ \*\//) {
	split(substr($0, RSTART), field, " ")
	region = field[4]
	if (!(region in level_of))
		trouble("regions.tsv does not know the region " region " of lab " lab)
	cutting = level_of[region] <= level
	indent = $0
	sub(/\/.*/, "", indent)
	if (indent == "")
		where = "-"
	here = where
	opened = region
	next
}

match($0, /\/\* lab: end [a-z]+ \*\//) {
	if (cutting) {
		text = task_for(opened, here)
		if (text != "")
			todo(text, indent)
		pending = indent != "" && !plain_void
		cut_indent = indent
	}
	cutting = 0
	opened = ""
	next
}

cutting { next }

# The function ends here: it has to answer something.
pending && /^}/ { print cut_indent "return -ENOSYS;" }
{ pending = 0 }

# No two empty lines where a region was.
/^$/ && blank { next }
{
	blank = /^$/
	print
}
/^}/ { where = "-" }

END {
	if (!failed && opened != "")
		trouble("the region " opened " of lab " lab " has no end")
	if (failed)
		exit 3
}
