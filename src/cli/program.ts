/** The commander program of `trueup`, apart from the process it runs in, so that docs/cli.md can be compared with it. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { z } from 'zod'
import { registerApply } from './commands/apply.ts'
import { registerConflicts } from './commands/conflicts.ts'
import { registerGenerate } from './commands/generate.ts'
import { registerImport } from './commands/import.ts'
import { registerInit } from './commands/init.ts'
import { registerLeads } from './commands/leads.ts'
import { registerPlan } from './commands/plan.ts'
import { registerQuery } from './commands/query.ts'
import { registerQueue } from './commands/queue.ts'
import { registerRun } from './commands/run.ts'
import { registerSandbox } from './commands/sandbox.ts'
import { registerSchema } from './commands/schema.ts'
import { registerService } from './commands/service.ts'
import { registerState } from './commands/state.ts'
import { registerSync } from './commands/sync.ts'
import { registerToken } from './commands/token.ts'
import { registerValidate } from './commands/validate.ts'
import { registerWhy } from './commands/why.ts'

const packageSchema = z.object({ version: z.string() })

/** Every command with its options, one file a command in src/cli/commands. Parsing throws CommanderError instead of ending the process. */
export function createProgram({ wantsJson = false } = {}): Command {
  const { version } = packageSchema.parse(
    JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')),
  )
  const program = new Command('trueup')
    .description('Keeps a lead database true to what its owner declared in desired-state.yaml.')
    .version(version)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showSuggestionAfterError()
    // `import report --json`: an option belongs to the command that it follows.
    .enablePositionalOptions()
    .configureOutput({
      // With --json the error is the document on stdout, and said once.
      writeErr: (text) => {
        if (!wantsJson) process.stderr.write(text)
      },
    })
  for (const register of [
    registerValidate,
    registerInit,
    registerPlan,
    registerApply,
    registerRun,
    registerLeads,
    registerImport,
    registerQuery,
    registerSandbox,
    registerSchema,
    registerToken,
    registerState,
    registerWhy,
    registerService,
    registerQueue,
    registerSync,
    registerConflicts,
    registerGenerate,
  ]) {
    register(program)
  }
  throwInsteadOfExit(program)
  return program
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride()
  for (const one of command.commands) throwInsteadOfExit(one)
}
