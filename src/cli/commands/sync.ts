import type { Command } from 'commander'
import { z } from 'zod'
import { systemClock } from '../../clock.ts'
import { converge } from '../../engine/engine.ts'
import { OperationalError } from '../../errors.ts'
import { type VerificationView, verifyMirror } from '../../workspace/sync-verify.ts'
import { type CommandApi, withApi } from '../api.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { localActor } from '../local-actor.ts'
import { withWorkspace } from '../workspace.ts'

/** `sync push|pull|status|verify`: moving data between a table and its mirror in Airtable, and proving that both are equal. */
export function registerSync(program: Command): void {
  const sync = program
    .command('sync')
    .summary('the mirrors of tables in Airtable')
    .description(
      'Pushes and pulls what changed, tells how the mirrors stand, and compares both sides. A running controller does all of it by itself; these commands do it at once.',
    )

  common(sync.command('push [table]'), ['trueup sync push', 'trueup sync push leads --json'])
    .summary('take what changed here to Airtable now')
    .description(
      'Has the changes of the table (default: every mirrored one) taken to Airtable now, waits until that has ended, and says what was moved. What Airtable holds is asked for first, so changes there come over too. Exit status 2 when something waits for a person.',
    )
    .action((table: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => moveNow(table, 'push', options, run)),
    )

  common(sync.command('pull [table]'), ['trueup sync pull', 'trueup sync pull leads --full'])
    .summary('take what changed in Airtable over now')
    .description(
      'Asks Airtable for changes of the table (default: every mirrored one) now, waits until they are taken over, and says what was moved. Changes here are pushed in the same course. Exit status 2 when something waits for a person.',
    )
    .option('--full', 'compare all records instead of asking what changed', false)
    .action((table: string | undefined, options: CommonOptions & { full: boolean }) =>
      runCommand(options, (run) => moveNow(table, options.full ? 'full' : 'pull', options, run)),
    )

  common(sync.command('status [table]'), ['trueup sync status', 'trueup sync status leads --json'])
    .summary('how the mirrors stand')
    .description(
      'Records by how they stand, open conflicts, when Airtable was last asked, and the calls of the month. Makes no calls. Exit status 2 when something is not in step, 1 when Airtable cannot be looked at.',
    )
    .action((table: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => status(table, options, run)),
    )

  common(sync.command('verify [table]'), ['trueup sync verify', 'trueup sync verify leads --json'])
    .summary('prove that both sides are equal, field by field')
    .description(
      'Reads every record of Airtable and every row of the table and compares them field by field, whatever was remembered. Changes nothing. Exit status 2 when there are differences.',
    )
    .action((table: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => verify(table, options, run)),
    )
}

const failureSchema = z.object({ code: z.string(), message: z.string(), hint: z.string() })
const runSchema = z.object({
  id: z.string(),
  table: z.string(),
  what: z.string(),
  state: z.enum(['RUNNING', 'DONE', 'FAILED']),
  progress: z.object({ verb: z.string(), done: z.number(), total: z.number() }).nullable(),
  actions: z.array(
    z.object({
      id: z.string(),
      verb: z.string(),
      summary: z.string(),
      state: z.string(),
      changed: z.number(),
      skipped: z.number(),
    }),
  ),
  waitingActions: z.number(),
  openConflicts: z.number(),
  byHand: z.array(z.string()),
  error: failureSchema.nullable(),
})
type Run = z.output<typeof runSchema>

const runFields = `id table what state progress { verb done total } actions { id verb summary state changed skipped }
  waitingActions openConflicts byHand error { code message hint }`

const receiptSchema = z.object({
  receipt: z.union([z.object({ run: runSchema }), z.object({ message: z.string() })]),
})

/** How often a running controller is asked how far it is. */
const pollMs = 300

