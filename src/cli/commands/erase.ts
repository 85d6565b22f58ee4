import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { tableNames } from '../../api/schema/lead-names.ts'
import { isoOf, systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { systemRandom } from '../../random.ts'
import { hashOfReport } from '../../targets/erasure/report.ts'
import { leadsOf } from '../../workspace/lead-access.ts'
import { liftSuppression } from '../../workspace/lift-suppression.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, Refusal, runCommand } from '../command.ts'
import { type Controller, controllerOf } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { withWorkspace } from '../workspace.ts'
import { registerErasureReport, reportSchema, tellLines } from './erasure-report.ts'

interface EraseOptions extends CommonOptions {
  readonly table: string
  readonly reason: string
  readonly dryRun: boolean
  readonly yes: boolean
}

interface LiftOptions extends CommonOptions {
  readonly reason: string
}

/** `leads erase`, and `leads suppressions` for what remains of it. */
export function registerErasure(leads: Command): void {
  common(leads.command('erase <key>'), [
    'trueup leads erase 000da055-b49f-4254-9f3d-ad548fd7bc70 --reason "asked to be forgotten" --dry-run',
    'trueup leads erase 000da055-b49f-4254-9f3d-ad548fd7bc70 --reason "asked to be forgotten" --yes',
  ])
    .summary('erase a person for good; cannot be undone')
    .description(
      'Removes every record of the person behind a record from every managed table, from checkpoints, previews and the search index and from the bytes of the files, and puts the person on the suppression list, so that nothing brings them back.',
    )
    .option('--table <name>', 'the declared table', 'leads')
    .requiredOption('--reason <text>', 'why; kept for ever, so it must not name the person')
    .option('--dry-run', 'only show what would be removed', false)
    .option('--yes', 'do not ask; needed where there is no terminal to ask on', false)
    .action((key: string, options: EraseOptions) => runCommand(options, (run) => erase(key, options, run)))

  const suppressions = leads
    .command('suppressions')
    .summary('the erased people')
    .description('The suppression list: whom nothing may bring back. It holds no personal data.')
  common(suppressions.command('list'), ['trueup leads suppressions list', 'trueup leads suppressions list --json'])
    .summary('erased people, the latest first')
    .action((options: CommonOptions) =>
      runCommand(options, (run) => withWorkspace(options, 'look', async (workspace) => list(workspace, run))),
    )
  registerErasureReport(suppressions)
  common(suppressions.command('lift <id>'), ['trueup leads suppressions lift 3fa91c0b2d4e --reason "the wrong person"'])
    .summary('let an erased person be written, imported and synced again')
    .requiredOption('--reason <text>', 'why; kept in the journal')
    .action((id: string, options: LiftOptions) => runCommand(options, (run) => lift(id, options, run)))
}

const countSchema = z.object({ name: z.string(), count: z.number() })
const recordsSchema = z.array(
  z.object({ table: z.string(), keys: z.array(z.string()), referring: z.array(countSchema) }),
)
const outcomeSchema = z.object({
  rows: z.array(countSchema),
  traces: z.array(countSchema),
  filesSearched: z.number(),
  remains: z.array(z.object({ file: z.string(), reason: z.string() })),
  report: reportSchema,
})
type Records = z.output<typeof recordsSchema>

type Answer =
  | { readonly is: 'would-erase'; readonly records: Records }
  | {
      readonly is: 'erased'
      readonly id: string
      readonly actionId: string
      readonly outcome: z.output<typeof outcomeSchema>
    }

async function erase(key: string, options: EraseOptions, run: CommandRun): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const ask = (dryRun: boolean) =>
    controller === undefined ? eraseHere(key, options, dryRun) : eraseThere(key, options, dryRun, controller)
  if (options.dryRun) return show(await ask(true), run)
  if (!options.yes) {
    if (options.json || !process.stdin.isTTY || !process.stdout.isTTY) {
      throw new OperationalError('USAGE', 'an erasure cannot be undone, and there is no terminal to ask on', {
        hint: 'Look with --dry-run, then repeat the command with --yes.',
      })
    }
    show(await ask(true), run)
    if (!(await isSure())) throw new Refusal('NOT_CONFIRMED', 'nothing was erased', 'Answer with "erase" to erase.')
  }
  return show(await ask(false), run)
}

