import type { Command } from 'commander'
import { z } from 'zod'
import { tableNames } from '../../api/schema/lead-names.ts'
import { OperationalError } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import { type CommandApi, withApi } from '../api.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { wholeNumber } from './query.ts'

interface QualityOptions extends CommonOptions {
  readonly lead?: string
  readonly trend: boolean
  readonly suggestions: boolean
  readonly waivers: boolean
  readonly check?: string
  readonly limit: string
}

const severitySchema = z.string().transform((name) => name.toLowerCase())
const pointSchema = z.object({
  at: z.string(),
  score: z.number(),
  rows: z.number(),
  failing: z.array(z.object({ check: z.string(), count: z.number() })),
})
const checkSchema = z.object({
  id: z.string(),
  field: z.string().nullable(),
  title: z.string(),
  failing: z.number(),
  waived: z.number(),
  percent: z.number(),
  target: z.number().nullable(),
})
const reportSchema = z.object({
  table: z.string(),
  rows: z.number(),
  score: z.number(),
  fields: z.array(z.object({ field: z.string(), score: z.number() })),
  checks: z.array(checkSchema),
  issues: z.array(
    z.object({
      id: z.string(),
      field: z.string().nullable(),
      severity: severitySchema,
      message: z.string(),
      affected: z.number(),
      sample: z.array(z.string()),
      suggestion: z.string(),
      mendedBy: z.object({ kind: z.string(), name: z.string() }).nullable(),
    }),
  ),
  trend: z.array(pointSchema),
})
type Report = z.output<typeof reportSchema>

const valueSchema: z.ZodType<JsonValue> = z.json()
const suggestionSchema = z.object({
  /** Null for who sees the values masked. */
  id: z.string().nullable(),
  recordId: z.string(),
  check: z.string(),
  field: z.string(),
  before: valueSchema,
  after: valueSchema,
  why: z.string(),
})
type Suggestion = z.output<typeof suggestionSchema>
const suggestionFields = 'id recordId check field before after why'

const leadSchema = z
  .object({
    dataQuality: z
      .object({
        score: z.number(),
        fields: z.array(z.object({ field: z.string(), score: z.number() })),
        issues: z.array(
          z.object({ check: z.string(), field: z.string().nullable(), severity: severitySchema, reason: z.string() }),
        ),
        waived: z.array(z.object({ check: z.string(), by: z.string(), at: z.string(), reason: z.string() })),
        suggestions: z.array(suggestionSchema),
      })
      .nullable(),
  })
  .nullable()

const reportQuery = `query ($table: String) { quality(table: $table) { table rows score fields { field score }
  checks { id field title failing waived percent target }
  issues { id field severity message affected sample suggestion mendedBy { kind name } }
  trend { at score rows failing { check count } } } }`

/** `quality`: how good the rows of tables are, field by field, check by check, or those of one record. */
export function registerQuality(program: Command): void {
  common(program.command('quality [table]'), [
    'trueup quality',
    'trueup quality leads --json',
    'trueup quality leads --trend',
    'trueup quality leads --lead 000da055-b49f-4254-9f3d-ad548fd7bc70',
    'trueup quality leads --suggestions --check company.consistent.email',
    'trueup quality leads --waivers',
  ])
    .summary('how good the records are: scores, what is wrong with how many, what mends it')
    .option('--lead <key>', 'of one record, with the reasons')
    .option('--trend', 'how the score went in the last week', false)
    .option('--suggestions', 'values that would mend single records; `leads correct` writes one', false)
    .option('--check <id>', 'with --suggestions: of this check only')
    .option('--limit <n>', 'with --suggestions: records at most', '50')
    .option('--waivers', 'what people said is right although a check fails', false)
    .action((table: string | undefined, options: QualityOptions) =>
      runCommand(options, (run) =>
        withApi(options, 'look', (api) =>
          options.lead !== undefined
            ? tellLead(api, table, options.lead, run)
            : options.suggestions
              ? listSuggestions(api, table, options, run)
              : options.waivers
                ? listWaivers(api, table, run)
                : tell(api, table, options, run),
        ),
      ),
    )
}

async function tell(
  api: CommandApi,
  table: string | undefined,
  options: QualityOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const answer = z.object({ quality: z.array(reportSchema) })
  const { quality } = await api.request(reportQuery, { table: table ?? null }, answer)
  const items = quality.map(({ table: id, ...report }) => ({ id, ...report }))
  run.answer({ items }, (terminal) => {
    if (quality.length === 0) terminal.line('No table says what good records are like: see docs/quality.md.')
    for (const report of quality) (options.trend ? printTrend : printReport)(report, terminal)
  })
  return 0
}

function printReport({ table, rows, score, fields, issues }: Report, terminal: Terminal): void {
  const { colour } = terminal
  terminal.line(colour.bold(`${table}: ${score} of 100 over ${rows.toLocaleString('en')} records`))
  terminal.table(
    ['field', 'score'],
    fields.map(({ field, score: own }) => [field, String(own)]),
  )
  if (issues.length === 0) terminal.line('Nothing is wrong with them.')
  for (const { severity, message, sample, suggestion, mendedBy } of issues) {
    terminal.line(`  ${severity.padEnd(8)} ${message}`)
    const where = mendedBy === null ? '' : ` (${mendedBy.kind}/${mendedBy.name})`
    terminal.line(colour.dim(`           next: ${suggestion}${where}`))
    if (sample.length > 0)
      terminal.line(colour.dim(`           such as ${sample.slice(0, 3).join(', ')}${sample.length > 3 ? ', …' : ''}`))
  }
}

