import type { Command } from 'commander'
import { z } from 'zod'
import { tableNames } from '../../api/schema/lead-names.ts'
import { OperationalError } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import { type CommandApi, withApi } from '../api.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { wholeNumber } from './query.ts'
import { refusalFields, refusalSchema, refused } from './write-refusal.ts'

interface TableOptions extends CommonOptions {
  readonly table: string
}
interface ListOptions extends TableOptions {
  readonly limit: string
  readonly waiting: boolean
  readonly of?: string
  readonly apart: boolean
}
interface MergeOptions extends TableOptions {
  readonly survivor?: string
  readonly take: readonly string[]
  readonly reason?: string
  readonly dryRun: boolean
}
interface MarkOptions extends TableOptions {
  readonly reason?: string
}

/** `leads duplicates`, `leads merge` and `leads not-duplicate`. */
export function registerDuplicates(leads: Command): void {
  const command = (spec: string, examples: readonly string[]) =>
    common(leads.command(spec), examples).option('--table <name>', 'the declared table', 'leads')

  command('duplicates', [
    'trueup leads duplicates --waiting',
    'trueup leads duplicates --of 000da055-b49f-4254-9f3d-ad548fd7bc70 --json',
    'trueup leads duplicates --apart',
  ])
    .summary('records that are one, or may be, with the reasons')
    .description(
      'Groups of duplicates by the declared rules: those that are merged unasked, then those that wait for a person, the surest first, with what a merge would change. Exit status 2 when some are there.',
    )
    .option('--waiting', 'only those that a person decides', false)
    .option('--of <key>', 'the group of this record')
    .option('--limit <n>', 'groups at most', '50')
    .option('--apart', 'list the pairs that people told apart instead', false)
    .action((options: ListOptions) => runCommand(options, (run) => (options.apart ? listApart : list)(options, run)))

  command('merge <key> <keys...>', [
    'trueup leads merge 000da055 7c1f09e2 --dry-run',
    'trueup leads merge 000da055 7c1f09e2 --survivor 7c1f09e2 --take phone=000da055',
  ])
    .summary('merge records into one; can be undone')
    .description(
      'The record that stays and its values follow from the declared strategy where nothing else is said. What refers to the others follows, every lost value is kept in the history, and `trueup undo` splits them again.',
    )
    .option('--survivor <key>', 'the record that stays')
    .option('--take <field=key>', 'take the value of a field from this record; may be repeated', collected, [])
    .option('--reason <text>', 'why; kept in the journal')
    .option('--dry-run', 'only show what would change', false)
    .action((key: string, keys: readonly string[], options: MergeOptions) =>
      runCommand(options, (run) => merge([key, ...keys], options, run)),
    )

  command('not-duplicate <key> <keys...>', ['trueup leads not-duplicate 000da055 7c1f09e2 --reason "father and son"'])
    .summary('say that records are not duplicates; holds until it is undone')
    .description(
      'No look proposes any two of these records again, however alike they become. `trueup leads duplicates --apart` lists what was told apart, `trueup undo` takes it back.',
    )
    .option('--reason <text>', 'why; kept in the journal and shown with the pair')
    .action((key: string, keys: readonly string[], options: MarkOptions) =>
      runCommand(options, (run) => mark([key, ...keys], options, run)),
    )
}

