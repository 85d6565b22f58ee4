import type { Command } from 'commander'
import { OperationalError } from '../../errors.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'
import { completionScript, shells, type Words } from '../completion.ts'

/** `completion SHELL`: a script that has a shell complete commands and options. */
export function registerCompletion(program: Command): void {
  common(program.command('completion <shell>'), [
    'eval "$(trueup completion bash)"',
    'trueup completion zsh > ~/.zfunc/_trueup',
    'trueup completion fish > ~/.config/fish/completions/trueup.fish',
  ])
    .summary('print a script that completes commands and options in bash, zsh or fish')
    .action((shell: string, options: CommonOptions) =>
      runCommand(options, async (run) => {
        const known = shells.find((one) => one === shell)
        if (known === undefined)
          throw new OperationalError('USAGE', `there is no completion for ${shell}`, {
            hint: `Name one of ${shells.join(', ')}.`,
          })
        const script = completionScript(known, wordsOf(program))
        run.answer({ shell: known, script }, ({ line }) => line(script))
        return 0
      }),
    )
}

/** What may follow each command: `''` is the program itself. */
function wordsOf(program: Command): Words {
  const words: [string, { readonly name: string; readonly summary: string }[]][] = []
  const visit = (command: Command, path: string): void => {
    words.push([
      path,
      [
        ...command.commands.map((one) => ({ name: one.name(), summary: one.summary() || one.description() })),
        ...command.options.flatMap((option) =>
          option.long === undefined || option.long === null ? [] : [{ name: option.long, summary: option.description }],
        ),
        { name: '--help', summary: 'options and examples' },
      ],
    ])
    for (const one of command.commands) visit(one, path === '' ? one.name() : `${path} ${one.name()}`)
  }
  visit(program, '')
  return new Map(words)
}
