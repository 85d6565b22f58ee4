import type { Command } from 'commander'
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import { type CommandApi, withApi } from '../api.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, Refusal, runCommand } from '../command.ts'

/** `conflicts` and `resolve`: values that both sides changed, and a person's choice between them. */
export function registerConflicts(program: Command): void {
  common(program.command('conflicts'), ['trueup conflicts', 'trueup conflicts --table leads --all --json'])
    .summary('values that a person has to choose between')
    .description(
      'What was changed both here and in Airtable where the policy leaves the choice to a person, with both values and their times. Exit status 2 when some are open.',
    )
    .option('--all', 'those that were resolved or are gone, too', false)
    .option('--table <name>', 'of this table only')
    .action((options: ListOptions) => runCommand(options, (run) => list(options, run)))

  common(program.command('resolve <id>'), [
    'trueup resolve 3fa91c0b2d4e --take airtable',
    'trueup resolve 3fa91c0b2d4e --take apart --comment "two people of one name"',
    'trueup resolve 3fa91c0b2d4e --value "Head of Sales"',
  ])
    .summary('choose between the two values of a conflict')
    .description(
      'Takes the value of one side for both, leaves both as they are (`apart`), or sets another value. The choice is bound to the values that were shown: exit status 3 when one of them changed since. A running controller carries it out at once, else the next `trueup sync push` or `trueup apply` does.',
    )
    .option('--take <side>', 'local, airtable or apart')
    .option('--value <value>', 'another value for both sides; a list as JSON; empty text empties the field')
    .option('--comment <text>', 'why; kept in the journal')
    .action((id: string, options: ResolveOptions) => runCommand(options, (run) => resolve(id, options, run)))
}

interface ListOptions extends CommonOptions {
  readonly all: boolean
  readonly table?: string
}

interface ResolveOptions extends CommonOptions {
  readonly take?: string
  readonly value?: string
  readonly comment?: string
}

const valueSchema: z.ZodType<JsonValue> = z.json()
const conflictSchema = z.object({
  id: z.string(),
  table: z.string(),
  leadId: z.string(),
  recordId: z.string().nullable(),
  airtableUrl: z.string().nullable(),
  field: z.string().nullable(),
  kind: z.string(),
  state: z.string(),
  localValue: valueSchema,
  airtableValue: valueSchema,
  baseValue: valueSchema,
  localChangedAt: z.string().nullable(),
  airtableChangedAt: z.string().nullable(),
  foundAt: z.string(),
  choice: z.string().nullable(),
  resolvedBy: z.string().nullable(),
  resolvedAt: z.string().nullable(),
})
type Conflict = z.output<typeof conflictSchema>

const conflictFields = Object.keys(conflictSchema.shape).join(' ')

