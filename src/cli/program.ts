/** The commander program of `trueup`, apart from the process it runs in, so that docs/cli.md can be compared with it. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { z } from 'zod'

/**
 * Every command by name, with what loads the file that registers it: a command loads no code of the others, since that takes
 * longer than most of them. Files are in the order of the help.
 */
const commandFiles: readonly (readonly [names: readonly string[], load: () => Promise<(program: Command) => void>])[] =
  [
    [['validate'], async () => (await import('./commands/validate.ts')).registerValidate],
    [['init'], async () => (await import('./commands/init.ts')).registerInit],
    [['doctor'], async () => (await import('./commands/doctor.ts')).registerDoctor],
    [['plan'], async () => (await import('./commands/plan.ts')).registerPlan],
    [['apply'], async () => (await import('./commands/apply.ts')).registerApply],
    [['run'], async () => (await import('./commands/run.ts')).registerRun],
    [['leads'], async () => (await import('./commands/leads.ts')).registerLeads],
    [['person'], async () => (await import('./commands/person.ts')).registerPerson],
    [['import'], async () => (await import('./commands/import.ts')).registerImport],
    [['query', 'stats'], async () => (await import('./commands/query.ts')).registerQuery],
    [['quality'], async () => (await import('./commands/quality.ts')).registerQuality],
    [['sandbox'], async () => (await import('./commands/sandbox.ts')).registerSandbox],
    [['schema'], async () => (await import('./commands/schema.ts')).registerSchema],
    [['token'], async () => (await import('./commands/token.ts')).registerToken],
    [['status', 'drift', 'health'], async () => (await import('./commands/state.ts')).registerState],
    [['why'], async () => (await import('./commands/why.ts')).registerWhy],
    [['service'], async () => (await import('./commands/service.ts')).registerService],
    [['backup'], async () => (await import('./commands/backup.ts')).registerBackup],
    [['approvals', 'approve', 'reject'], async () => (await import('./commands/queue.ts')).registerQueue],
    [['undo'], async () => (await import('./commands/undo.ts')).registerUndo],
    [['sync'], async () => (await import('./commands/sync.ts')).registerSync],
    [['conflicts', 'resolve'], async () => (await import('./commands/conflicts.ts')).registerConflicts],
    [['alert'], async () => (await import('./commands/alert.ts')).registerAlert],
    [['report'], async () => (await import('./commands/report.ts')).registerReport],
    [['audit'], async () => (await import('./commands/audit.ts')).registerAudit],
    [['generate'], async () => (await import('./commands/generate.ts')).registerGenerate],
    [['help'], async () => (await import('./commands/help.ts')).registerHelp],
    [['completion'], async () => (await import('./commands/completion.ts')).registerCompletion],
  ]

const packageSchema = z.object({ version: z.string() })

export interface ProgramOptions {
  readonly wantsJson?: boolean
  /** The one command that will be asked for: no other is registered. Undefined, or none of ours: all are. */
  readonly only?: string | undefined
}

/** The commands with their options. Parsing throws CommanderError instead of ending the process. */
export async function createProgram({ wantsJson = false, only }: ProgramOptions = {}): Promise<Command> {
  const { version } = packageSchema.parse(
    JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')),
  )
  const program = new Command('trueup')
    .description('Keeps a lead database true to what its owner declared in desired-state.yaml.')
    .version(version)
    // Ours knows topics too.
    .helpCommand(false)
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
  for (const [, load] of filesFor(only)) (await load())(program)
  throwInsteadOfExit(program)
  return program
}

function filesFor(only: string | undefined): typeof commandFiles {
  if (only === '--version' || only === '-V') return []
  // They name all the others.
  if (only === 'completion' || only === 'help') return commandFiles
  const wanted = commandFiles.filter(([names]) => only !== undefined && names.includes(only))
  return wanted.length > 0 ? wanted : commandFiles
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride()
  for (const one of command.commands) throwInsteadOfExit(one)
}
