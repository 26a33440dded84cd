# Completion for bash: awk -F '\t' -v tail=tail.bash -f values.awk -f bash.awk ROWS

{ add_row() }

# A case per program, command and option, in which REPLY is set.
function options_of(program, command,    i, names) {
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "option" && rows[i, 2] == program && rows[i, 3] == command) {
			names = names " --" rows[i, 5]
			if (rows[i, 4] != "")
				names = names " -" rows[i, 4]
		}
	print "\t" program ":" command ") REPLY='" substr(names, 2) "' ;;"
}

function value_of(i,    pattern, what) {
	pattern = rows[i, 2] ":" rows[i, 3] ":--" rows[i, 5]
	if (rows[i, 4] != "")
		pattern = pattern " | " rows[i, 2] ":" rows[i, 3] ":-" rows[i, 4]
	gsub(/ \| /, "|", pattern)
	print "\t" pattern ") REPLY='" kind(rows[i, 5], rows[i, 6], rows[i, 7]) "' ;;"
}

function words_of(i,    words, total, j, line) {
	total = arrange(rows[i, 4], words)
	for (j = 1; j <= total; j++)
		print "\t" rows[i, 2] ":" rows[i, 3] ":" j ") REPLY='" kind_of_word(words[j]) "' ;;"
}

function commands_of(program,    i, names) {
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "command" && rows[i, 2] == program)
			names = names " " rows[i, 3]
	print "\t" program "::1) REPLY='" substr(names, 2) "' ;;"
}

END {
	print "# Completion of sa-nat64 and its daemons for bash. Made at build of what the programs say of themselves."
	print ""
	print "# The options of a program, or of one of its commands: PROGRAM:COMMAND"
	print "_sa_nat64_options() {\n\tREPLY=\n\tcase $1 in"
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "argument")
			options_of(rows[i, 2], rows[i, 3])
	print "\tesac\n}\n"
	print "# What the value of an option can be: PROGRAM:COMMAND:OPTION; nothing for an option without value"
	print "_sa_nat64_value() {\n\tREPLY=\n\tcase $1 in"
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "option" && rows[i, 6] != "")
			value_of(i)
	print "\tesac\n}\n"
	print "# What the Nth argument can be: PROGRAM:COMMAND:N; commands come first and are not counted"
	print "_sa_nat64_argument() {\n\tREPLY=@none\n\tcase $1 in"
	for (i = 1; i <= program_count; i++)
		if (has_commands(programs[i]))
			commands_of(programs[i])
	for (i = 1; i <= count; i++)
		if (rows[i, 1] == "argument" && !(rows[i, 3] == "" && has_commands(rows[i, 2])))
			words_of(i)
	print "\tesac\n}\n"
	print "_sa_nat64_verdicts='" verdicts "'"
	print "_sa_nat64_states='" states "'"
	print "_sa_nat64_with_commands='" with_commands() "'\n"
	while ((getline line < tail) > 0)
		print line
	printf "complete -F _sa_nat64"
	for (i = 1; i <= program_count; i++)
		printf " %s", programs[i]
	print ""
}

function with_commands(    i, names) {
	for (i = 1; i <= program_count; i++)
		if (has_commands(programs[i]))
			names = names " " programs[i]
	return names " "
}