async function isSure(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await terminal.question('This cannot be undone. Type "erase" to go on: ')).trim() === 'erase'
  } finally {
    terminal.close()
  }
}

/** 2 where something waits or remains. */
function show(answer: Answer, run: CommandRun): ExitStatus {
  if (answer.is === 'would-erase') {
    run.answer({ records: answer.records }, ({ line, colour }) => {
      line(colour.bold('This would be erased for good:'))
      for (const { table, keys, referring } of answer.records) {
        line(`${colour.red('-')} ${table}: ${keys.join(', ')}`)
        for (const { name, count } of referring) line(colour.dim(`    with ${count} of ${name} that refer to it`))
      }
    })
    return 0
  }
  const { id, actionId, outcome } = answer
  run.answer({ id, actionId, ...outcome, reportHash: hashOfReport(outcome.report) }, (terminal) => {
    const { line, colour } = terminal
    line(`${colour.green('✓')} erased ${outcome.rows.map(({ name, count }) => `${count} of ${name}`).join(', ')}`)
    for (const { name, count } of outcome.traces) line(colour.dim(`  ${count} from ${name}`))
    const searched = outcome.filesSearched === 0 ? '' : `${outcome.filesSearched} files searched for the addresses: `
    if (outcome.remains.length === 0 && searched !== '') line(`  ${searched}none holds one`)
    for (const { file, reason } of outcome.remains) line(colour.yellow(`  still in ${file}: ${reason}`))
    const elsewhere = outcome.report.filter(({ kind }) => kind !== 'file')
    tellLines(elsewhere, terminal, 'open')
    line(colour.dim(`  the whole report: trueup leads suppressions report ${actionId}`))
  })
  return outcome.remains.length > 0 ? 2 : 0
}

function eraseHere(key: string, options: EraseOptions, dryRun: boolean): Promise<Answer> {
  return withWorkspace(options, dryRun ? 'look' : 'act', async (workspace): Promise<Answer> => {
    const leads = leadsOf(workspace, { clock: systemClock, random: systemRandom })
    try {
      const repository = leads.of(options.table)
      if (repository === undefined) throw new OperationalError('NOT_FOUND', `no table is named ${options.table}`)
      const result = await repository.erase({ key, reason: options.reason, actor: localActor(), dryRun })
      switch (result.is) {
        case 'would-erase':
          return { is: 'would-erase', records: recordsSchema.parse(result.records.map(withNames)) }
        case 'erased': {
          const { rows, traces, searched, remains, report } = result.outcome
          const counts = { rows: rows.map(named), traces: traces.map(({ from, count }) => ({ name: from, count })) }
          const outcome = { ...counts, filesSearched: searched, remains, report }
          return { is: 'erased', id: key, actionId: result.actionId, outcome }
        }
        case 'not-found':
          throw new OperationalError('NOT_FOUND', `there is no record ${key} in ${options.table}`)
        case 'reason-names-person':
          throw new OperationalError('USAGE', '--reason names the person, and would keep that for ever', {
            hint: 'Say why without an address or a name.',
          })
        case 'waiting':
          throw new Refusal(
            'WAITING',
            result.reasons.join('; '),
            'See `trueup status` and the policy in the desired state.',
          )
        default:
          throw new OperationalError('ACTION_FAILED', result.reason)
      }
    } finally {
      await leads.close()
    }
  })
}

function named({ table, count }: { readonly table: string; readonly count: number }) {
  return { name: table, count }
}

function withNames<Found extends { readonly referring: readonly { table: string; count: number }[] }>(found: Found) {
  return { ...found, referring: found.referring.map(named) }
}

