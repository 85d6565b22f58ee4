import type { Command } from 'commander'
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import { type ExportFormat, exportLeads } from '../../leads/export/export.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import { withApi } from '../api.ts'
import { type CommandRun, type CommonOptions, type ExitStatus, Refusal, runCommand } from '../command.ts'
import { toFile, toStdout } from '../out-file.ts'
import { filterOf, type LeadOptions, reading } from './lead-reading.ts'

interface ExportOptions extends LeadOptions {
  readonly format?: string
  readonly out?: string
  readonly filter?: string
  readonly fields?: string
}

/** `leads export`: all records, or those of a filter, as CSV that is safe to open in a spreadsheet, or as JSON. */
export function registerExport(command: (spec: string, examples: readonly string[]) => Command): void {
  command('export', [
    'trueup leads export --out leads.csv',
    `trueup leads export --fields full_name,email --filter '{"verified":{"eq":true}}'`,
    'trueup leads export --format json | jq ".items | length"',
  ])
    .summary('all records as CSV or JSON, however many')
    .option('--format <format>', 'csv, in which no cell is a formula, or json; default csv, with --json json')
    .option('--out <file>', 'write to this file, which must not exist, and say how many there are')
    .option('--filter <json>', 'conditions by field, as in the API')
    .option('--fields <names>', 'these fields alone, with commas between them')
    .action((options: ExportOptions) =>
      runCommand(options, async (run) => {
        const format = formatOf(options)
        await recordExport(options, format)
        return reading(options, (repository) => exportTo(repository, options, format, run))
      }),
    )
}

const recordedSchema = z.object({
  result: z.union([z.object({ table: z.string() }), z.object({ code: z.string(), message: z.string() })]),
})

/** Before the first byte: an export that cannot be put on record is not made. */
export async function recordExport(
  options: CommonOptions & { readonly table: string; readonly filter?: string; readonly fields?: string },
  format: ExportFormat,
): Promise<void> {
  const { table, filter, fields } = options
  const input = {
    table,
    format,
    fields: fields?.split(',').map((name) => name.trim()) ?? null,
    filtered: filter !== undefined,
  }
  const { result } = await withApi(options, 'act', (api) =>
    api.request(
      'mutation ($input: RecordExportInput!) { result: recordExport(input: $input) { ... on ExportRecorded { table } ... on UserError { code message } } }',
      { input },
      recordedSchema,
    ),
  )
  if ('code' in result && result.code !== 'NOT_FOUND') throw new Refusal(result.code, result.message, '')
}

async function exportTo(
  repository: LeadRepository,
  options: ExportOptions,
  format: ExportFormat,
  run: CommandRun,
): Promise<ExitStatus> {
  const pieces = exportLeads(repository, {
    format,
    filter: options.filter === undefined ? undefined : filterOf(repository, options.filter),
    fields: options.fields === undefined ? undefined : fieldsOf(repository, options.fields),
    signal: run.signal,
  })
  const { out } = options
  if (out === undefined) {
    await toStdout(pieces)
    return 0
  }
  const { path, rows } = await toFile(pieces, out)
  run.answer({ path, rows, format }, ({ line, colour }) =>
    line(`${colour.green('✓')} ${rows.toLocaleString('en')} records to ${out}`),
  )
  return 0
}

function formatOf({ format, json, out }: ExportOptions): ExportFormat {
  const wanted = format ?? (json && out === undefined ? 'json' : 'csv')
  if (wanted !== 'csv' && wanted !== 'json')
    throw new OperationalError('USAGE', `--format ${wanted} is neither csv nor json`)
  if (wanted === 'csv' && json && out === undefined)
    throw new OperationalError('USAGE', '--json prints a JSON document, --format csv does not', {
      hint: 'Leave one of them out, or name a file with --out.',
    })
  return wanted
}

function fieldsOf({ table }: LeadRepository, text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const unknown = names.find((name) => name !== table.key && !table.fields.has(name))
  if (unknown !== undefined)
    throw new OperationalError('USAGE', `--fields: no field is named ${unknown}`, {
      hint: `Fields: ${[...table.fields.keys()].join(', ')}`,
    })
  return names
}