async function moveNow(
  table: string | undefined,
  what: 'push' | 'pull' | 'full',
  options: CommonOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const runs = await withApi(options, 'act', async (api) => {
    const done: Run[] = []
    for (const name of await wantedTables(table, api)) {
      const begun = await ask(name, what, api)
      done.push(
        api.workspace === undefined ? await awaited(begun, api, run) : await carriedOut(begun, api.workspace, api, run),
      )
      if (run.signal.aborted) break
    }
    return done
  })
  run.terminal.progressDone()
  run.answer({ items: runs.map(runJson) }, () => {
    for (const one of runs) printRun(one, run)
  })
  if (runs.some(({ state }) => state === 'FAILED')) return 1
  return runs.some(needsSomebody) ? 2 : 0
}

function runJson({ id, table, what, state, actions, waitingActions, openConflicts, byHand, error }: Run) {
  const moved = actions.reduce((sum, { changed }) => sum + changed, 0)
  return { id, table, what, state: state.toLowerCase(), moved, actions, waitingActions, openConflicts, byHand, error }
}

function needsSomebody({ state, waitingActions, openConflicts, byHand }: Run): boolean {
  return state !== 'DONE' || waitingActions > 0 || openConflicts > 0 || byHand.length > 0
}

async function ask(table: string, what: 'push' | 'pull' | 'full', api: CommandApi): Promise<Run> {
  const field = what === 'push' ? 'push' : 'pull'
  const input = what === 'push' ? { table } : { table, full: what === 'full' }
  const { receipt } = await api.request(
    `mutation ($input: ${what === 'push' ? 'PushInput' : 'PullInput'}!) { receipt: ${field}(input: $input) {
       ... on SyncReceipt { run { ${runFields} } } ... on UserError { message } } }`,
    { input },
    receiptSchema,
  )
  if ('message' in receipt) throw new OperationalError('NOT_FOUND', receipt.message)
  return receipt.run
}

const foundRunSchema = z.object({ syncStatus: z.array(z.object({ run: runSchema.nullable() })) })

async function runOf({ table, id }: Run, api: CommandApi): Promise<Run> {
  const { syncStatus } = await api.request(
    `query ($table: String!, $id: ID!) { syncStatus(table: $table) { run(id: $id) { ${runFields} } } }`,
    { table, id },
    foundRunSchema,
  )
  const run = syncStatus[0]?.run ?? null
  if (run !== null) return run
  throw new OperationalError('CONTROLLER_UNREACHABLE', 'the controller was started anew meanwhile', {
    hint: 'What was asked for is still noted; see `trueup sync status`.',
  })
}

/** Waits for the running controller. An interrupt ends the wait, not the work. */
async function awaited(begun: Run, api: CommandApi, { terminal, signal }: CommandRun): Promise<Run> {
  let now = begun
  while (now.state === 'RUNNING' && !signal.aborted) {
    await systemClock.sleep(pollMs, signal)
    now = await runOf(now, api)
    const { progress, table } = now
    if (progress !== null) terminal.progress(`${progress.verb} ${table}`, progress.done, progress.total)
  }
  return now
}

async function carriedOut(
  begun: Run,
  { engine }: NonNullable<CommandApi['workspace']>,
  api: CommandApi,
  { terminal, signal }: CommandRun,
): Promise<Run> {
  const stop = engine.onProgress(({ resource, verb, done, total }) =>
    terminal.progress(`${verb} ${resource}`, done, total),
  )
  try {
    await converge(engine, { keys: [{ kind: 'sync', name: begun.table }], actor: localActor(), signal })
  } finally {
    stop()
  }
  return runOf(begun, api)
}

