import { existsSync, linkSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { openLog } from '../../log.ts'
import { systemRandom } from '../../random.ts'
import { createOffload } from '../../targets/process/offload.ts'
import { openDatabases } from '../../targets/sqlite/databases.ts'
import { readBase } from '../../workspace/adopt-base.ts'
import { type Adoption, adopt } from '../../workspace/adoption.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import type { Terminal } from '../terminal.ts'

interface InitOptions extends CommonOptions {
  readonly from: string | undefined
  readonly airtable: string | undefined
  readonly endpoint: string | undefined
  readonly tokenEnv: string
}

/** `init --from DB --airtable BASE`: a desired state that has no drift against a database and a base that are there. */
export function registerInit(program: Command): void {
  common(program.command('init'), [
    'trueup init --from data/leads.db',
    'trueup init --from data/leads.db --airtable appBZvPvNXGqtoJdc',
    'trueup init --from data/leads.db --state desired-state.yaml && trueup plan',
  ])
    .summary('write a desired state from what exists')
    .description(
      'Reads a SQLite database, and an Airtable base if one is named, and writes a commented desired state that declares them as they are, so that nothing of them is drift. Which Airtable field mirrors which column is written down with its reason, and paused; rules are proposed as comments with the figures that speak for them. A file that is there is never overwritten; database and base are not changed.',
    )
    .option(
      '--from <db>',
      'the SQLite database, in the folder of the desired state or below it; left out: the only one that is there',
    )
    .option('--airtable <base>', 'the id of an Airtable base that mirrors tables of it')
    .option('--token-env <name>', 'the variable that holds the Airtable token', 'AIRTABLE_API_KEY')
    .option('--endpoint <url>', 'where Airtable answers, if that is not Airtable itself, such as `trueup sandbox`')
    .action((options: InitOptions) => runCommand(options, (run) => init(options, run)))
}

/** Comes with the package, beside which the workspace lies or in whose node_modules it is. */
const schema = fileURLToPath(new URL('../../../desired-state.schema.json', import.meta.url))

async function init(options: InitOptions, run: CommandRun): Promise<ExitStatus> {
  const file = resolve(options.state)
  const workspace = dirname(file)
  if (existsSync(file)) throw taken(options.state)
  const adoption = await adopted(options, workspace, run.signal)
  writeNew(file, options.state, adoption.yaml)
  const { tables, leftOut } = adoption
  const json = {
    path: file,
    items: tables.map(({ name, table, key, fields, rows, mirror }) => ({
      id: name,
      table,
      key,
      rows,
      fields: fields.map((field) => ({
        name: field.name,
        type: field.type,
        airtable: mirror?.fields.get(field.name) ?? null,
        proposals: field.proposals,
      })),
      airtable:
        mirror === undefined
          ? null
          : { table: mirror.table, reason: mirror.reason, key: mirror.keyField, unmapped: mirror.others },
    })),
    leftOut,
  }
  run.answer(json, (terminal) => tell(adoption, options, terminal))
  return 0
}

async function adopted(
  { from, airtable, endpoint, tokenEnv }: InitOptions,
  workspace: string,
  signal: AbortSignal,
): Promise<Adoption> {
  const database = from === undefined ? soleDatabase(workspace) : resolve(from)
  const log = openLog(process.env.TRUEUP_LOG ?? 'warn')
  const offload = createOffload({ log })
  const databases = openDatabases({ offload, clock: systemClock, log })
  try {
    if (airtable === undefined) return await adopt({ database, workspace, schema }, databases)
    const address = { base: airtable, tokenVariable: tokenEnv, endpoint: endpoint?.replace(/\/+$/, '') }
    const ports = { workspace, environment: process.env, clock: systemClock, random: systemRandom, log, signal }
    const tables = await readBase(address, ports)
    return await adopt({ database, workspace, schema, airtable: { ...address, tables } }, databases)
  } finally {
    databases.closeAll()
    await offload.close()
  }
}

/** The one SQLite file below a folder, by its name. */
function soleDatabase(workspace: string): string {
  const found = readdirSync(workspace, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(db|db3|sqlite|sqlite3)$/i.test(entry.name))
    .map((entry) => relative(workspace, join(entry.parentPath, entry.name)))
    .filter((path) => !path.split(sep).some((part) => part.startsWith('.') || part === 'node_modules'))
    .sort()
  const [only] = found
  if (only !== undefined && found.length === 1) return join(workspace, only)
  throw new OperationalError(
    'USAGE',
    found.length === 0 ? `no database lies below ${workspace}` : 'there are several',
    {
      hint:
        found.length === 0 ? 'Name one: --from FILE.' : `Name one: ${found.map((path) => `--from ${path}`).join(', ')}`,
    },
  )
}

function tell({ tables, leftOut }: Adoption, { state }: InitOptions, { line, colour }: Terminal): void {
  const proposals = tables.flatMap((table) => table.fields.flatMap((field) => field.proposals)).length
  line(
    `${colour.green('✓')} ${state} declares ${tables.map(({ name }) => name).join(', ')} as they are, and proposes ${proposals} settings as comments.`,
  )
  for (const { name, mirror } of tables) {
    if (mirror === undefined) continue
    line(`${colour.green('✓')} ${name} ↔ Airtable “${mirror.table}”, paused: ${mirror.reason}`)
    for (const [field, { remote, reason }] of mirror.fields) line(colour.dim(`    ${field} ↔ ${remote}: ${reason}`))
    line(colour.dim(`    the key ${mirror.keyField} ${mirror.keyReason}`))
  }
  for (const { table, reason } of leftOut) line(colour.dim(`- ${table} is not declared: ${reason}`))
  line()
  line('next: trueup plan                     what differs from it now: only what no declaration can make true')
  line(`      ${`edit ${state}`.padEnd(31)} take the proposals that you want, then plan again`)
  line('                                      `manage: observe` away: the database is kept as declared')
  if (tables.some(({ mirror }) => mirror !== undefined))
    line('                                      `paused: true` away: the table and its mirror are kept the same')
  line('      trueup import --discover DIR    other databases and files that hold leads')
  line('      trueup doctor                   whether this machine has what it takes, and what to mend')
}

function taken(shown: string, cause?: unknown): OperationalError {
  return new OperationalError('USAGE', `${shown} exists already, and is left as it is`, {
    hint: 'Name another file with --state, or move the old one away.',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Whole or not at all, and never over a file that is there. */
function writeNew(file: string, shown: string, text: string): void {
  const part = `${file}.${process.pid}.part`
  try {
    writeFileSync(part, text, { flag: 'wx', mode: 0o600 })
    linkSync(part, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    throw taken(shown, error)
  } finally {
    rmSync(part, { force: true })
  }
}
