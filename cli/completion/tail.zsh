# Names in sections of the configuration: instance or node
_sa_nat64_names() {
	local kind=${argv[-1]}
	local -a names=(${(f)"$(sed -n "s/^[[:space:]]*\[[[:space:]]*${kind}[[:space:]]\{1,\}\([^][:space:]]*\)[[:space:]]*\].*/\1/p" \
		"$sa_nat64_config" 2>/dev/null)"})
	compadd "${(@)argv[1,-2]}" -a names
}

_sa_nat64_interfaces() {
	local -a names=(/sys/class/net/*(N:t))
	compadd "$@" -a names
}

_sa_nat64_main() {
	local curcontext=$curcontext context state state_descr program=${service:t} i
	local sa_nat64_config=/etc/sa-nat64/sa-nat64.conf
	local -a specs line
	local -A opt_args
	for ((i = 2; i < CURRENT; i++)); do
		case $words[i] in
		-c | --config) sa_nat64_config=$words[i+1] ;;
		--config=*) sa_nat64_config=${words[i]#*=} ;;
		-c*) sa_nat64_config=${words[i]#-c} ;;
		esac
	done
	_sa_nat64_specs "$program:"
	_arguments -s -S -A "-*" -C $specs && return
	[[ $state == argument ]] || return 1
	_sa_nat64_specs "$program:$words[1]"
	_arguments -s -S $specs
}

_sa_nat64_main "$@"