function printRun(one: Run, run: CommandRun): void {
  const { line, colour } = run.terminal
  const { table, actions, state, waitingActions, openConflicts, byHand, error } = one
  for (const { id, summary, changed, skipped, state: ended } of actions) {
    const left = skipped > 0 ? colour.yellow(` (${skipped} left alone, since they changed meanwhile)`) : ''
    const mark = ended === 'failed' || ended === 'unknown' ? colour.red('✗') : colour.green('✓')
    line(`${mark} ${table}: ${summary}: ${changed.toLocaleString('en')} moved${left} ${colour.dim(id)}`)
  }
  for (const message of byHand) line(`${colour.yellow('○')} ${table}: ${message}`)
  if (error !== null) {
    line(`${colour.red('✗')} ${table}: ${error.message}`)
    if (error.hint !== '') line(colour.dim(`    next: ${error.hint}`))
  } else if (state === 'RUNNING') line(colour.yellow(`${table}: not ended yet; see \`trueup sync status\`.`))
  else if (actions.length === 0) line(`${table}: nothing to move.`)
  if (waitingActions > 0) line(`${table}: ${waitingActions} wait for you: \`trueup approvals\``)
  if (openConflicts > 0) line(`${table}: ${openConflicts} to choose between: \`trueup conflicts\``)
}

const statusSchema = z.object({
  syncStatus: z.array(
    z.object({
      table: z.string(),
      summary: z.string(),
      localCount: z.number(),
      airtableCount: z.number(),
      counts: z.array(z.object({ status: z.string(), count: z.number() })),
      openConflicts: z.number(),
      waitingActions: z.number(),
      lastPullAt: z.string().nullable(),
      lastFullAt: z.string().nullable(),
      webhook: z.boolean(),
      calls: z
        .object({
          month: z.string(),
          made: z.number(),
          limit: z.number().nullable(),
          forecast: z.number().nullable(),
          exhaustedSince: z.string().nullable(),
        })
        .nullable(),
      error: failureSchema.nullable(),
    }),
  ),
})
type Status = z.output<typeof statusSchema>['syncStatus'][number]

async function status(table: string | undefined, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const found = await withApi(options, 'look', async (api) => {
    await wantedTables(table, api)
    const { syncStatus } = await api.request(
      `query ($table: String) { syncStatus(table: $table) { table summary localCount airtableCount
         counts { status count } openConflicts waitingActions lastPullAt lastFullAt webhook
         calls { month made limit forecast exhaustedSince } error { code message hint } } }`,
      { table: table ?? null },
      statusSchema,
    )
    return syncStatus
  })
  const items = found.map(({ counts, ...one }) => ({
    id: one.table,
    ...one,
    counts: Object.fromEntries(counts.map(({ status: name, count }) => [name.toLowerCase(), count])),
  }))
  run.answer({ items }, () => printStatus(found, run))
  if (found.some(({ error }) => error !== null)) return 1
  return found.every(isInStep) ? 0 : 2
}

const restless = new Set(['PENDING', 'CONFLICT', 'BLOCKED'])

function isInStep({ counts, openConflicts, waitingActions }: Status): boolean {
  return (
    openConflicts === 0 &&
    waitingActions === 0 &&
    counts.every(({ status: name, count }) => count === 0 || !restless.has(name))
  )
}

function printStatus(found: readonly Status[], { terminal }: CommandRun): void {
  const { line, table, colour } = terminal
  table(
    ['Table', 'Here', 'Airtable', 'Leads', 'Conflicts', 'Last pull', 'Last full', 'Told by', 'Calls this month'],
    found.map((one) => [
      one.table,
      one.localCount.toLocaleString('en'),
      one.airtableCount.toLocaleString('en'),
      one.counts
        .filter(({ count }) => count > 0)
        .map(({ status: name, count }) => `${count.toLocaleString('en')} ${name.toLowerCase()}`)
        .join(', '),
      String(one.openConflicts),
      shortMoment(one.lastPullAt),
      shortMoment(one.lastFullAt),
      one.webhook ? 'webhook' : 'asking',
      callsText(one.calls),
    ]),
  )
  for (const { table: name, error, waitingActions, openConflicts } of found) {
    if (error !== null) {
      line(`${colour.red('✗')} ${name}: ${error.message}`)
      line(colour.dim(`    next: ${error.hint}`))
    }
    if (waitingActions > 0) line(`${name}: ${waitingActions} wait for you: \`trueup approvals\``)
    if (openConflicts > 0) line(`${name}: ${openConflicts} to choose between: \`trueup conflicts\``)
  }
}

function shortMoment(iso: string | null): string {
  return iso === null ? 'never' : iso.slice(0, 19).replace('T', ' ')
}

