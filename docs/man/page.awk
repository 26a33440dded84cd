# A manual page of its template: awk -F '\t' -f page.awk ROWS TEMPLATE; ROWS are those of rows.sh.
#
# A template is mdoc(7). Lines of these forms are replaced by what the programs say:
#
#   @options PROGRAM      a list of the options
#   @commands PROGRAM     of the commands; those of sa-nat64 with their options, exit status and examples
#   @exits PROGRAM        the exit status
#   @keys SECTION         the keys of a section of the configuration file
#   @verdicts CLASS       what becomes of packets: FORWARDED, IGNORED or DROPPED

NR == FNR { add($0); next }
/^@/ { split($0, word, " "); fill(word[1], substr($0, length(word[1]) + 2)); next }
{ print }

function add(line) {
	count++
	for (field = 1; field <= 7; field++)
		rows[count, field] = $field
	if ($1 == "option" && $3 == "")
		general[$2, $5] = $7
}

# Text that no macro and no escape can come out of, a line for each sentence and none too long for mandoc's taste.
function prose(text,    words, i, line, total) {
	gsub(/\\/, "\\e", text)
	gsub(/--/, "\\-\\-", text)
	gsub(/`[^`]*`/, "&", text)
	total = split(text, words, " ")
	line = ""
	for (i = 1; i <= total; i++) {
		if (line != "" && length(line) + length(words[i]) > 76) {
			say(line)
			line = ""
		}
		line = line (line == "" ? "" : " ") words[i]
		if (words[i] ~ /[.?!]$/ || words[i] ~ /[.?!]\)$/) {
			say(line)
			line = ""
		}
	}
	if (line != "")
		say(line)
}

function say(line) {
	if (line ~ /^[.']/)
		line = "\\&" line
	print line
}

function sentence(text) {
	text = toupper(substr(text, 1, 1)) substr(text, 2)
	return text ~ /[.]$/ ? text : text "."
}

# An argument of a macro as one word.
function quoted(text) {
	gsub(/\\/, "\\e", text)
	gsub(/"/, "\"\"", text)
	return "\"" text "\""
}

# One option, as the heading of an item
function option_item(i,    item) {
	item = rows[i, 4] != "" ? "Fl " rows[i, 4] " , Fl Fl " rows[i, 5] : "Fl Fl " rows[i, 5]
	if (rows[i, 6] != "")
		item = item " Ar " quoted(rows[i, 6])
	print ".It " item
	prose(rows[i, 7])
}

function options(program, command,    i, open) {
	for (i = 1; i <= count; i++) {
		if (rows[i, 1] != "option" || rows[i, 2] != program || rows[i, 3] != command)
			continue
		if (command != "" && general[program, rows[i, 5]] == rows[i, 7])
			continue
		if (!open++)
			print ".Bl -tag -width Ds" (command == "" ? "" : " -compact")
		option_item(i)
	}
	if (open)
		print ".El"
}

function value(what, program, command, field,    i) {
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == what && rows[i, 2] == program && rows[i, 3] == command)
			return rows[i, field]
	return ""
}

function commands(program,    i, argument, exits) {
	print ".Bl -tag -width Ds"
	for (i = 1; i <= count; i++) {
		if (rows[i, 1] != "command" || rows[i, 2] != program)
			continue
		argument = value("argument", program, rows[i, 3], 4)
		print ".It Cm " rows[i, 3] (argument == "" ? "" : " Ar " quoted(argument))
		prose(sentence(rows[i, 4]))
		options(program, rows[i, 3])
		exits = value("exits", program, rows[i, 3], 4)
		if (exits != "" && exits != value("exits", program, "", 4))
			prose(sentence(exits))
		examples(program, rows[i, 3])
	}
	print ".El"
}

function examples(program, command,    i) {
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "example" && rows[i, 2] == program && rows[i, 3] == command)
			print ".Dl $ " literal(rows[i, 4])
}

# A line that is shown as it is written.
function literal(text) {
	gsub(/\\/, "\\e", text)
	gsub(/"/, "\\(dq", text)
	gsub(/-/, "\\-", text)
	return text
}

# "Exit status: 0 done, 1 failed, 2 usage or configuration."
function exit_status(program,    text) {
	text = value("exits", program, "", 4)
	sub(/^[^:]*: /, "", text)
	gsub(/[,;] [0-9] /, "\n&", text)
	total = split(text, parts, "\n")
	print ".Bl -tag -width Ds -compact"
	for (i = 1; i <= total; i++) {
		sub(/^[,;] /, "", parts[i])
		print ".It " substr(parts[i], 1, 1)
		prose(sentence(substr(parts[i], 3)))
	}
	print ".El"
}

function keys(section,    i) {
	print ".Bl -tag -width Ds"
	for (i = 1; i <= count; i++) {
		if (rows[i, 1] != "key" || rows[i, 2] != section)
			continue
		print ".It Cm " rows[i, 3] " No = Ar " quoted(rows[i, 4])
		prose(sentence(rows[i, 6]))
		prose(sentence(rows[i, 5]))
	}
	print ".El"
}

function verdicts(class,    i) {
	print ".Bl -tag -width Ds"
	for (i = 1; i <= count; i++) {
		if (rows[i, 1] != "verdict" || rows[i, 3] != class)
			continue
		print ".It Sy " rows[i, 2]
		prose(rows[i, 5])
		prose("(" rows[i, 4] ")")
	}
	print ".El"
}

function fill(directive, argument) {
	if (directive == "@options")
		options(argument, "")
	else if (directive == "@commands")
		commands(argument)
	else if (directive == "@exits")
		exit_status(argument)
	else if (directive == "@keys")
		keys(argument)
	else if (directive == "@verdicts")
		verdicts(argument)
	else {
		print FILENAME ": unknown " directive | "cat >&2"
		exit 1
	}
}
