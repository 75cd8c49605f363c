/**
 * What each shell runs at the Tab key. The surprise: none of it knows a command. The shell hands
 * over the words typed so far and kedge answers, so a script of last year completes the commands of
 * today.
 */
import { filesWanted } from './answer.ts';

const bash = `_kedge() {
  local cur words cword line quoted replies
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n =: cur words cword
  else
    cur=\${COMP_WORDS[COMP_CWORD]} words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
  fi
  COMPREPLY=()
  replies=$(kedge __complete "\${words[@]:1:cword}" 2>/dev/null)
  if [[ $replies == ${filesWanted} ]]; then
    compopt -o default 2>/dev/null
    return
  fi
  while IFS=$'\\t' read -r line _; do
    # A name may hold what a shell would obey.
    printf -v quoted %q "$line"
    [[ -n $line && $line == "$cur"* ]] && COMPREPLY+=("$quoted")
  done <<< "$replies"
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
}
complete -F _kedge kedge`;

const zsh = `#compdef kedge
_kedge() {
  local -a lines described
  local line
  lines=("\${(@f)$(kedge __complete "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  if [[ $lines[1] == ${filesWanted} ]]; then
    _files
    return
  fi
  for line in $lines; do
    [[ -n $line ]] && described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe kedge described
}
compdef _kedge kedge`;

const fish = `function __kedge_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l replies (kedge __complete $words[2..-1] 2>/dev/null)
  if test "$replies[1]" = ${filesWanted}
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $replies
  end
end
complete -c kedge -f -a '(__kedge_complete)'`;

export function scriptFor(shell: 'bash' | 'zsh' | 'fish'): string {
  return { bash, zsh, fish }[shell];
}
