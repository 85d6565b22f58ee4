import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { parseDesiredState } from '../../desired/load.ts'
import { problemText } from '../../desired/problem.ts'
import { notManagedSections } from '../../desired/unmanaged.ts'
import { messageOf, OperationalError } from '../../errors.ts'
import { kindNames, managedKinds } from '../../kinds/registry.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { plugIn } from '../../workspace/plug-in.ts'
import { type CommonOptions, common, runCommand } from '../command.ts'

export function registerValidate(program: Command): void {
  common(program.command('validate'), [
    'trueup validate',
    'trueup validate --state /srv/leads/desired-state.yaml --json',
  ])
    .summary('check the desired state; needs nothing else')
    .description('Names every problem with line and column. Exit status 1 when there is one.')
    .action((options: CommonOptions) =>
      runCommand(options, async (run) => {
        const file = resolve(options.state)
        if (!existsSync(file)) throw new OperationalError('DESIRED_STATE_MISSING', `there is no ${options.state}`)
        // What plug-ins add must be known before what names it can be checked.
        const { pluginChannels } = await plugIn({
          stateFile: file,
          directory: dirname(file),
          clock: systemClock,
          kinds: new Set(kindNames),
        })
        const parsed = parseDesiredState(bytesOf(file, options.state), {
          file: options.state,
          environment: process.env,
          workspace: dirname(file),
          rules: standardizeRules,
          pluginChannels,
        })
        if (parsed.is === 'invalid') {
          run.answer(
            {
              valid: false,
              items: parsed.problems.map((problem) => ({ id: `${problem.line}:${problem.column}`, ...problem })),
            },
            ({ line, colour }) => {
              for (const problem of parsed.problems) line(colour.red(problemText(problem)))
              line(`${parsed.problems.length} problem${parsed.problems.length === 1 ? '' : 's'}.`)
            },
          )
          return 1
        }
        const unmanaged = notManagedSections(parsed.state, managedKinds)
        run.answer({ valid: true, items: [], warnings: parsed.warnings, notManaged: unmanaged }, ({ line, colour }) => {
          for (const warning of parsed.warnings) line(colour.yellow(problemText(warning)))
          for (const { section, names, message } of unmanaged)
            line(colour.dim(`${section}: ${message} (${names.length} declared)`))
          line(
            colour.green(
              `${options.state} is valid: ${Object.keys(parsed.state.tables).length} tables, ${Object.keys(parsed.state.databases).length} databases.`,
            ),
          )
        })
        return 0
      }),
    )
}

function bytesOf(file: string, shownAs: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new OperationalError('DESIRED_STATE_MISSING', `${shownAs} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
