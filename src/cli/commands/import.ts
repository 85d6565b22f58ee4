import { resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { withWorkspace } from '../workspace.ts'
import { applyNamed } from './apply.ts'

interface ImportOptions extends CommonOptions {
  readonly discover?: string
  readonly into?: string
  readonly dryRun: boolean
}

interface ReportOptions extends CommonOptions {
  readonly rows?: string
  readonly limit: string
}

type Report = Awaited<ReturnType<Workspace['imports']['report']>>
type Discovery = Awaited<ReturnType<Workspace['imports']['discover']>>

const outcomes = ['inserted', 'merged', 'unchanged', 'repeated', 'withheld', 'refused'] as const
const outcomeSchema = z.enum(outcomes)
const limitSchema = z.coerce.number().int().min(0).max(10_000_000)

/** `import` and `import report`: bringing in what other databases and files hold, and the account of every row. */
export function registerImport(program: Command): void {
  const command = common(program.command('import [name...]'), [
    'trueup import                          # every declared import',
    'trueup import cache-leads --dry-run    # what it would do',
    'trueup import --discover data          # what could be imported, as YAML to paste',
    'trueup import report                   # what became of every source row',
    'trueup undo RUN                        # takes an import back as one action',
  ])
    .summary('bring in what other databases and JSON files hold')
    .description(
      'Carries out the declared imports that are named, or all: new leads are inserted, blanks of known ones filled, and every source row is noted in the migration log. Sources are never changed. With --discover it looks for sources instead and changes nothing. Exit status 2 when something waits.',
    )
    .option('--dry-run', 'show what would be done and change nothing', false)
    .option('--discover <dir>', 'look for SQLite and JSON files with leads and propose imports of them; writes nothing')
    .option('--into <table>', 'with --discover: the declared table to import into (default: leads, or the only one)')
    // Options after the word `report` belong to the report.
    .enablePositionalOptions()
    .action((names: string[], options: ImportOptions) =>
      runCommand(options, (run) => {
        if (options.discover !== undefined) return discover(options.discover, names, options, run)
        if (options.into !== undefined)
          throw new OperationalError(
            'USAGE',
            '--into is for --discover; an import names its table in the desired state',
          )
        const wanted =
          names.length === 0 ? ['import'] : names.map((name) => (name.includes('/') ? name : `import/${name}`))
        return applyNamed(wanted, options, run)
      }),
    )

  common(command.command('report [name]'), [
    'trueup import report',
    'trueup import report cache-leads --rows merged --limit 20',
    'trueup import report --limit 1000000 --json > report.json',
  ])
    .summary('what became of every source row')
    .description(
      'Reads each source as it is now and says by file what became of its rows: inserted, merged into which lead, unchanged, repeated, withheld, refused and why. The counts add up to the rows of the source. Changes nothing. Exit status 2 when rows were refused or wait.',
    )
    .option('--rows <outcome>', `list the rows of one outcome: ${outcomes.join(', ')}`)
    .option('--limit <n>', 'rows listed of each outcome', '100')
    .action((name: string | undefined, options: ReportOptions) =>
      runCommand(options, (run) => report(name, options, run)),
    )
}

async function report(name: string | undefined, options: ReportOptions, run: CommandRun): Promise<ExitStatus> {
  const limit = limitSchema.safeParse(options.limit)
  if (!limit.success) throw new OperationalError('USAGE', `--limit ${options.limit} is no number of rows`)
  const rows = options.rows === undefined ? undefined : outcomeSchema.safeParse(options.rows)
  if (rows !== undefined && !rows.success)
    throw new OperationalError('USAGE', `--rows ${options.rows} is no outcome`, {
      hint: `Choose one of ${outcomes.join(', ')}.`,
    })
  const reports = await withWorkspace(options, 'look', async ({ imports }) => {
    const done: Report[] = []
    for (const one of name === undefined ? imports.names() : [name]) {
      const progress = (count: number, total: number) => run.terminal.progress(`rows of ${one}`, count, total)
      done.push(await imports.report(one, { listedMax: limit.data }, { signal: run.signal, progress }))
    }
    run.terminal.progressDone()
    return done
  })
  run.answer({ items: reports.map(reportJson) }, (terminal) => {
    if (reports.length === 0) terminal.line('No import is declared. Look for sources: trueup import --discover DIR')
    for (const one of reports) printReport(one, rows?.data, terminal)
  })
  return reports.some(({ totals, state }) => totals.refused + totals.pending + state.problems.files.count > 0) ? 2 : 0
}

function reportJson(one: Report) {
  const { name, into, source, totals, sources, rows, state } = one
  return {
    id: name,
    into,
    source,
    totals,
    sources,
    rows,
    unreadable: state.problems.files,
    values: state.problems.values,
    columns: state.mapping,
    keepsRest: state.keepsRest,
    runs: state.runs,
  }
}

function printReport(one: Report, wanted: (typeof outcomes)[number] | undefined, terminal: Terminal): void {
  const { line, colour } = terminal
  const { totals, sources, rows, state } = one
  line(colour.bold(`${one.name}: ${one.source} into ${one.into}`))
  const shown = (count: number) => count.toLocaleString('en')
  terminal.table(
    ['source', 'rows', ...outcomes],
    [...sources, ...(sources.length > 1 ? [{ file: 'all', ...totals }] : [])].map((counts) => [
      counts.file,
      shown(counts.rows),
      ...outcomes.map((outcome) => shown(counts[outcome])),
    ]),
  )
  if (totals.pending > 0)
    line(colour.yellow(`${shown(totals.pending)} of these rows wait for the next run: trueup import ${one.name}`))
  if (totals.gone > 0)
    line(colour.dim(`The leads of ${shown(totals.gone)} rows were deleted or merged into others since.`))
  for (const { file, line: at, message } of state.problems.files.first)
    line(`${colour.red('✗')} ${file}${at === null ? '' : `, line ${at}`}: ${message}`)
  printRows(rows[wanted ?? 'refused'], wanted ?? 'refused', terminal)
  for (const { column, reason } of state.mapping.unmapped)
    line(colour.dim(`\`${column}\` ${state.keepsRest ? 'goes to raw_data' : 'is not imported'}: ${reason}`))
  line()
}

function printRows({ count, first }: Report['rows']['refused'], outcome: string, { line, colour }: Terminal): void {
  for (const { file, row, line: at, field, leadKey, reason } of first) {
    const place = [
      file,
      `row ${row}`,
      ...(at === null ? [] : [`line ${at}`]),
      ...(field === null ? [] : [`field ${field}`]),
    ]
    const lead = leadKey === null ? '' : ` ${leadKey}`
    line(
      `${outcome === 'refused' ? colour.yellow('!') : ' '} ${place.join(', ')}: ${outcome}${lead}${reason === null ? '' : `: ${reason}`}`,
    )
  }
  if (count > first.length)
    line(colour.dim(`and ${(count - first.length).toLocaleString('en')} more: --limit ${count}`))
}

async function discover(
  folder: string,
  names: readonly string[],
  options: ImportOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  if (names.length > 0)
    throw new OperationalError('USAGE', '--discover takes no names of imports', { hint: 'Leave the names out.' })
  const found = await withWorkspace(options, 'look', ({ imports }) =>
    imports.discover(
      resolve(folder),
      { into: options.into },
      {
        signal: run.signal,
        progress: (count, total) => run.terminal.progress('rows', count, total),
      },
    ),
  )
  run.terminal.progressDone()
  const items = found.proposals.map(({ name, ...proposal }) => ({ id: name, ...proposal }))
  run.answer({ items, into: found.into, passedOver: found.passedOver, yaml: found.yaml }, (terminal) =>
    printDiscovery(found, terminal),
  )
  return found.proposals.some(({ problem }) => problem !== null) ? 2 : 0
}

function printDiscovery({ proposals, passedOver, yaml, into }: Discovery, { line, colour }: Terminal): void {
  const shown = (count: number) => count.toLocaleString('en')
  for (const { name, source, counts, confidence, declaredAs, problem } of proposals) {
    const mark = problem !== null ? colour.red('✗') : declaredAs === null ? colour.green('+') : colour.dim('=')
    const would =
      counts === null
        ? ''
        : `: ${shown(counts.rows)} rows, ${shown(counts.new)} new, ${shown(counts.known)} already known, ${shown(counts.done)} repeated or dealt with, ${shown(counts.refused)} refused`
    const note = problem ?? (declaredAs === null ? `confidence ${confidence.toFixed(2)}` : `declared as ${declaredAs}`)
    line(`${mark} ${name} (${source}) into ${into}${would} ${colour.dim(note)}`)
  }
  for (const { path, table, reason } of passedOver)
    line(colour.dim(`- ${path}${table === null ? '' : `, table ${table}`}: ${reason}`))
  if (yaml === '') {
    line(proposals.length === 0 ? 'Nothing that holds leads was found.' : 'Nothing new was found.')
    return
  }
  line()
  line(yaml.trimEnd())
  line()
  line(colour.dim('Nothing was changed. Paste what is right into the desired state, then: trueup plan, trueup import'))
}
