import { linkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { openLog } from '../../log.ts'
import { createOffload } from '../../targets/process/offload.ts'
import { openDatabases } from '../../targets/sqlite/databases.ts'
import { type Adoption, adopt } from '../../workspace/adoption.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'

interface InitOptions extends CommonOptions {
  readonly from: string
}

/** `init --from DB`: a desired state that has no drift against a database that is there. */
export function registerInit(program: Command): void {
  common(program.command('init'), [
    'trueup init --from data/leads.db',
    'trueup init --from data/leads.db --state desired-state.yaml && trueup plan',
  ])
    .summary('write a desired state from what exists')
    .description(
      'Reads a SQLite database and writes a commented desired state that declares its tables as they are, so that nothing of them is drift, and proposes rules as comments with the figures that speak for them. A file that is there is never overwritten; the database is not changed.',
    )
    .requiredOption('--from <db>', 'the SQLite database; it must lie in the folder of the desired state or below it')
    .action((options: InitOptions) => runCommand(options, (run) => init(options, run)))
}

async function init(options: InitOptions, run: CommandRun): Promise<ExitStatus> {
  const log = openLog(process.env.TRUEUP_LOG ?? 'warn')
  const offload = createOffload({ log })
  const databases = openDatabases({ offload, clock: systemClock, log })
  const file = resolve(options.state)
  let adoption: Adoption
  try {
    adoption = await adopt({ database: resolve(options.from), workspace: dirname(file) }, databases)
  } finally {
    databases.closeAll()
    await offload.close()
  }
  writeNew(file, options.state, adoption.yaml)
  const { tables, leftOut } = adoption
  const json = {
    path: file,
    items: tables.map(({ name, key, fields, rows }) => ({
      id: name,
      key,
      rows,
      fields: fields.map((field) => ({ name: field.name, type: field.type, proposals: field.proposals })),
    })),
    leftOut,
  }
  run.answer(json, ({ line, colour }) => {
    const proposals = tables.flatMap((table) => table.fields.flatMap((field) => field.proposals)).length
    line(
      `${colour.green('✓')} ${options.state} declares ${tables.map(({ name }) => name).join(', ')} as they are, and proposes ${proposals} settings as comments.`,
    )
    for (const { table, reason } of leftOut) line(colour.dim(`- ${table} is not declared: ${reason}`))
    line()
    line('next: trueup plan                     what differs from it now: only what no declaration can make true')
    line(`      edit ${options.state}       take the proposals that you want, then plan again`)
    line('      trueup import --discover DIR    other databases and files that hold leads')
  })
  return 0
}

/** Whole or not at all, and never over a file that is there. */
function writeNew(file: string, shown: string, text: string): void {
  const part = `${file}.${process.pid}.part`
  try {
    writeFileSync(part, text, { flag: 'wx', mode: 0o600 })
    linkSync(part, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw new OperationalError('USAGE', `${shown} exists already, and is left as it is`, {
      hint: 'Name another file with --state, or move the old one away.',
      cause: error,
    })
  } finally {
    rmSync(part, { force: true })
  }
}
