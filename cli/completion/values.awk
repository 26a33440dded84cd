# What can stand behind an option or as an argument; read before bash.awk or zsh.awk, whose rows are those of docs/man/rows.sh.

# The kind of the value of an option: a list of words, or one of
#   @file @directory @instance @node @interface @verdict @state @none
function kind(name, argument, help,    words) {
	words = listed(help)
	if (words != "")
		return words
	if (name == "state" && argument == "STATE")
		return "@state"
	if (name == "instance" || argument == "INSTANCE")
		return "@instance"
	if (argument == "PROTO")
		return "tcp udp icmp"
	if (name == "node" || name == "interface" || name == "verdict")
		return "@" name
	if (argument == "FILE")
		return "@file"
	return argument == "DIR" || argument == "DIRECTORY" ? "@directory" : "@none"
}

# "tcp, udp or icmp", "6to4 or 4to6: where packets come from": the words; "" for other texts
function listed(help,    text) {
	text = help
	sub(/:.*/, "", text)
	if (text !~ /^[a-z0-9-]+(, [a-z0-9-]+)* or [a-z0-9-]+$/)
		return ""
	gsub(/,| or/, "", text)
	return text
}

# The words of an argument, their number returned. Of "[add A B | remove A]" the first is "add|remove", the others are those of
# the longest form.
function arrange(argument, words,    forms, count, first, longest, i, total) {
	gsub(/[][]/, "", argument)
	count = split(argument, forms, " [|] ")
	for (i = 1; i <= count; i++) {
		total = split(forms[i], words, " ")
		first = first (i > 1 ? "|" : "") words[1]
		if (i == 1 || total > split(forms[longest], words, " "))
			longest = i
	}
	total = split(forms[longest], words, " ")
	words[1] = first
	return count ? total : 0
}

# The kind of one of them: "up|down|show", "INSTANCE", "FILE"
function kind_of_word(word,    text) {
	text = word
	if (text ~ /^[a-z0-9-]+(\|[a-z0-9-]+)*$/) {
		gsub(/\|/, " ", text)
		return text
	}
	return kind("", text, "")
}

# Nobody but systemd runs the generator.
function add_row() {
	if ($2 == "sa-nat64-generator")
		return
	if ($1 == "verdict")
		verdicts = verdicts (verdicts == "" ? "" : " ") $2
	if ($1 == "state")
		states = states (states == "" ? "" : " ") $2
	if ($1 != "option" && $1 != "command" && $1 != "argument")
		return
	count++
	for (field = 1; field <= 7; field++)
		rows[count, field] = $field
	if ($1 == "argument" && $3 == "")
		programs[++program_count] = $2
}

# Programs with commands of their own: their first word is one.
function has_commands(program,    i) {
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "argument" && rows[i, 2] == program && rows[i, 3] != "")
			return 1
	return 0
}
