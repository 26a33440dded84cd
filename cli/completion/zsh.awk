# Completion for zsh: awk -F '\t' -v tail=tail.zsh -f values.awk -f zsh.awk ROWS

{ add_row() }

function escaped(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/[\[\]:]/, "\\\\&", text)
	gsub(/'/, "'\\''", text)
	return text
}

# What follows "TITLE:" in a specification of _arguments
function action(what) {
	if (what == "@file")
		return "_files"
	if (what == "@directory")
		return "_files -/"
	if (what == "@interface")
		return "_sa_nat64_interfaces"
	if (what == "@instance" || what == "@node")
		return "_sa_nat64_names " substr(what, 2)
	if (what == "@verdict")
		return "(" verdicts ")"
	if (what == "@state")
		return "(" states ")"
	return what == "@none" ? " " : "(" what ")"
}

function option_spec(i,    text, value) {
	text = "[" escaped(rows[i, 7]) "]"
	value = rows[i, 6] == "" ? "" : ":" escaped(rows[i, 6]) ":" action(kind(rows[i, 5], rows[i, 6], rows[i, 7]))
	equals = value == "" ? "" : "="
	if (rows[i, 4] == "")
		print "\t\t'--" rows[i, 5] equals text value "'"
	else {
		print "\t\t'(-" rows[i, 4] " --" rows[i, 5] ")-" rows[i, 4] (value == "" ? "" : "+") text value "'"
		print "\t\t'(-" rows[i, 4] " --" rows[i, 5] ")--" rows[i, 5] equals text value "'"
	}
}

function specs(program, command,    i, j, words, total) {
	print "\t" program ":" command ") specs=("
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "option" && rows[i, 2] == program && rows[i, 3] == command)
			option_spec(i)
	for (i = 1; i <= count; i++) {
		if (rows[i, 1] != "argument" || rows[i, 2] != program || rows[i, 3] != command)
			continue
		if (command == "" && has_commands(program)) {
			print "\t\t'1:command:_sa_nat64_commands'"
			print "\t\t'*::argument:->argument'"
			continue
		}
		total = arrange(rows[i, 4], words)
		for (j = 1; j <= total; j++)
			print "\t\t'" j ":" escaped(words[j]) ":" action(kind_of_word(words[j])) "'"
	}
	print "\t) ;;"
}

END {
	printf "#compdef"
	for (i = 1; i <= program_count; i++)
		printf " %s", programs[i]
	print "\n# Completion of sa-nat64 and its daemons for zsh. Made at build of what the programs say of themselves.\n"
	print "# Options and arguments of PROGRAM:COMMAND"
	print "_sa_nat64_specs() {\n\tcase $1 in"
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "argument")
			specs(rows[i, 2], rows[i, 3])
	print "\tesac\n}\n"
	print "_sa_nat64_commands() {\n\tlocal -a commands=("
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "command" && rows[i, 2] == "sa-nat64")
			print "\t\t'" rows[i, 3] ":" escaped(rows[i, 4]) "'"
	print "\t)\n\t_describe command commands\n}\n"
	while ((getline line < tail) > 0)
		print line
}
