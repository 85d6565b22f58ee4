import type { Command } from 'commander'
import { z } from 'zod'
import { tableNames } from '../../api/schema/lead-names.ts'
import { OperationalError } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import { type CommandApi, withApi } from '../api.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { refusalFields, refusalSchema, refused } from './write-refusal.ts'

interface DecisionOptions extends CommonOptions {
  readonly table: string
  readonly reason?: string
}
interface CorrectOptions extends DecisionOptions {
  readonly suggestion?: string
}

/** `leads waive` and `leads correct`. */
export function registerQualityDecisions(leads: Command): void {
  const command = (spec: string, examples: readonly string[]) =>
    common(leads.command(spec), examples)
      .option('--table <name>', 'the declared table', 'leads')
      .option('--reason <text>', 'why; kept in the journal')

  command('waive <key> <checks...>', [
    'trueup leads waive 000da055 email.freeMail --reason "works from home"',
    'trueup leads waive 000da055 company.consistent.email ai_message.length',
  ])
    .summary('say that a value is right although a check fails; holds until the value changes')
    .description(
      'The record no longer counts as failing these checks, at every later look, as long as the values that they look at stay. `trueup quality --waivers` lists what was said, `trueup undo` takes it back.',
    )
    .action((key: string, checks: readonly string[], options: DecisionOptions) =>
      runCommand(options, (run) => waive(key, checks, options, run)),
    )

  command('correct <key> <check>', [
    'trueup leads correct 000da055 email.typo',
    'trueup leads correct 000da055 company.consistent.email --reason "asked them"',
  ])
    .summary('write the value that is suggested for a check; can be undone')
    .description(
      '`trueup quality --suggestions` shows what would be written. With `--suggestion` nothing else than what was shown there is.',
    )
    .option('--suggestion <id>', 'refuse any other suggestion than this one')
    .action((key: string, check: string, options: CorrectOptions) =>
      runCommand(options, (run) => correct(key, check, options, run)),
    )
}

function rootsOf(table: string) {
  const { type } = tableNames(table)
  return type === 'Lead'
    ? { type, waive: 'waiveCheck', accept: 'acceptSuggestion' }
    : { type, waive: `waive${type}Check`, accept: `accept${type}Suggestion` }
}

async function waive(
  key: string,
  checks: readonly string[],
  options: DecisionOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const { type, waive: root } = rootsOf(options.table)
  const waivedSchema = z.object({
    __typename: z.literal('CheckWaived'),
    checks: z.array(z.string()),
    actionId: z.string().nullable(),
  })
  const input = { id: key, checks: [...checks], changeReason: options.reason ?? defaultReason }
  const { result } = await withApi(options, 'act', (api) =>
    asked(options.table, api, (quality) =>
      quality.request(
        `mutation ($input: Waive${type}CheckInput!) { result: ${root}(input: $input) { __typename
           ... on CheckWaived { checks actionId } ${refusalFields} } }`,
        { input },
        z.object({ result: z.union([waivedSchema, refusalSchema]) }),
      ),
    ),
  )
  if ('message' in result) return refused(result)
  const { actionId } = result
  run.answer({ id: key, checks: result.checks, actionId }, ({ line, colour }) =>
    line(
      `${colour.green('✓')} ${key} is right as it is: ${result.checks.join(', ')}${actionId === null ? ', as was said before' : colour.dim(` undo: trueup undo ${actionId}`)}`,
    ),
  )
  return 0
}

const defaultReason = 'asked for on the command line'
const valueSchema: z.ZodType<JsonValue> = z.json()

async function correct(key: string, check: string, options: CorrectOptions, run: CommandRun): Promise<ExitStatus> {
  const { type, accept: root } = rootsOf(options.table)
  const acceptedSchema = z.object({
    __typename: z.literal('SuggestionAccepted'),
    suggestion: z.object({ field: z.string(), before: valueSchema, after: valueSchema, why: z.string() }),
    actionId: z.string().nullable(),
  })
  const input = {
    id: key,
    check,
    suggestionId: options.suggestion ?? null,
    changeReason: options.reason ?? defaultReason,
  }
  const { result } = await withApi(options, 'act', (api) =>
    asked(options.table, api, (quality) =>
      quality.request(
        `mutation ($input: Accept${type}SuggestionInput!) { result: ${root}(input: $input) { __typename
           ... on SuggestionAccepted { suggestion { field before after why } actionId } ${refusalFields} } }`,
        { input },
        z.object({ result: z.union([acceptedSchema, refusalSchema]) }),
      ),
    ),
  )
  if ('message' in result) return refused(result)
  const { suggestion, actionId } = result
  run.answer({ id: key, check, ...suggestion, actionId }, ({ line, colour }) => {
    const { field, before, after } = suggestion
    line(`${colour.green('✓')} ${key} ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
    if (actionId !== null) line(colour.dim(`undo: trueup undo ${actionId}`))
  })
  return 0
}

/** A table without declared quality has no such field: said in the words of the file. */
async function asked<Result>(
  table: string,
  api: CommandApi,
  work: (api: CommandApi) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(api)
  } catch (error) {
    if (!(error instanceof OperationalError) || !/Cannot query field|Unknown type/u.test(error.message)) throw error
    throw new OperationalError('NOT_FOUND', `nothing is declared of the quality of ${table}`, {
      hint: `Declare tables.${table}.quality in the desired state; docs/quality.md shows how.`,
      cause: error,
    })
  }
}