function collected(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

const valueSchema: z.ZodType<JsonValue> = z.json()
const changeSchema = z.object({
  field: z.string(),
  before: valueSchema,
  after: valueSchema,
  fromId: z.string().nullable(),
})
const pairSchema = z.object({
  oneId: z.string(),
  otherId: z.string(),
  confidence: z.number(),
  rules: z.array(z.string()),
  explanation: z.string(),
})
const groupSchema = z.object({
  id: z.string(),
  state: z.enum(['MERGE', 'REVIEW']),
  confidence: z.number(),
  rule: z.string(),
  records: z.array(z.object({ id: z.string() })),
  survivorId: z.string(),
  changes: z.array(changeSchema),
  pairs: z.array(pairSchema),
  actionId: z.string().nullable(),
})
type Group = z.output<typeof groupSchema>

const changeFields = 'changes { field before after fromId }'
const groupFields = `id state confidence rule records { id } survivorId ${changeFields} pairs { oneId otherId confidence rules explanation } actionId`

const connectionSchema = z.object({
  found: z.object({
    nodes: z.array(groupSchema),
    mergeCount: z.number(),
    reviewCount: z.number(),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
})

/** The root fields of a table, as the schema names them. */
function rootsOf(table: string) {
  const { type, list } = tableNames(table)
  if (type === 'Lead')
    return { type, groups: 'duplicateGroups', apart: 'notDuplicates', merge: 'mergeLeads', mark: 'markNotDuplicate' }
  const capital = list.charAt(0).toUpperCase() + list.slice(1)
  return {
    type,
    groups: `${list}DuplicateGroups`,
    apart: `${list}NotDuplicates`,
    merge: `merge${capital}`,
    mark: `mark${type}NotDuplicate`,
  }
}

const pageSize = 50
const groupsMax = 10_000

function list(options: ListOptions, run: CommandRun): Promise<ExitStatus> {
  const limit = Math.min(groupsMax, wholeNumber('--limit', options.limit))
  return withApi(options, 'look', async (api): Promise<ExitStatus> => {
    const { groups: root } = rootsOf(options.table)
    const found: Group[] = []
    let after: string | null = null
    let counts = { merge: 0, review: 0 }
    do {
      const { found: page }: z.output<typeof connectionSchema> = await asked(options.table, () =>
        api.request(
          `query ($state: DuplicateState, $of: ID, $first: Int, $after: String) {
             found: ${root}(state: $state, of: $of, first: $first, after: $after) {
               nodes { ${groupFields} } mergeCount reviewCount pageInfo { hasNextPage endCursor } } }`,
          {
            state: options.waiting ? 'REVIEW' : null,
            of: options.of ?? null,
            first: Math.min(pageSize, limit - found.length),
            after,
          },
          connectionSchema,
        ),
      )
      found.push(...page.nodes)
      counts = { merge: page.mergeCount, review: page.reviewCount }
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
    } while (after !== null && found.length < limit)
    run.answer({ items: found.map(shownGroup), counts }, () => print(found, counts, run))
    return found.length > 0 ? 2 : 0
  })
}

/** A table without duplicates has no such field: said in the words of the file. */
async function asked<Result>(table: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OperationalError) || !/Cannot query field|Unknown type/u.test(error.message)) throw error
    throw new OperationalError('NOT_FOUND', `no duplicates are declared for a table ${table}`, {
      hint: `Declare tables.${table}.duplicates in the desired state; docs/duplicates.md shows how.`,
      cause: error,
    })
  }
}

function shownGroup({ records, state, ...group }: Group) {
  return { ...group, state: state.toLowerCase(), keys: records.map(({ id }) => id) }
}

