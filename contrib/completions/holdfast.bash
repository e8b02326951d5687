# SPDX-License-Identifier: Apache-2.0
# bash completion for holdfast(8). Commands, options and baselines are asked of the program.

_holdfast() {
	local cur prev command='' commands word
	cur=${COMP_WORDS[COMP_CWORD]}
	prev=${COMP_WORDS[COMP_CWORD - 1]}
	COMPREPLY=()
	commands=$("${COMP_WORDS[0]}" --help 2>/dev/null |
		sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ $'\n'$commands$'\n' == *$'\n'$word$'\n'* ]]; then
			command=$word
			break
		fi
	done
	# --option=value arrives as three words
	[[ $cur == = ]] && cur=
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
	case $prev in
	--format) COMPREPLY=($(compgen -W 'text json' -- "$cur")) && return ;;
	--color) COMPREPLY=($(compgen -W 'auto always never' -- "$cur")) && return ;;
	--restart) COMPREPLY=($(compgen -W 'safe always never' -- "$cur")) && return ;;
	--severity) COMPREPLY=($(compgen -W 'low medium high' -- "$cur")) && return ;;
	--level) COMPREPLY=($(compgen -W '1 2' -- "$cur")) && return ;;
	--fail-on)
		COMPREPLY=($(compgen -W 'drift unknown pending findings' -- "$cur")) && return
		;;
	--root | --output-dir) COMPREPLY=($(compgen -d -- "$cur")) && return ;;
	--output) COMPREPLY=($(compgen -f -- "$cur")) && return ;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" $command --help 2>/dev/null |
			grep -oE -e '^ +(-[a-z], )?--[a-z-]+' | grep -oE -e '--[a-z-]+')" -- "$cur"))
	elif [[ -z $command ]]; then
		COMPREPLY=($(compgen -W "$commands" -- "$cur"))
	elif [[ $cur != */* ]]; then
		COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" list 2>/dev/null |
			grep -oE -e '^[^ ]+')" -- "$cur") $(compgen -f -X '!*.yaml' -- "$cur"))
	else
		COMPREPLY=($(compgen -f -- "$cur"))
	fi
}
complete -o filenames -F _holdfast holdfast