function callsText(calls: Status['calls']): string {
  if (calls === null) return 'no token'
  const { made, limit, forecast, exhaustedSince } = calls
  if (exhaustedSince !== null) return `${made.toLocaleString('en')}, used up`
  const of = limit === null ? '' : ` of ${limit.toLocaleString('en')}`
  return `${made.toLocaleString('en')}${of}${forecast === null ? '' : `, about ${forecast.toLocaleString('en')} by its end`}`
}

const tablesSchema = z.object({ syncStatus: z.array(z.object({ table: z.string() })) })

/** The named table, or all mirrored ones. Throws NOT_FOUND where there is none. */
async function wantedTables(table: string | undefined, api: CommandApi): Promise<readonly string[]> {
  const { syncStatus } = await api.request('{ syncStatus { table } }', {}, tablesSchema)
  return chosen(
    table,
    syncStatus.map((one) => one.table),
  )
}

function chosen(table: string | undefined, mirrored: readonly string[]): readonly string[] {
  if (table !== undefined && mirrored.includes(table)) return [table]
  if (table === undefined && mirrored.length > 0) return mirrored
  throw new OperationalError(
    'NOT_FOUND',
    table === undefined ? 'no table is mirrored in Airtable' : `no table ${table} is mirrored in Airtable`,
    {
      hint:
        mirrored.length === 0
          ? 'Declare `airtable` at the top of the desired state and in a table.'
          : `Mirrored are: ${mirrored.join(', ')}`,
    },
  )
}

/** Reads both sides in this process, whoever runs: nothing is changed, and the pace of calls is shared. */
async function verify(table: string | undefined, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const found = await withWorkspace(options, 'look', async (workspace) => {
    const verified: VerificationView[] = []
    for (const name of chosen(table, workspace.sync.tables())) {
      verified.push(
        await verifyMirror(workspace, name, {
          signal: run.signal,
          progress: (done, total) => run.terminal.progress(`compare ${name}`, done, total),
        }),
      )
    }
    return verified
  })
  run.terminal.progressDone()
  const equal = found.every((one) => one.equal)
  const tables = found.map(({ differences: _, ...one }) => one)
  run.answer({ equal, tables, items: found.flatMap(({ differences }) => differences) }, () => {
    for (const one of found) printVerification(one, run)
  })
  return equal ? 0 : 2
}

const whyTexts: Readonly<Record<string, string>> = {
  'only-here': 'not in Airtable',
  'only-in-airtable': 'not here',
  doubled: 'two records in Airtable hold this key',
}

function printVerification(one: VerificationView, { terminal }: CommandRun): void {
  const { line, colour } = terminal
  const counts = `${one.localCount.toLocaleString('en')} here, ${one.airtableCount.toLocaleString('en')} in Airtable, ${one.cells.toLocaleString('en')} cells of ${one.compared.toLocaleString('en')} leads compared`
  if (one.equal) {
    line(`${colour.green('✓')} ${one.table}: both sides are equal ${colour.dim(counts)}`)
    return
  }
  for (const { key, recordId, field, local, airtable, why } of one.differences) {
    const who = `${key === '' ? '(no key)' : key}${recordId === null ? '' : colour.dim(` ${recordId}`)}`
    if (field === null) line(`${colour.yellow('≠')} ${who}: ${whyTexts[why] ?? why}`)
    else {
      const onPurpose = why === 'apart' ? colour.dim(' (left apart on purpose)') : ''
      line(
        `${colour.yellow('≠')} ${who} ${field}: ${JSON.stringify(local)} here, ${JSON.stringify(airtable)} in Airtable${onPurpose}`,
      )
    }
  }
  const more = one.differenceCount - one.differences.length
  if (more > 0) line(colour.dim(`and ${more.toLocaleString('en')} more`))
  line(
    `${one.table}: ${one.differenceCount.toLocaleString('en')} ${one.differenceCount === 1 ? 'difference' : 'differences'} ${colour.dim(counts)}`,
  )
}
