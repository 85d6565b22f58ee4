#!/usr/bin/env node
/** The command line `trueup`: one file a command in src/cli/commands. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { OperationalError } from '../errors.ts'
import { reportError } from './command.ts'
import { registerApply } from './commands/apply.ts'
import { registerGenerate } from './commands/generate.ts'
import { registerPlan } from './commands/plan.ts'
import { registerQueue } from './commands/queue.ts'
import { registerState } from './commands/state.ts'
import { registerValidate } from './commands/validate.ts'
import { registerWhy } from './commands/why.ts'

const wantsJson = process.argv.includes('--json')
const packageSchema = z.object({ version: z.string() })

function createProgram(): Command {
  const { version } = packageSchema.parse(
    JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')),
  )
  const program = new Command('trueup')
    .description('Keeps a lead database true to what its owner declared in desired-state.yaml.')
    .version(version)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showSuggestionAfterError()
    .configureOutput({
      // With --json the error is the document on stdout, and said once.
      writeErr: (text) => {
        if (!wantsJson) process.stderr.write(text)
      },
    })
    .exitOverride()
  for (const register of [
    registerValidate,
    registerPlan,
    registerApply,
    registerState,
    registerWhy,
    registerQueue,
    registerGenerate,
  ]) {
    register(program)
  }
  for (const command of program.commands) command.exitOverride()
  return program
}

/** What commander refuses, with its suggestion as the next step. */
function usageError(message: string, program: Command): OperationalError {
  const [text = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const command = program.commands.find((one) => process.argv.slice(2).includes(one.name()))
  const help = `See \`trueup ${command === undefined ? '' : `${command.name()} `}--help\`.`
  const meant = suggestion?.replace(/^\(|\)$/g, '')
  return new OperationalError('USAGE', text, { hint: meant === undefined ? help : `${meant} ${help}` })
}

// Whoever reads the output may stop reading (`trueup plan | head`); what is under way is ended all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

// Files that Trueup makes are their owner's alone.
process.umask(0o077)
const program = createProgram()
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    const isHelp = error.exitCode === 0
    if (!isHelp && wantsJson) process.exitCode = reportError(usageError(error.message, program), true)
    else process.exitCode = isHelp ? 0 : 1
  } else process.exitCode = reportError(error, wantsJson)
}
