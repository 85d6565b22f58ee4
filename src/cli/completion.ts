/** Completion scripts, made of the commands and options that there are. Pure. */

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What may follow a command, by its full name (`token create`); the empty name is the program. */
export type Words = ReadonlyMap<string, readonly { readonly name: string; readonly summary: string }[]>

export function completionScript(shell: Shell, words: Words): string {
  switch (shell) {
    case 'bash':
      return bash(words)
    case 'zsh':
      return `#compdef trueup\nautoload -U +X bashcompinit && bashcompinit\n${bash(words)}`
    case 'fish':
      return fish(words)
  }
}

/** The longest name of a command that the words so far begin with, then what may follow it; else files. */
function bash(words: Words): string {
  const cases = [...words].map(([path, next]) => `    '${path}') words='${next.map(({ name }) => name).join(' ')}' ;;`)
  const names = [...words.keys()].filter((path) => path !== '').map((path) => `'${path}'`)
  return `_trueup() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${names.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _trueup trueup`
}

function fish(words: Words): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const lines = [...words].flatMap(([path, next]) => {
    const given = path === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.split(' ').at(-1)}`
    return next.map(({ name, summary }) =>
      name.startsWith('--')
        ? `complete -c trueup -n ${quoted(given)} -l ${name.slice(2)} -d ${quoted(summary)}`
        : `complete -c trueup -n ${quoted(given)} -a ${name} -d ${quoted(summary)}`,
    )
  })
  return ['# trueup', ...lines].join('\n')
}