const thereSchema = z.record(
  z.string(),
  z.discriminatedUnion('__typename', [
    z.object({ __typename: z.literal('PersonErased'), actionId: z.string(), outcome: outcomeSchema }),
    z.object({ __typename: z.literal('ErasurePreview'), records: recordsSchema }),
    z.object({
      __typename: z.enum(['NotFound', 'Forbidden', 'InputInvalid', 'WriteWaiting', 'WriteFailed']),
      message: z.string(),
    }),
  ]),
)

async function eraseThere(
  key: string,
  options: EraseOptions,
  dryRun: boolean,
  controller: Controller,
): Promise<Answer> {
  const { type } = tableNames(options.table)
  const data = await controller.request(
    `mutation ($input: Erase${type}Input!) { erase${type}(input: $input) { __typename
       ... on PersonErased { actionId outcome { rows { name count } traces { name count } filesSearched remains { file reason }
         report { kind place looked removed holds until note } } }
       ... on ErasurePreview { records { table keys referring { name count } } } ... on UserError { message } } }`,
    { input: { id: key, reason: options.reason, dryRun } },
    thereSchema,
  )
  const answer = data[`erase${type}`]
  switch (answer?.__typename) {
    case 'PersonErased':
      return { is: 'erased', id: key, actionId: answer.actionId, outcome: answer.outcome }
    case 'ErasurePreview':
      return { is: 'would-erase', records: answer.records }
    case 'WriteWaiting':
      throw new Refusal('WAITING', answer.message, 'See `trueup status` and the policy in the desired state.')
    case 'NotFound':
      throw new OperationalError('NOT_FOUND', answer.message)
    case 'Forbidden':
      throw new OperationalError('FORBIDDEN', answer.message)
    case 'InputInvalid':
      throw new OperationalError('USAGE', answer.message)
    default:
      throw new OperationalError('ACTION_FAILED', answer?.message ?? 'the controller gave no answer')
  }
}

type Workspace = Parameters<Parameters<typeof withWorkspace>[2]>[0]

function list({ suppressions }: Workspace, run: CommandRun): ExitStatus {
  const items = suppressions.list().map(({ id, table, reason, by, atMs, identities, lifted, outcome }) => ({
    id,
    table,
    reason,
    by,
    at: isoOf(atMs),
    identities,
    lifted: lifted === undefined ? null : { by: lifted.by, reason: lifted.reason, at: isoOf(lifted.atMs) },
    state: lifted !== undefined ? 'lifted' : outcome === undefined ? 'under way' : 'erased',
    outcome: outcome ?? null,
  }))
  run.answer({ items }, (terminal) => {
    if (items.length === 0) terminal.line('Nobody was erased.')
    else {
      terminal.table(
        ['id', 'at', 'table', 'state', 'by', 'reason'],
        items.map((item) => [item.id, item.at, item.table, item.state, item.by, item.reason]),
      )
    }
  })
  return 0
}

async function lift(id: string, options: LiftOptions, run: CommandRun): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  if (controller === undefined) {
    await withWorkspace(options, 'act', async (workspace) => {
      const request = { id, reason: options.reason, actor: localActor(), atMs: systemClock.nowMs() }
      if (!liftSuppression(workspace, request)) throw notLiftable(id)
    })
  } else await liftThere(id, options.reason, controller)
  run.answer({ id, lifted: true }, ({ line, colour }) =>
    line(`${colour.green('✓')} ${id} lifted; nothing comes back by itself but what an import or the sync brings`),
  )
  return 0
}

async function liftThere(id: string, reason: string, controller: Controller): Promise<void> {
  const schema = z.object({ liftSuppression: z.object({ __typename: z.string(), message: z.string().optional() }) })
  const { liftSuppression: answer } = await controller.request(
    'mutation ($input: LiftSuppressionInput!) { liftSuppression(input: $input) { __typename ... on UserError { message } } }',
    { input: { id, reason } },
    schema,
  )
  if (answer.__typename === 'NotFound') throw notLiftable(id)
  if (answer.message !== undefined) throw new OperationalError('FORBIDDEN', answer.message)
}

function notLiftable(id: string): OperationalError {
  return new OperationalError('NOT_FOUND', `there is no suppression ${id} that could be lifted`, {
    hint: 'List them with `trueup leads suppressions list`.',
  })
}
