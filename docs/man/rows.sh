#!/bin/sh
# What the programs say of themselves: rows.sh BINDIR PROGRAM...
#
# The manual pages and the completions are made of these rows, so that they know what --help knows and nothing else. Fields
# are separated by tabs; COMMAND is empty for what belongs to the program itself:
#
#   argument PROGRAM COMMAND WORDS              what follows the options, as the usage line has it
#   command  PROGRAM COMMAND HELP
#   option   PROGRAM COMMAND LETTER NAME ARGUMENT HELP
#   example  PROGRAM COMMAND LINE
#   exits    PROGRAM COMMAND TEXT
#   section  NAME                               of the configuration file
#   key      SECTION NAME VALUE FACTS HELP
#   verdict  NAME CLASS SOURCE SENTENCE         CLASS is FORWARDED, IGNORED or DROPPED
#   state    NAME                               of a TCP session
set -eu

bindir=$1
here=$(dirname "$0")
shift

# rows PROGRAM [COMMAND]
rows() {
	"$bindir/$1" ${2:+"$2"} --help | awk -v program="$1" -v command="${2:-}" -f "$here/rows.awk"
}

for program in "$@"; do
	rows "$program"
	"$bindir/$program" --help | awk '/^commands$/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' |
		while read -r command; do
			rows "$program" "$command"
		done
done

# X(NAME, "name", VERDICT_CLASS, answer, answer, "source", and on the next line "sentence")
awk -F '"' '/^X\(/ { name = $2; class = $3; sub(/^, VERDICT_/, "", class); sub(/,.*/, "", class); source = $4; next }
	name != "" { print "verdict\t" name "\t" class "\t" source "\t" $2; name = "" }' "$here/../../translator/verdict.def"
sed -n 's/^\t\[TCP_STATE_[A-Z0-9_]*\] = "\([A-Z0-9_]*\)",.*/state\t\1/p' "$here/../../translator/tcp_fsm.c"
