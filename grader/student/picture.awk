# Draw one block of docs/walk.md, counted from 1 (-v block=5), as a terminal in SVG. In bytes (LC_ALL=C), whatever awk
# it is.

/^```/ {
	inside = !inside
	if (inside)
		n++
	next
}

inside && n == block { line[++lines] = fitted($0) }

# A letter is as many bytes as it likes; only the first is none of these.
function width(text) {
	gsub(/[\200-\277]/, "", text)
	return length(text)
}

function fitted(text) {
	if (width(text) <= 118)
		return text
	while (width(text) > 117)
		text = substr(text, 1, length(text) - 1)
	sub(/[\300-\367][\200-\277]*$/, "", text)
	return text "…"
}

function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

function colour(text) {
	if (text ~ /^\$ /)
		return "#ffffff"
	if (text ~ /^ *(held|ok) /)
		return "#7ec699"
	if (text ~ /^ *(fail|oops|panic|hang) /)
		return "#ff8080"
	return "#c8c8c8"
}

END {
	for (i = 1; i <= lines; i++)
		if (width(line[i]) > widest)
			widest = width(line[i])
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ", widest * 8 + 32, lines * 17 + 28
	print "font-family=\"monospace\" font-size=\"13\">"
	printf "<title>%s</title>\n", escaped(line[1])
	print "<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#1d1f21\"/>"
	# Each line as wide as it is in a terminal, whatever the reader's font.
	for (i = 1; i <= lines; i++)
		if (line[i] != "")
			printf "<text x=\"16\" y=\"%d\" fill=\"%s\" xml:space=\"preserve\" textLength=\"%d\">%s</text>\n",
				i * 17 + 10, colour(line[i]), width(line[i]) * 8, escaped(line[i])
	print "</svg>"
}
