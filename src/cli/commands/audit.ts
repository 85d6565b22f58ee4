import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { isoOf, systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import type { ChainedRow } from '../../journal/chain.ts'
import { readHeads, verifyJournal } from '../../journal/heads.ts'
import { type ChainFilter, readChain, withChain } from '../../journal/read-chain.ts'
import { csvCell, csvLine } from '../../leads/export/csv.ts'
import { auditFiles, readAuditFiles } from '../../workspace/audit-heads.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { momentOf } from '../moment.ts'
import { type Piece, toFile, toStdout } from '../out-file.ts'

interface ExportOptions extends CommonOptions {
  readonly format: string
  readonly since?: string
  readonly until?: string
  readonly actor?: string
  readonly resource?: string
  readonly out?: string
}

export function registerAudit(program: Command): void {
  const audit = program
    .command('audit')
    .summary('the record of everything that was done')
    .description('Exports the journal, and shows whether it is as it was written. See docs/audit.md.')

  common(audit.command('verify'), ['trueup audit verify', 'trueup audit verify --heads /mnt/elsewhere/audit.heads'])
    .summary('whether anybody changed, removed or cut off entries')
    .description(
      'Walks the hash chain and compares it with the signed heads. Names the first entry that does not fit. Exit status 3 when there is one.',
    )
    .option('--heads <file>', 'a copy of the heads that was kept elsewhere; default .trueup/audit.heads')
    .action((options: CommonOptions & { heads?: string }) => runCommand(options, (run) => verify(options, run)))

  common(audit.command('export'), [
    'trueup audit export --out audit.json',
    'trueup audit export --format csv --since 2026-11-01 --out november.csv',
    'trueup audit export --actor token:ann --resource table/leads',
  ])
    .summary('the entries, oldest first, with their hashes')
    .option('--format <format>', 'json or csv; in csv no cell is a formula', 'json')
    .option('--since <time>', 'no earlier ones: a date, a moment, or how long ago (2h)')
    .option('--until <time>', 'no later ones')
    .option('--actor <actor>', 'of this person, program or part of Trueup alone')
    .option('--resource <kind/name>', 'about this resource alone')
    .option('--out <file>', 'write to this file, which must not exist, and say how many there are')
    .action((options: ExportOptions) => runCommand(options, (run) => exportEntries(options, run)))
}

const ownFolderOf = ({ state }: CommonOptions) => {
  if (!existsSync(state)) throw new OperationalError('DESIRED_STATE_MISSING', `there is no ${state}`)
  return join(dirname(resolve(state)), '.trueup')
}

async function verify(options: CommonOptions & { heads?: string }, run: CommandRun): Promise<ExitStatus> {
  const ownFolder = ownFolderOf(options)
  const own = readAuditFiles(auditFiles(ownFolder))
  // Heads first: a journal that grows meanwhile holds all that they vouch for.
  const heads = options.heads === undefined ? own.heads : headsIn(options.heads)
  const path = join(ownFolder, 'journal.db')
  const none = { rows: [], anchor: undefined }
  const verdict = existsSync(path)
    ? withChain(path, (chain) => verifyJournal(chain, heads, own.key))
    : verifyJournal(none, heads, own.key)
  const { entries, removed, hash, signedUpTo, problems } = verdict
  const isKeyLost = own.key === undefined && heads.length > 0
  run.answer({ ...verdict, keyFound: own.key !== undefined, whole: problems.length === 0 }, ({ line, colour }) => {
    for (const { message } of problems) line(colour.red(message))
    if (isKeyLost) line(colour.yellow('The key is not there: the heads were compared without their signatures.'))
    if (problems.length > 0) {
      line('Keep a copy of the .trueup folder, compare it with a backup, and find out who wrote there.')
      return
    }
    line(
      colour.green(
        `${(entries - removed).toLocaleString('en')} entries are as they were written; ${Math.max(0, signedUpTo - removed).toLocaleString('en')} of them are signed.`,
      ),
    )
    if (removed > 0) line(`The ${removed.toLocaleString('en')} before them were retired, as policy.audit.keep asks.`)
    line(colour.dim(`newest: ${hash}`))
  })
  return problems.length === 0 && !isKeyLost ? 0 : 3
}

function headsIn(file: string) {
  try {
    return readHeads(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new OperationalError('USAGE', `--heads ${file} cannot be read`, {
      cause: error,
      hint: 'Name a copy of .trueup/audit.heads.',
    })
  }
}

/** None where nothing was ever done. */
function rowsOf(ownFolder: string, filter: ChainFilter): Iterable<ChainedRow> {
  const path = join(ownFolder, 'journal.db')
  return existsSync(path) ? readChain(path, filter) : []
}

async function exportEntries(options: ExportOptions, run: CommandRun): Promise<ExitStatus> {
  const { format, out } = options
  if (format !== 'json' && format !== 'csv')
    throw new OperationalError('USAGE', `--format ${format} is neither json nor csv`)
  if (format === 'csv' && options.json && out === undefined)
    throw new OperationalError('USAGE', '--json prints a JSON document, --format csv does not', {
      hint: 'Leave one of them out, or name a file with --out.',
    })
  const rows = rowsOf(ownFolderOf(options), {
    sinceMs: momentOrNone('--since', options.since),
    untilMs: momentOrNone('--until', options.until),
    actor: options.actor,
    resource: options.resource,
  })
  const pieces = format === 'json' ? jsonPieces(rows) : csvPieces(rows)
  if (out === undefined) {
    await toStdout(pieces)
    return 0
  }
  const written = await toFile(pieces, out)
  run.answer({ path: written.path, entries: written.rows, format }, ({ line, colour }) =>
    line(`${colour.green('✓')} ${written.rows.toLocaleString('en')} entries to ${out}`),
  )
  return 0
}

const momentOrNone = (option: string, text: string | undefined) =>
  text === undefined ? undefined : momentOf(option, text, systemClock.nowMs())

function* jsonPieces(rows: Iterable<ChainedRow>): Generator<Piece> {
  yield { text: '{"items":[', rows: 0 }
  let isFirst = true
  for (const row of rows) {
    const head = JSON.stringify({
      id: String(row.seq),
      at: isoOf(row.at_ms),
      type: row.type,
      actor: row.actor,
      resource: row.resource,
      actionId: row.action_id,
      runId: row.run_id,
      hash: row.hash,
    })
    // As it is stored, so that whoever has the export can reckon the hashes again; what somebody made no JSON is a text.
    const body = isJson(row.body) ? row.body : JSON.stringify(row.body)
    const text = `${isFirst ? '' : ','}\n${head.slice(0, -1)},"body":${body}}`
    yield { text, rows: 1 }
    isFirst = false
  }
  yield { text: '\n]}\n', rows: 0 }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function* csvPieces(rows: Iterable<ChainedRow>): Generator<Piece> {
  yield { text: csvLine(['seq', 'at', 'type', 'actor', 'resource', 'action', 'run', 'body', 'hash']), rows: 0 }
  for (const row of rows) {
    const texts = [row.type, row.actor, row.resource ?? '', row.action_id ?? '', row.run_id ?? '', row.body, row.hash]
    yield {
      text: csvLine([String(row.seq), isoOf(row.at_ms), ...texts.map((text) => csvCell(text, 'text'))]),
      rows: 1,
    }
  }
}
