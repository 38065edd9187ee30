# Bash completion for prg.
_prg() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' position=0 i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--server | --timeout | -m | --message | --meta | --attempt | --pipeline | --parent | --ttl | --state | --stage | \
			--prefix | -n | --limit | --count | --outstanding | --total | --size | --worker | --class | --token-file | --read-token | \
			--scope | --jobs | --name | --file) ((i++)) ;;
		-*) ;;
		*) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else ((position++)); fi ;;
		esac
	done
	if [[ $previous == --state ]]; then
		COMPREPLY=($(compgen -W 'active stalled succeeded failed cancelled' -- "$word"))
	elif [[ $previous == --stage || ($position == 1 && $command =~ ^(update|set|advance|simulate|run)$) ]]; then
		COMPREPLY=($(compgen -W "$(prg stages --timeout 1 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$word"))
	elif [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$(prg ${command:+"$command"} --help 2>/dev/null | grep -o -- '--[a-z]*')" -- "$word"))
	elif [[ -z $command ]]; then
		COMPREPLY=($(compgen -W 'get watch list history stages stats create update set advance simulate run cancel delete ping
			bench token help' -- "$word"))
	elif [[ ($position == 0 || $command == watch) && $command != create ]]; then
		COMPREPLY=($(compgen -W "$(prg list --limit 100 --timeout 1 2>/dev/null | awk 'NR > 1 { print $1 }')" -- "$word"))
	fi
}
complete -o default -F _prg prg
