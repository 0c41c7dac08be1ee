# SPDX-License-Identifier: GPL-3.0-or-later
#
# For crown4ctl, crown4-server and crown4-dashboard: what can be said is what --help says.

_crown4()
{
  local cur prev words cword split commands word said=
  _init_completion -s || return

  case $prev in
    --role) mapfile -t COMPREPLY < <(compgen -W 'viewer member admin' -- "$cur"); return ;;
    --namespace) mapfile -t COMPREPLY < <(compgen -W '/dashboard /tasks /analytics /meetings' -- "$cur"); return ;;
    --ledger) mapfile -t COMPREPLY < <(compgen -W 'sqlite: postgresql://' -- "$cur"); compopt -o nospace; return ;;
    --profile) _filedir -d; return ;;
    --config|--tls-*|--import|--screenshot) _filedir; return ;;
    --server|--token|--workspace|--user|--keep-*|--from|--listen|--rate-limit|--max-connections|--request-timeout) return ;;
  esac
  $split && return

  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '$(_parse_help "$1")' -- "$cur")
    [[ ${COMPREPLY-} == *= ]] && compopt -o nospace
    return
  fi

  # What of a command is there already: the words that are neither options nor their values.
  for ((word = 1; word < cword; word++)); do
    case ${words[word]} in
      --*=*|--json|--checksum) ;;
      -*) ((word++)) ;;
      =|:) ;;
      *) said+="${words[word]} " ;;
    esac
  done
  commands=$("$1" --help 2>/dev/null | sed -n '/^Commands:$/,/^$/s/^  \([a-z]\+\( [a-z]\+\)\?\) .*/\1/p')
  if grep -q "^$said" <<<"$commands" && [[ $said != *' '*' ' ]]; then
    mapfile -t COMPREPLY < <(compgen -W '$(sed -n "s/^$said\([a-z]*\).*/\1/p" <<<"$commands")' -- "$cur")
  else
    _filedir
  fi
}
complete -F _crown4 crown4ctl crown4-server crown4-dashboard
