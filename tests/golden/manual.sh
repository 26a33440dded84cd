#!/bin/bash
# Manual pages and completions know what the programs know, and real readers and shells accept them: manual.sh BINDIR
set -uo pipefail
. "$(dirname "$0")/verdict.sh"

bindir=$(realpath "$1")
root=$(realpath "$(dirname "$0")/../..")
campus=$root/docs/examples/campus.conf
pages=$bindir/man
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# shown PAGE: as a reader sees it, on long lines
shown() { mandoc -T ascii -O width=1000 "$pages/$1" | sed 's/.\x08//g'; }
# options_of PROGRAM [COMMAND]: the long ones of its --help
options_of() { "$bindir/$1" ${2:+"$2"} --help | sed -nE 's/^ +(-., )?--([a-z0-9-]+).*/--\2/p' | sort -u; }
commands() { "$bindir/sa-nat64" --help | awk '/^commands$/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'; }

: >log
for program in "$bindir"/sa-nat64*; do
	program=${program##*/}
	page=$(cd "$pages" && ls "$program".[18])
	[ -n "$page" ] || { echo "no page docs/man/$program.8.in" && continue; }
	shown "$page" >text
	options_of "$program" | while read -r option; do
		grep -qE -e "(^| )$option( |\$)" text || echo "$page does not have $option"
	done
	[ "$(options_of "$program" | wc -l)" -ge 3 ] || echo "$program --help was not understood"
done >>log 2>&1
shown sa-nat64.1 >text
for command in $(commands); do
	grep -qE "^     $command( |\$)" text || echo "sa-nat64.1 does not have the command $command"
	for option in $(options_of sa-nat64 "$command"); do
		sed -nE "/^     $command( |\$)/,/^     [a-z]/p; /^OPTIONS/,/^COMMANDS/p" text | grep -E -e "$option( |\$)" >/dev/null ||
			echo "sa-nat64.1 does not have $command $option"
	done
done >>log
[ "$(commands | wc -l)" -ge 16 ] || echo "no commands found" >>log
verdict pages-have-every-command-and-option

sed -nE 's/^X\([A-Z0-9_]+, "(.*)"\)$/\1/p' "$root/cli/examples.def" | sed 's/\\"/"/g' >examples
[ "$(wc -l <examples)" -ge 20 ] || echo "no examples found" >>log
touch packet.hex
while read -r example; do
	grep -qF "\$ sa-nat64 $example" text || echo "sa-nat64.1 does not have the example $example"
	"$bindir/sa-nat64" "${example%% *}" --help | grep -F "\$ sa-nat64 $example" >/dev/null ||
		echo "${example%% *} --help does not have the example $example"
	eval "$bindir/sa-nat64 --help $example" >/dev/null || echo "not understood: $example"
done <examples >>log 2>&1
verdict examples-are-in-help-and-page

shown sa-nat64.conf.5 >text
"$bindir/sa-nat64-translator" --help | sed -n '/^Keys of/,$p' | sed -nE 's/^  ([a-z0-9-]+ = .*)/\1/p' >keys
[ "$(wc -l <keys)" -ge 60 ] || echo "no keys found" >>log
while read -r key; do
	grep -qxF "     $key" text || echo "sa-nat64.conf.5 does not have \"$key\""
done <keys >>log
shown sa-nat64-translator.8 >text
sed -nE 's/^X\([A-Z0-9_]+, "([a-z0-9-]+)".*/\1/p' "$root/translator/verdict.def" >verdicts
[ "$(wc -l <verdicts)" -ge 50 ] || echo "no verdicts found" >>log
while read -r name; do
	grep -qE "^     $name( |\$)" text || echo "sa-nat64-translator.8 does not have $name"
done <verdicts >>log
verdict pages-have-every-key-and-verdict

# References to pages of others are their business; ours exist.
for page in "$pages"/*; do
	mandoc -T lint "$page" 2>&1 | grep -vE 'referenced manual not found|outdated mandoc.db|lacks .* entry'
	man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null
	sed -nE 's/^\.Xr (sa-nat64[a-z0-9.-]*) ([1-9]).*/\1.\2/p' "$page" | while read -r other; do
		[ -e "$pages/$other" ] || echo "${page##*/} names $other, which does not exist"
	done
	grep -n '^@' "$page"
done >>log
verdict pages-are-clean

# offers WORD...: what bash offers for the last word
cat >offers.bash <<'BASH'
. "$completion"
offers() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	_sa_nat64 "$1" "${*: -1}" "${*: -2:1}"
	echo "${COMPREPLY[*]}"
}
BASH
bash_offers() { completion=$bindir/completion/sa-nat64 bash --norc -c '. ./offers.bash; offers "$@"' - "$@" | tr ' ' '\n' | sort; }
zsh_offers() { timeout 300 zsh -f "$root/tests/tools/zsh_offers.zsh" "$bindir/completion" "$@" | tr -d '\r'; }
# same WHAT WANTED GOT: sets of words
same() {
	[ "$(tr ' ' '\n' <<<"$2" | sort -u | xargs)" = "$(tr ' ' '\n' <<<"$3" | sort -u | xargs)" ] || echo "$1 offers \"$(xargs <<<"$3")\", not \"$(xargs <<<"$2")\""
}