const pageSchema = z.object({
  conflicts: z.object({
    nodes: z.array(conflictSchema),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
})

const pageSize = 200
const conflictsMax = 10_000

async function list(options: ListOptions, run: CommandRun): Promise<ExitStatus> {
  const found = await withApi(options, 'look', (api) => allConflicts(options, api))
  const items = found.map(shownConflict)
  run.answer({ items }, () => printConflicts(found, run))
  return found.some(({ state }) => state === 'OPEN') ? 2 : 0
}

function shownConflict(conflict: Conflict) {
  const name = (text: string) => text.toLowerCase().replace('_', '-')
  return { ...conflict, kind: name(conflict.kind), state: name(conflict.state) }
}

async function allConflicts({ table, all }: ListOptions, api: CommandApi): Promise<readonly Conflict[]> {
  const found: Conflict[] = []
  let after: string | null = null
  do {
    const page: z.output<typeof pageSchema> = await api.request(
      `query ($table: String, $state: ConflictState, $after: String) {
         conflicts(table: $table, state: $state, first: ${pageSize}, after: $after) {
           nodes { ${conflictFields} } pageInfo { hasNextPage endCursor } } }`,
      { table: table ?? null, state: all ? null : 'OPEN', after },
      pageSchema,
    )
    found.push(...page.conflicts.nodes)
    after = page.conflicts.pageInfo.hasNextPage ? page.conflicts.pageInfo.endCursor : null
  } while (after !== null && found.length < conflictsMax)
  return found
}

function printConflicts(found: readonly Conflict[], { terminal }: CommandRun): void {
  const { line, colour } = terminal
  if (found.length === 0) {
    line('Nothing to choose between.')
    return
  }
  for (const one of found) {
    const what = one.field ?? (one.kind === 'DELETED_LOCAL' ? 'deleted here' : 'deleted in Airtable')
    const ended = one.state === 'OPEN' ? '' : colour.dim(` ${endText(one)}`)
    line(`${colour.bold(one.id)} ${one.table} ${one.leadId}: ${what}${ended}`)
    if (one.field !== null) {
      line(`    here      ${JSON.stringify(one.localValue)} ${colour.dim(changed(one.localChangedAt))}`)
      line(`    Airtable  ${JSON.stringify(one.airtableValue)} ${colour.dim(changed(one.airtableChangedAt))}`)
      line(colour.dim(`    before    ${JSON.stringify(one.baseValue)}`))
    }
    if (one.airtableUrl !== null) line(colour.dim(`    ${one.airtableUrl}`))
  }
  const open = found.find(({ state }) => state === 'OPEN')
  if (open !== undefined)
    line(colour.dim(`Choose: trueup resolve ${open.id} --take local|airtable|apart, or --value "…"`))
}

function endText({ state, choice, resolvedBy }: Conflict): string {
  return state === 'GONE' ? 'gone: the values changed or agreed' : `resolved by ${resolvedBy ?? '?'}: ${choice ?? '?'}`
}

function changed(iso: string | null): string {
  return iso === null ? '' : `changed ${iso.slice(0, 19).replace('T', ' ')}`
}

const resolvedSchema = z.object({
  resolveConflict: z.discriminatedUnion('__typename', [
    z.object({ __typename: z.literal('Resolved'), conflict: conflictSchema, actionId: z.string().nullable() }),
    z.object({ __typename: z.literal('ConflictStale'), message: z.string() }),
    z.object({ __typename: z.literal('WriteWaiting'), message: z.string() }),
    z.object({
      __typename: z.enum(['WriteFailed', 'NotFound', 'Forbidden', 'InputInvalid']),
      message: z.string(),
    }),
  ]),
})

const sides = z.enum(['local', 'airtable', 'apart'])
const failureCodes = {
  WriteFailed: 'ACTION_FAILED',
  NotFound: 'NOT_FOUND',
  Forbidden: 'FORBIDDEN',
  InputInvalid: 'LEAD_INVALID',
} as const

async function resolve(id: string, options: ResolveOptions, run: CommandRun): Promise<ExitStatus> {
  const choice = choiceOf(options)
  const { outcome, isHere } = await withApi(options, 'act', async (api) => {
    const { resolveConflict } = await api.request(
      `mutation ($input: ResolveConflictInput!) { resolveConflict(input: $input) { __typename
         ... on Resolved { actionId conflict { ${conflictFields} } } ... on UserError { message } } }`,
      { input: { id, ...choice, comment: options.comment ?? null } },
      resolvedSchema,
    )
    return { outcome: resolveConflict, isHere: api.workspace !== undefined }
  })
  switch (outcome.__typename) {
    case 'Resolved': {
      const { conflict, actionId } = outcome
      run.answer({ ...shownConflict(conflict), actionId }, ({ line, colour }) => {
        const undo = actionId === null ? '' : colour.dim(` undo: trueup undo ${actionId}`)
        line(`${colour.green('✓')} ${id} resolved${undo}`)
        line(
          colour.dim(
            isHere
              ? '`trueup sync push`, or the next `trueup apply`, carries it out.'
              : 'The controller carries it out.',
          ),
        )
      })
      return 0
    }
    case 'ConflictStale':
      throw new Refusal('CONFLICT_STALE', outcome.message, 'See `trueup conflicts`.')
    case 'WriteWaiting':
      throw new Refusal('WAITING', outcome.message, 'See `trueup approvals`.')
    default:
      throw new OperationalError(failureCodes[outcome.__typename], outcome.message)
  }
}

function choiceOf({ take, value }: ResolveOptions) {
  if ((take === undefined) === (value === undefined)) {
    throw new OperationalError('USAGE', 'say either --take or --value', {
      hint: 'For example `--take airtable`, or `--value "Head of Sales"`.',
    })
  }
  if (value !== undefined) return { value: givenValue(value) }
  const side = sides.safeParse(take)
  if (side.success) return { take: side.data.toUpperCase() }
  throw new OperationalError('USAGE', `--take ${take} is no side`, { hint: 'Choose local, airtable or apart.' })
}

/** Text as it is, which the field's type reads; a list of choices as JSON; nothing empties the field. */
function givenValue(text: string): JsonValue {
  if (text === '') return null
  if (!text.startsWith('[')) return text
  const list = z.array(z.string()).safeParse(parsedOrText(text))
  return list.success ? list.data : text
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