async function listSuggestions(
  api: CommandApi,
  table: string | undefined,
  { check, limit }: QualityOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const { quality } = await api.request(
    `query ($table: String, $check: String, $limit: Int) { quality(table: $table) { table
       suggestions(check: $check, limit: $limit) { ${suggestionFields} } } }`,
    { table: table ?? null, check: check ?? null, limit: Math.min(1000, wholeNumber('--limit', limit)) },
    z.object({ quality: z.array(z.object({ table: z.string(), suggestions: z.array(suggestionSchema) })) }),
  )
  const items = quality.flatMap((report) => report.suggestions.map((one) => ({ ...one, table: report.table })))
  run.answer({ items }, (terminal) => {
    if (items.length === 0) terminal.line('Nothing is suggested.')
    for (const one of items) printSuggestion(one, terminal)
  })
  return 0
}

function printSuggestion(
  { table, recordId, check, field, before, after, why }: Suggestion & { readonly table: string },
  { line, colour }: Terminal,
): void {
  const of = table === 'leads' ? '' : ` --table ${table}`
  line(`  ${recordId} ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)} ${colour.dim(why)}`)
  line(
    colour.dim(
      `      trueup leads correct ${recordId} ${check}${of}   or   trueup leads waive ${recordId} ${check}${of}`,
    ),
  )
}

async function listWaivers(api: CommandApi, table: string | undefined, run: CommandRun): Promise<ExitStatus> {
  const waiver = z.object({
    recordId: z.string(),
    check: z.string(),
    holds: z.boolean(),
    by: z.string(),
    at: z.string(),
    reason: z.string(),
  })
  const { quality } = await api.request(
    'query ($table: String) { quality(table: $table) { table waivers { recordId check holds by at reason } } }',
    { table: table ?? null },
    z.object({ quality: z.array(z.object({ table: z.string(), waivers: z.array(waiver) })) }),
  )
  const items = quality.flatMap((report) =>
    report.waivers.map((one) => ({ id: `${one.recordId} ${one.check}`, table: report.table, ...one })),
  )
  run.answer({ items }, ({ line, colour }) => {
    if (items.length === 0) line('Nothing was said to be right although a check fails.')
    for (const { id, holds, by, at, reason } of items)
      line(`${id} ${holds ? '' : 'holds no more '}${colour.dim(`${by}, ${at.slice(0, 10)}: ${reason}`)}`)
  })
  return 0
}

function printTrend({ table, trend }: Report, terminal: Terminal): void {
  terminal.line(terminal.colour.bold(`${table}: the last week`))
  if (trend.length === 0) terminal.line('Nothing was noted yet; a running controller notes the score at each look.')
  terminal.table(
    ['at', 'score', 'records', 'most failed check'],
    trend.map(({ at, score, rows, failing }) => {
      const [most] = [...failing].sort((one, other) => other.count - one.count)
      const worst = most === undefined ? '' : `${most.check} (${most.count.toLocaleString('en')})`
      return [at, String(score), rows.toLocaleString('en'), worst]
    }),
  )
}

async function tellLead(api: CommandApi, table: string | undefined, key: string, run: CommandRun): Promise<ExitStatus> {
  const name = table ?? 'leads'
  const { tables } = await api.request(
    '{ tables: quality { table } }',
    {},
    z.object({ tables: z.array(z.object({ table: z.string() })) }),
  )
  if (!tables.some((one) => one.table === name)) {
    throw new OperationalError('NOT_FOUND', `nothing is declared of the quality of ${name}`, {
      hint: `Tables with declared quality: ${tables.map((one) => one.table).join(', ') || 'none'}.`,
    })
  }
  const { single } = tableNames(name)
  const { lead } = await api.request(
    `query ($id: ID!) { lead: ${single}(id: $id) { dataQuality { score fields { field score }
       issues { check field severity reason } waived { check by at reason } suggestions { ${suggestionFields} } } } }`,
    { id: key },
    z.object({ lead: leadSchema }),
  )
  if (lead?.dataQuality == null) throw new OperationalError('NOT_FOUND', `there is no record ${key} in ${name}`)
  const { score, fields, issues, waived, suggestions } = lead.dataQuality
  run.answer({ id: key, table: name, score, fields, issues, waived, suggestions }, (terminal) => {
    terminal.line(terminal.colour.bold(`${key}: ${score} of 100`))
    terminal.table(
      ['field', 'score'],
      fields.map((one) => [one.field, String(one.score)]),
    )
    if (issues.length === 0) terminal.line('Nothing is wrong with it.')
    for (const { check, field, severity, reason } of issues)
      terminal.line(`  ${severity.padEnd(8)} ${field ?? 'the record'} ${reason} ${terminal.colour.dim(check)}`)
    for (const one of suggestions) printSuggestion({ ...one, table: name }, terminal)
    for (const { check, by, at, reason } of waived)
      terminal.line(terminal.colour.dim(`  right as it is: ${check} (${by}, ${at.slice(0, 10)}: ${reason})`))
  })
  return 0
}
