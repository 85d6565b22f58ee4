#!/usr/bin/env node
/** The command line `trueup`: one file a command in src/cli/commands. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { z } from 'zod'
import { OperationalError } from '../errors.ts'
import { reportError } from './command.ts'
import { registerApply } from './commands/apply.ts'
import { registerGenerate } from './commands/generate.ts'
import { registerLeads } from './commands/leads.ts'
import { registerPlan } from './commands/plan.ts'
import { registerQuery } from './commands/query.ts'
import { registerQueue } from './commands/queue.ts'
import { registerRun } from './commands/run.ts'
import { registerSandbox } from './commands/sandbox.ts'
import { registerSchema } from './commands/schema.ts'
import { registerState } from './commands/state.ts'
import { registerToken } from './commands/token.ts'
import { registerValidate } from './commands/validate.ts'
import { registerWhy } from './commands/why.ts'

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
    .exitOverride()
  for (const register of [
    registerValidate,
    registerPlan,
    registerApply,
    registerRun,
    registerLeads,
    registerQuery,
    registerSandbox,
    registerSchema,
    registerToken,
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

// A reader that has seen enough (`trueup leads list | head`) closes the pipe; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

// Files that Trueup makes are their owner's alone.
process.umask(0o077)
try {
  await createProgram().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    const isHelp = error.exitCode === 0
    if (!isHelp && process.argv.includes('--json')) {
      process.exitCode = reportError(new OperationalError('USAGE', error.message.replace(/^error: /, '')), true)
    } else process.exitCode = isHelp ? 0 : 1
  } else process.exitCode = reportError(error, process.argv.includes('--json'))
}
