# What zsh offers in a real line editor: zsh -f zsh_offers.zsh FOLDER LINE...
#
# FOLDER holds completion functions. For each LINE, completed at its end, one line with everything that is offered there.
zmodload zsh/zpty
folder=$1
shift

zpty shell zsh -f -i
tell() { zpty -w shell "$1" }
tell "PS1= PS2= RPS1=; fpath=(${(q)folder} \$fpath); autoload -Uz compinit; compinit -u -D; setopt no_beep"
# Every offer goes through compadd; calls with -O, -A or -D only ask which would fit.
tell 'compadd() {
	local -a fitting
	if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
		builtin compadd -O fitting "$@"
		offers+=($fitting)
	fi
	builtin compadd "$@"
}'
tell 'offer() { offers=(); _main_complete; compstate[insert]=; compstate[list]= }; zle -C offer complete-word offer'
tell 'show() { BUFFER=; print -r -- "<<<${(u)offers}>>>"; zle reset-prompt }; zle -N show'
tell 'bindkey "^T" offer; bindkey "^Y" show; print REA""DY'
zpty -r shell output '*READY*'
for line; do
	zpty -n -w shell "$line"$'\C-t\C-y'
	zpty -r shell output '*<<<*>>>*'
	print -r -- "${${output##*<<<}%%>>>*}"
done
zpty -d shell
