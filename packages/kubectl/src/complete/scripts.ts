/** The scripts that teach shells to ask this program for the rest of a line. `name` is what the program is called there. */

const bash = (name: string, id: string): string => `# Completion of ${name} for bash.
__${id}_complete() {
  local line directive word cur="\${COMP_WORDS[COMP_CWORD]}"
  local -a words=()
  COMPREPLY=()
  # Bash parts words at = and :, which are no ends of words here.
  words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  if [[ "\${cur}" == "=" ]]; then
    words=("\${COMP_WORDS[@]:1:COMP_CWORD-2}" "\${COMP_WORDS[COMP_CWORD-1]}=")
    cur=""
  elif [[ \${COMP_CWORD} -gt 1 && "\${COMP_WORDS[COMP_CWORD-1]}" == "=" ]]; then
    words=("\${COMP_WORDS[@]:1:COMP_CWORD-3}" "\${COMP_WORDS[COMP_CWORD-2]}=\${cur}")
  fi
  while IFS= read -r line; do
    case "\${line}" in
      :*) directive="\${line#:}" ;;
      *) COMPREPLY+=("\${line}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2>/dev/null)
  if [[ "\${directive}" == "8" ]]; then
    local endings="\${COMPREPLY[*]}"
    COMPREPLY=()
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do
      if [[ -d "\${word}" || " \${endings} " == *" \${word##*.} "* ]]; then COMPREPLY+=("\${word}"); fi
    done < <(compgen -f -- "\${cur}")
  elif [[ "\${directive}" == "0" && \${#COMPREPLY[@]} -eq 0 ]]; then
    compopt -o default 2>/dev/null
  fi
}
complete -F __${id}_complete ${name}
`;

const zsh = (name: string, id: string): string => `#compdef ${name}
# Completion of ${name} for zsh.
_${id}() {
  local line directive
  local -a found
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "\${line}" in
      :*) directive="\${line#:}" ;;
      *) found+=("\${line}") ;;
    esac
  done
  if [[ "\${directive}" == "8" ]]; then
    _files -g "*.(\${(j:|:)found})"
  elif [[ "\${directive}" == "0" && \${#found} -eq 0 ]]; then
    _files
  else
    compadd -- "\${found[@]}"
  fi
}
if [[ "\${funcstack[1]}" == "_${id}" ]]; then _${id} "$@"; else compdef _${id} ${name}; fi
`;

const fish = (name: string, id: string): string => `# Completion of ${name} for fish.
function __${id}_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
    switch $line
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c ${name} -a '(__${id}_complete)'
`;

const powershell = (name: string): string => `# Completion of ${name} for PowerShell.
Register-ArgumentCompleter -Native -CommandName '${name}' -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | ForEach-Object { "$_" } | Select-Object -Skip 1)
  if ($word -eq '') { $words += '' }
  & ${name} __complete @words 2>$null | Where-Object { -not $_.StartsWith(':') } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;

export const SCRIPTS: Readonly<Record<string, (name: string) => string>> = {
  bash: (name) => bash(name, identifier(name)),
  zsh: (name) => zsh(name, identifier(name)),
  fish: (name) => fish(name, identifier(name)),
  powershell,
};

const identifier = (name: string): string => name.replace(/\W/g, "_");
