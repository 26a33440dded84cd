# One --help into rows: awk -v program=PROGRAM -v command=COMMAND -f rows.awk; see rows.sh.
# For portable awk. A text is complete when the line behind it is no continuation.

BEGIN { OFS = "\t" }

function flush_row() {
	if (row != "")
		print row, text
	row = ""
}

function begin(what, help) {
	flush_row()
	row = what
	text = help
}

function trim(s) {
	gsub(/^ +| +$/, "", s)
	return s
}

# "  -c, --config=FILE    help"
function option(line,    spec, help, letter, name, argument, at) {
	line = trim(line)
	at = match(line, /  +/)
	spec = at ? substr(line, 1, at - 1) : line
	help = at ? trim(substr(line, at)) : ""
	if (spec ~ /^-[^-]/) {
		letter = substr(spec, 2, 1)
		sub(/^-.,? */, "", spec)
	}
	sub(/^--/, "", spec)
	at = match(spec, /[ =]/)
	name = at ? substr(spec, 1, at - 1) : spec
	argument = at ? substr(spec, at + 1) : ""
	begin("option" OFS program OFS command OFS letter OFS name OFS argument, help)
}

# "  name = VALUE", and below it the facts and the help
function key(line,    at) {
	flush_row()
	line = trim(line)
	at = index(line, " = ")
	row = "key" OFS section OFS substr(line, 1, at - 1) OFS substr(line, at + 3)
	text = ""
	lines = 0
}

tolower($1) == "usage:" {
	line = $0
	sub(/^usage: sa-nat64[a-z0-9-]*/, "", line)
	if (command != "")
		sub("^ " command, "", line)
	gsub(/\[OPTION[^ ]*/, "", line)
	print "argument", program, command, trim(line)
	next
}
/^\[/ && in_keys {
	flush_row()
	section = $0
	print "section", section
	next
}
/^Keys of the configuration/ { flush_row(); in_keys = 1; next }
in_keys && /^  [a-z]/ { key($0); next }
in_keys && /^      / {
	text = trim($0)
	if (++lines == 1)
		row = row OFS text
	next
}
tolower($0) ~ /^exit status:/ { begin("exits" OFS program OFS command, $0); in_exits = 1; next }
in_exits && /^ / { text = text " " trim($0); next }
/^options of / { flush_row(); next }
/^  \$ / { print "example", program, command, trim(substr($0, 5)); next }
/^ +-/ { option($0); next }
/^commands$/ { in_commands = command == ""; next }
/^  [a-z]/ && (in_commands || !seen_option(row)) {
	name = $1
	line = trim($0)
	sub(/^[^ ]+ +/, "", line)
	begin("command" OFS program OFS name, line)
	next
}
# the rest of a text that began further left
/^ +[^ ]/ && row != "" { text = text " " trim($0); next }
{ flush_row(); in_exits = 0; in_commands = 0 }

function seen_option(row) {
	return row ~ /^option/
}

END { flush_row() }
