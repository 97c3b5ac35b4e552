# Draw one line of `vm walk` (key=value …): address, tables, entry, frame.

function hex(text,	i, value) {
	value = 0
	text = tolower(substr(text, 3))
	for (i = 1; i <= length(text); i++)
		value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return value
}

# Sixteen digits do not fit a number of awk's: bits are looked up in the digits.
function bit(text, n,	digit) {
	text = substr("0000000000000000" tolower(substr(text, 3)), length(text) - 1)
	digit = index("0123456789abcdef", substr(text, 16 - int(n / 4), 1)) - 1
	return int(digit / 2 ^ (n % 4)) % 2
}

function names(entry, last,	text) {
	if (!bit(entry, 0))
		return "not present"
	text = "present"
	text = text (bit(entry, 1) ? " writable" : " read-only")
	text = text (bit(entry, 2) ? " user" : " kernel-only")
	if (bit(entry, 3))
		text = text " PWT"
	if (bit(entry, 4))
		text = text " PCD"
	if (bit(entry, 5))
		text = text " accessed"
	if (last && bit(entry, 6))
		text = text " dirty"
	if (bit(entry, 7))
		text = text (last ? " PAT" : " huge")
	if (last && bit(entry, 9))
		text = text " special"
	if (bit(entry, 63))
		text = text " no-execute"
	return text
}

{
	delete value
	for (i = 1; i <= NF; i++) {
		at = index($i, "=")
		value[substr($i, 1, at - 1)] = substr($i, at + 1)
	}
	address = hex(value["va"])
	split("pgd pud pmd pte", level, " ")
	printf "    address %s = ", value["va"]
	for (i = 1; i <= 4; i++) {
		index_of[i] = int(address / 2 ^ (48 - 9 * i)) % 512
		printf "%s %d, ", toupper(level[i]), index_of[i]
	}
	printf "byte %d\n\n", address % 4096
	printf "    CR3 %s: where the top table of this process lies\n", value["cr3"]
	pad = "    "
	for (i = 1; i <= 4 && (level[i] in value); i++) {
		entry = value[level[i]]
		printf "%s└─ %s[%d] = %s  %s\n", pad, toupper(level[i]), index_of[i], entry, names(entry, i == 4)
		pad = pad "   "
	}
	if (value["present"] == "1")
		printf "%s└─ frame %s: physical address %s000, cache type %s\n", pad, value["pfn"], value["pfn"], value["cache"]
	else
		printf "%s└─ nothing yet: the next access faults, and the kernel asks the driver\n", pad
}