function print(groups: readonly Group[], counts: { merge: number; review: number }, { terminal }: CommandRun): void {
  const { line, colour } = terminal
  if (groups.length === 0) {
    line('No duplicates.')
    return
  }
  for (const { id, state, confidence, rule, records, survivorId, changes, pairs, actionId } of groups) {
    const what = state === 'MERGE' ? colour.green('merged unasked') : colour.yellow('you decide')
    line(`${colour.bold(id)} ${confidence.toFixed(3)} by ${rule}, ${what}`)
    for (const record of records) line(`    ${record.id}${record.id === survivorId ? colour.dim(' stays') : ''}`)
    for (const pair of pairs.slice(0, 3)) line(colour.dim(`    ${pair.confidence.toFixed(3)} ${pair.explanation}`))
    for (const { field, before, after } of changes)
      line(`    ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
    if (state === 'REVIEW' && actionId !== null) {
      const keys = records.map((record) => record.id).join(' ')
      line(colour.dim(`    trueup approve ${actionId}   or   trueup leads not-duplicate ${keys}`))
    }
  }
  line(colour.dim(`${counts.merge} groups are merged unasked, ${counts.review} wait for a person.`))
}

const apartSchema = z.object({
  found: z.array(
    z.object({ oneId: z.string(), otherId: z.string(), by: z.string(), at: z.string(), reason: z.string() }),
  ),
})

function listApart(options: ListOptions, run: CommandRun): Promise<ExitStatus> {
  return withApi(options, 'look', async (api): Promise<ExitStatus> => {
    const { apart } = rootsOf(options.table)
    const { found } = await asked(options.table, () =>
      api.request(`{ found: ${apart} { oneId otherId by at reason } }`, {}, apartSchema),
    )
    const items = found.map((one) => ({ id: `${one.oneId} ${one.otherId}`, ...one }))
    run.answer({ items }, ({ line, colour }) => {
      if (items.length === 0) line('Nothing was told apart.')
      for (const { oneId, otherId, by, at, reason } of items)
        line(`${oneId} ${otherId} ${colour.dim(`${by}, ${at.slice(0, 10)}: ${reason}`)}`)
    })
    return 0
  })
}

const mergePreviewFields = {
  survivorId: z.string(),
  removedIds: z.array(z.string()),
  changes: z.array(changeSchema),
  references: z.array(z.object({ table: z.string(), count: z.number() })),
}

async function merge(keys: readonly string[], options: MergeOptions, run: CommandRun): Promise<ExitStatus> {
  const { type, merge: root } = rootsOf(options.table)
  const schema = z.object({
    result: z.union([
      z.object({ __typename: z.literal(`${type}Merged`), ...mergePreviewFields, actionId: z.string() }),
      z.object({ __typename: z.literal(`${type}MergePreview`), ...mergePreviewFields }),
      refusalSchema,
    ]),
  })
  const fields = `survivorId removedIds ${changeFields} references { table count }`
  const input = {
    ids: [...keys],
    survivorId: options.survivor ?? null,
    take: options.take.map(takeOf),
    dryRun: options.dryRun,
    changeReason: options.reason ?? 'asked for on the command line',
  }
  const { result } = await withApi(options, options.dryRun ? 'look' : 'act', (api) =>
    asked(options.table, () =>
      api.request(
        `mutation ($input: Merge${type}Input!) { result: ${root}(input: $input) { __typename
           ... on ${type}Merged { ${fields} actionId } ... on ${type}MergePreview { ${fields} } ${refusalFields} } }`,
        { input },
        schema,
      ),
    ),
  )
  if ('message' in result) return refused(result)
  const { survivorId, removedIds, changes, references } = result
  const actionId = 'actionId' in result ? result.actionId : null
  run.answer({ id: survivorId, removed: removedIds, changes, references, actionId }, ({ line, colour }) => {
    const done = actionId === null ? colour.dim('would be') : colour.green('✓')
    line(`${done} ${removedIds.join(', ')} merged into ${survivorId}`)
    for (const { field, before, after } of changes)
      line(`    ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
    for (const { table, count } of references) line(`    ${count} of ${table} follow`)
    if (actionId !== null) line(colour.dim(`Split them again: trueup undo ${actionId}`))
  })
  return 0
}

function takeOf(text: string) {
  const at = text.indexOf('=')
  if (at < 1)
    throw new OperationalError('USAGE', `--take ${text}: not FIELD=KEY`, { hint: 'For example --take phone=000da055.' })
  return { field: text.slice(0, at), fromId: text.slice(at + 1) }
}

async function mark(keys: readonly string[], options: MarkOptions, run: CommandRun): Promise<ExitStatus> {
  const { type, mark: root } = rootsOf(options.table)
  const schema = z.object({
    result: z.union([
      z.object({
        __typename: z.literal('MarkedNotDuplicate'),
        ids: z.array(z.string()),
        actionId: z.string().nullable(),
      }),
      refusalSchema,
    ]),
  })
  const { result } = await withApi(options, 'act', (api: CommandApi) =>
    asked(options.table, () =>
      api.request(
        `mutation ($input: Mark${type}NotDuplicateInput!) { result: ${root}(input: $input) { __typename
           ... on MarkedNotDuplicate { ids actionId } ${refusalFields} } }`,
        { input: { ids: [...keys], changeReason: options.reason ?? 'asked for on the command line' } },
        schema,
      ),
    ),
  )
  if ('message' in result) return refused(result)
  const { ids, actionId } = result
  run.answer({ ids, actionId }, ({ line, colour }) =>
    line(
      `${colour.green('✓')} ${ids.join(', ')} ${actionId === null ? 'were told apart already' : `are told apart${colour.dim(` undo: trueup undo ${actionId}`)}`}`,
    ),
  )
  return 0
}