mapfile -t names < <(commands)
instances=$(sed -n 's/^\[instance \(.*\)\]/\1/p' "$campus" | xargs)
# LINE -> WANTED, for both shells
cases=("sa-nat64 " "${names[*]}"
	"sa-nat64 -c $campus -i " "$instances"
	"sa-nat64 -c $campus drain " "$instances"
	"sa-nat64 frr-config -c $campus --node " "gw-a gw-b"
	"sa-nat64 dns64 " "unbound bind powerdns"
	"sa-nat64 bib " "add remove"
	"sa-nat64 bib add " "tcp udp icmp"
	"sa-nat64 trace --path " "fast slow"
	"sa-nat64 trace --verdict " "$(xargs <verdicts)"
	"sa-nat64 sessions --state E" "ESTABLISHED"
	"sa-nat64 trace --path fast --direction " "6to4 4to6"
	"sa-nat64-translator -c $campus " "$instances"
	"sa-nat64-netns " "up down show"
	"sa-nat64-netns --config $campus up " "$instances"
	"sa-nat64 --config $bindir/completion/_sa" "$bindir/completion/_sa-nat64")
for command in "${names[@]}"; do
	cases+=("sa-nat64 $command --" "$(options_of sa-nat64 "$command" | xargs)")
done
# Nobody but systemd runs the generator.
mapfile -t daemons < <(cd "$bindir" && find . -maxdepth 1 -name 'sa-nat64-*' ! -name '*-generator' -printf '%f\n')
for daemon in "${daemons[@]}"; do
	cases+=("$daemon --" "$(options_of "$daemon" | xargs)")
done

for ((i = 0; i < ${#cases[@]}; i += 2)); do
	read -ra words <<<"${cases[i]}"
	[[ ${cases[i]} != *' ' ]] || words+=("")
	same "${cases[i]}" "${cases[i + 1]}" "$(bash_offers "${words[@]}")"
done >>log 2>&1
same "--node=" "gw-a gw-b" "$(bash_offers sa-nat64 frr-config -c "$campus" --node = "")" >>log
for program in sa-nat64 "${daemons[@]}"; do
	bash --norc -c '. "$1"; complete -p "$2"' - "$bindir/completion/sa-nat64" "$program" | grep -- '-F _sa_nat64 ' >/dev/null ||
		echo "not registered for $program"
done >>log 2>&1
verdict bash-completes

# zsh offers a file without its folder.
lines=()
for ((i = 0; i < ${#cases[@]}; i += 2)); do lines+=("${cases[i]}"); done
mapfile -t offered < <(zsh_offers "${lines[@]}")
for ((i = 0; i < ${#cases[@]}; i += 2)); do
	same "${cases[i]}" "${cases[i + 1]##*/}" "${offered[i / 2]:-}"
done >>log
verdict zsh-completes
