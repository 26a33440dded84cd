# Names in sections of the configuration: KIND FILE
_sa_nat64_names() {
	sed -n "s/^[[:space:]]*\[[[:space:]]*$1[[:space:]]\{1,\}\([^][:space:]]*\)[[:space:]]*\].*/\1/p" "$2" 2>/dev/null
}

# Fill COMPREPLY with what fits: KIND CURRENT CONFIGURATION
_sa_nat64_fill() {
	local words=$1
	case $1 in
	@file) COMPREPLY=($(compgen -f -- "$2")) && compopt -o filenames 2>/dev/null; return ;;
	@directory) COMPREPLY=($(compgen -d -- "$2")) && compopt -o filenames 2>/dev/null; return ;;
	@instance | @node) words=$(_sa_nat64_names "${1#@}" "$3") ;;
	@interface) words=$(ls /sys/class/net 2>/dev/null) ;;
	@verdict) words=$_sa_nat64_verdicts ;;
	@state) words=$_sa_nat64_states ;;
	@none) return ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$2"))
}

_sa_nat64() {
	local program=${1##*/} current=${COMP_WORDS[COMP_CWORD]} config=/etc/sa-nat64/sa-nat64.conf
	local command='' option='' position=1 word i REPLY
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == = && -n $option ]]; then # "--option=value" comes as three words
			continue
		elif [[ -n $option ]]; then
			[[ $option == -c || $option == --config ]] && config=$word
			option=
		elif [[ $word == -* ]]; then
			_sa_nat64_value "$program:$command:$word"
			[[ -n $REPLY ]] && option=$word
		elif [[ -z $command && $_sa_nat64_with_commands == *" $program "* ]]; then
			command=$word
		else
			((position++))
		fi
	done
	[[ $current == = ]] && current=
	if [[ -n $option ]]; then
		_sa_nat64_value "$program:$command:$option"
	elif [[ $current == -* ]]; then
		_sa_nat64_options "$program:$command"
	else
		_sa_nat64_argument "$program:$command:$position"
	fi
	_sa_nat64_fill "$REPLY" "$current" "$config"
}

