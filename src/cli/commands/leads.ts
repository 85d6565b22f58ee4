import type { Command } from 'commander'
import { z } from 'zod'
import { recordFieldName, tableNames } from '../../api/schema/lead-names.ts'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import type { JsonObject, JsonValue } from '../../json.ts'
import { readCell } from '../../leads/cells.ts'
import type { LeadValues, WriteResult } from '../../leads/editor.ts'
import { type Lead, versionOf } from '../../leads/reader.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import { systemRandom } from '../../random.ts'
import { leadsOf } from '../../workspace/lead-access.ts'
import { type CommandRun, common, type ExitStatus, Refusal, runCommand } from '../command.ts'
import { type Controller, controllerOf } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { withWorkspace } from '../workspace.ts'
import { registerContact } from './contact.ts'
import { registerDuplicates } from './duplicates.ts'
import { registerErasure } from './erase.ts'
import { registerExport } from './export.ts'
import { filterOf, type LeadOptions, parseJson, reading, repositoryOf } from './lead-reading.ts'
import { registerQualityDecisions } from './quality-decisions.ts'
import { wholeNumber } from './query.ts'

interface WriteOptions extends LeadOptions {
  readonly expect?: string
}

interface ListOptions extends LeadOptions {
  readonly limit: string
  readonly after?: string
  readonly filter?: string
  readonly order?: string
}

const valueSchema: z.ZodType<JsonValue> = z.json()

