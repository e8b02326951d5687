# SPDX-License-Identifier: Apache-2.0
# bash completion for holdfast(8). Commands, options, what they take and the names of
# baselines are asked of the program.

_holdfast() {
	local IFS=$'\n' cur prev command='' commands help kind word
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
		[[ $word == --check ]] && command=check
		[[ $word == --dry-run ]] && command=plan
	done
	help=$("${COMP_WORDS[0]}" ${command:+"$command"} --help 2>/dev/null)
	# --option=value arrives as three words
	[[ $cur == = ]] && cur=
	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
	# what is to be completed, as --help names it
	if [[ $prev == --* && $help == *" $prev="* ]]; then
		kind=${help#*" $prev="}
		kind=$prev=${kind%%[^A-Z]*}
	elif [[ $cur == -* ]]; then
		kind=option
	elif [[ -z $command ]]; then
		kind=command
	else
		kind=${help%%$'\n'*}
	fi
	case $kind in
	option)
		COMPREPLY=($(compgen -W "$(grep -oE -e '^ +(-[a-z], )?--[a-z-]+' <<<"$help" |
			grep -oE -e '--[a-z-]+')" -- "$cur"))
		;;
	command) COMPREPLY=($(compgen -W "$commands" -- "$cur")) ;;
	--format=*) COMPREPLY=($(compgen -W $'text\njson' -- "$cur")) ;;
	--color=*) COMPREPLY=($(compgen -W $'auto\nalways\nnever' -- "$cur")) ;;
	--restart=*) COMPREPLY=($(compgen -W $'safe\nalways\nnever' -- "$cur")) ;;
	--severity=*) COMPREPLY=($(compgen -W $'low\nmedium\nhigh' -- "$cur")) ;;
	--level=*) COMPREPLY=($(compgen -W $'1\n2' -- "$cur")) ;;
	--fail-on=*)
		COMPREPLY=($(compgen -W $'drift\nunknown\npending\nfindings' -- "$cur"))
		;;
	*=DIR) COMPREPLY=($(compgen -d -- "$cur")) ;;
	*FILE*) COMPREPLY=($(compgen -f -- "$cur")) ;;
	*TRANSACTION*)
		COMPREPLY=($(compgen -W "last$("${COMP_WORDS[0]}" history 2>/dev/null |
			sed -n 's/^\([0-9][^ ]*\) .*/\n\1/p')" -- "$cur"))
		;;
	*BASELINE*)
		if [[ $cur == */* ]]; then
			COMPREPLY=($(compgen -f -- "$cur"))
		else
			COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" list 2>/dev/null |
				grep -oE -e '^[^ ]+')" -- "$cur") $(compgen -f -X '!*.yaml' -- "$cur"))
		fi
		;;
	esac
}
complete -o filenames -F _holdfast holdfast