export function registerLeads(program: Command): void {
  const leads = program
    .command('leads')
    .summary('lead data')
    .description(
      'Reads and changes the records of a declared table (`--table`, default leads). Every change is journaled and can be undone.',
    )
  const command = (spec: string, examples: readonly string[]) =>
    common(leads.command(spec), examples).option('--table <name>', 'the declared table', 'leads')

  command('list', [
    'trueup leads list --limit 20',
    `trueup leads list --filter '{"company":{"contains":"Acme"}}' --order -updated_at --json`,
  ])
    .summary('list records, page by page')
    .option('--limit <n>', 'records a page, 500 at most', '50')
    .option('--after <cursor>', 'go on from here')
    .option('--filter <json>', 'conditions by field, as in the API')
    .option('--order <field>', 'sort by this field; a minus before it sorts downwards')
    .action((options: ListOptions) => runCommand(options, (run) => list(options, run, undefined)))

  command('search <words>', ['trueup leads search "ann acme"', 'trueup leads search "soft*" --json'])
    .summary('full-text search: words, prefix*, "phrases"')
    .option('--limit <n>', 'records at most', '50')
    .option('--after <cursor>', 'go on from here')
    .option('--filter <json>', 'conditions by field')
    .action((words: string, options: ListOptions) => runCommand(options, (run) => list(options, run, words)))

  command('get <key>', ['trueup leads get 000da055-b49f-4254-9f3d-ad548fd7bc70'])
    .summary('one record')
    .action((key: string, options: LeadOptions) =>
      runCommand(options, (run) =>
        reading(options, async (repository) => {
          const lead = await repository.get(key)
          if (lead === undefined)
            throw new OperationalError('NOT_FOUND', `there is no record ${key} in ${options.table}`)
          const json = { ...leadJson(repository, lead), rowVersion: versionOf(repository.table, lead) }
          run.answer(json, ({ line, colour }) => {
            for (const [field, value] of Object.entries(json))
              if (value !== null)
                line(`${colour.dim(field.padEnd(22))} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
          })
          return 0
        }),
      ),
    )

  command('add <values>', [`trueup leads add '{"full_name":"Ann Lee","email":"ann@acme.example"}'`])
    .summary('add a record; values are standardized and checked')
    .action((text: string, options: LeadOptions) =>
      runCommand(options, (run) => writing(options, run, { is: 'create', values: parseValues(text) })),
    )

  command('update <key> <values>', [
    `trueup leads update 000da055 '{"title":"CTO"}'`,
    `trueup leads update 000da055 '{"title":"CTO"}' --expect 5f1c0a9b2d3e4f60`,
  ])
    .summary('change fields of a record; null empties one')
    .option('--expect <version>', 'only if the record still is this `rowVersion`, as `get` tells it')
    .action((key: string, text: string, options: WriteOptions) =>
      runCommand(options, (run) =>
        writing(options, run, { is: 'update', key, values: parseValues(text), ...expected(options) }),
      ),
    )

  command('delete <key>', ['trueup leads delete 000da055-b49f-4254-9f3d-ad548fd7bc70'])
    .summary('remove a record; can be undone')
    .option('--expect <version>', 'only if the record still is this `rowVersion`, as `get` tells it')
    .action((key: string, options: WriteOptions) =>
      runCommand(options, (run) => writing(options, run, { is: 'delete', key, ...expected(options) })),
    )

  registerQualityDecisions(leads)
  registerDuplicates(leads)
  registerExport(command)

  registerContact(leads)
  registerErasure(leads)
}

function expected({ expect }: WriteOptions): { readonly expect?: string } {
  return expect === undefined ? {} : { expect }
}

function list(options: ListOptions, run: CommandRun, search: string | undefined): Promise<ExitStatus> {
  return reading(options, async (repository): Promise<ExitStatus> => {
    const filter = options.filter === undefined ? undefined : filterOf(repository, options.filter)
    const page = await repository.list({
      filter,
      search,
      ...(options.order === undefined ? {} : { order: orderOf(repository, options.order) }),
      span: { first: Math.min(500, wholeNumber('--limit', options.limit)), after: options.after },
      columns: repository.allColumns,
    })
    const items = page.leads.map((lead) => leadJson(repository, lead))
    const next = page.hasNextPage ? (page.cursors.at(-1) ?? null) : null
    run.answer({ items, next }, (terminal) => {
      const shown = [repository.table.key, ...repository.table.fields.keys()].slice(0, 6)
      terminal.table(
        shown,
        items.map((item) => shown.map((field) => short(item[field]))),
      )
      if (next !== null) terminal.line(terminal.colour.dim(`More: --after ${next}`))
    })
    return 0
  })
}

function short(value: JsonValue | undefined): string {
  const text = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

function orderOf({ allColumns }: LeadRepository, text: string) {
  const column = text.replace(/^-/, '')
  if (!allColumns.includes(column)) throw new OperationalError('USAGE', `--order ${text}: no field is named ${column}`)
  return { column, direction: text.startsWith('-') ? ('desc' as const) : ('asc' as const) }
}

function parseValues(text: string): LeadValues {
  const parsed = z.record(z.string(), valueSchema).safeParse(parseJson('the values', text))
  if (!parsed.success)
    throw new OperationalError('USAGE', 'the values must be a JSON object of fields', {
      hint: `For example '{"title":"CTO"}'.`,
    })
  return parsed.data
}

/** A record as plain data, fields in the order of the file. */
function leadJson({ table }: LeadRepository, lead: Lead): JsonObject {
  const fields = [...table.fields.values()].map(({ name, spec }) => {
    const read = readCell(spec, lead.cells[name] ?? null)
    return [name, read.is === 'value' ? read.value : read.text] as const
  })
  return { id: lead.key, ...Object.fromEntries(fields) }
}

type Write =
  | { readonly is: 'create'; readonly values: LeadValues }
  | { readonly is: 'update'; readonly key: string; readonly values: LeadValues; readonly expect?: string }
  | { readonly is: 'delete'; readonly key: string; readonly expect?: string }

async function writing(options: LeadOptions, run: CommandRun, write: Write): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const done = controller === undefined ? await writeHere(options, write) : await writeThere(options, write, controller)
  run.answer(done, ({ line, colour }) => {
    line(
      `${colour.green('✓')} ${done.id}${done.actionId === null ? ' was like that already' : colour.dim(` undo: trueup undo ${done.actionId}`)}`,
    )
    if (done.matchedId !== null)
      line(
        done.matchedId === done.id
          ? colour.yellow('  it was there already, and was completed')
          : colour.yellow(`  it may be ${done.matchedId}: trueup leads duplicates --of ${done.id}`),
      )
  })
  return 0
}

/** What the API refused, as the same command refuses it where no controller runs. */
function refusalOf(typename: string, message: string): OperationalError | Refusal {
  switch (typename) {
    case 'VersionConflict':
      return conflict()
    case 'WriteWaiting':
      return new Refusal('WAITING', message, 'See `trueup approvals`.')
    case 'DuplicateValue':
      return new OperationalError('LEAD_DUPLICATE', message)
    case 'LeadSuppressed':
      return new OperationalError('LEAD_SUPPRESSED', message)
    case 'NotFound':
      return new OperationalError('NOT_FOUND', message)
    case 'WriteFailed':
      return new OperationalError('ACTION_FAILED', message)
    default:
      return new OperationalError('LEAD_INVALID', message)
  }
}

function conflict(): Refusal {
  return new Refusal('CONFLICT', 'the record was changed since it was read', 'Read it again and repeat the change.')
}

interface Written {
  readonly id: string
  readonly actionId: string | null
  /** The record that a new one means: the same where it was merged into it. */
  readonly matchedId: string | null
}

function writeHere(options: LeadOptions, write: Write): Promise<Written> {
  return withWorkspace(options, 'act', async (workspace) => {
    const leads = leadsOf(workspace, { clock: systemClock, random: systemRandom })
    try {
      const repository = repositoryOf(leads, options.table)
      const context = { actor: localActor(), reason: 'asked for on the command line' }
      switch (write.is) {
        case 'create':
          return writtenOf(await repository.create(write.values, context), '')
        case 'update':
          return writtenOf(await repository.update(write.key, write.values, context, write.expect), write.key)
        default:
          return writtenOf(await repository.remove(write.key, context, write.expect), write.key)
      }
    } finally {
      await leads.close()
    }
  })
}

function writtenOf(result: WriteResult, key: string): Written {
  switch (result.is) {
    case 'written':
      return { id: result.key, actionId: result.actionId ?? null, matchedId: result.match?.key ?? null }
    case 'invalid':
      throw new OperationalError(
        'LEAD_INVALID',
        result.problems.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '),
      )
    case 'duplicate':
      throw new OperationalError(
        'LEAD_DUPLICATE',
        result.explanation === undefined
          ? `${result.field} must be unique; ${result.existingKey} has it`
          : `it is ${result.existingKey} already: ${result.explanation}`,
      )
    case 'suppressed':
      throw new OperationalError('LEAD_SUPPRESSED', 'these are the values of a person who was erased')
    case 'not-found':
      throw new OperationalError('NOT_FOUND', `there is no record ${key}`)
    case 'conflict':
      throw conflict()
    case 'waiting':
      throw new Refusal('WAITING', result.reasons.join('; '), 'See `trueup approvals`.')
    default:
      throw new OperationalError('ACTION_FAILED', result.reason)
  }
}

const mutationVerbs = { create: 'create', update: 'update', delete: 'delete' } as const

async function writeThere(options: LeadOptions, write: Write, controller: Controller): Promise<Written> {
  const names = tableNames(options.table)
  const mutation = `${mutationVerbs[write.is]}${names.type}`
  const inputType = `${write.is === 'create' ? 'Create' : write.is === 'update' ? 'Update' : 'Delete'}${names.type}Input`
  const values =
    write.is === 'delete'
      ? {}
      : Object.fromEntries(Object.entries(write.values).map(([field, value]) => [recordFieldName(field), value]))
  const input = write.is === 'create' ? values : { ...values, id: write.key, expectedVersion: write.expect ?? null }
  const done =
    write.is === 'delete'
      ? 'RecordDeleted { actionId }'
      : `${names.type}Saved { actionId matchedId ${names.single} { id } }`
  const outcomeSchema = z.record(
    z.string(),
    z
      .object({
        actionId: z.string().nullable().optional(),
        matchedId: z.string().nullable().optional(),
        message: z.string().optional(),
        __typename: z.string(),
      })
      .loose(),
  )
  const data = await controller.request(
    `mutation ($input: ${inputType}!) { ${mutation}(input: $input) { __typename ... on ${done} ... on UserError { message } } }`,
    { input },
    outcomeSchema,
  )
  const outcome = data[mutation]
  if (outcome?.message !== undefined) throw refusalOf(outcome.__typename, outcome.message)
  const savedSchema = z.object({ [names.single]: z.object({ id: z.string() }).nullable() })
  const saved = write.is === 'create' ? savedSchema.parse(outcome)[names.single]?.id : undefined
  return {
    id: saved ?? (write.is === 'create' ? '' : write.key),
    actionId: outcome?.actionId ?? null,
    matchedId: outcome?.matchedId ?? null,
  }
}
