import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import type { BackupRefusal, BackupView, RestoreAsked, SetChoice } from '../../api/backup-port.ts'
import { isoOf, systemClock } from '../../clock.ts'
import { messageOf, OperationalError } from '../../errors.ts'
import { identitiesIn } from '../../targets/backup/encryption.ts'
import { createBackupPort } from '../../workspace/backup-port.ts'
import { askAirtableRestore } from '../../workspace/restore-airtable.ts'
import { askRestore, chooseSet, findSet, refreshSets, restoreInto, verifyWith } from '../../workspace/restore-set.ts'
import { type ChosenSet, chosenText } from '../../workspace/set-at.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CommandRun, type CommonOptions, common, type ExitStatus, runCommand } from '../command.ts'
import { type Controller, controllerOf, isErrorCode } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { momentOf } from '../moment.ts'
import type { Terminal } from '../terminal.ts'
import { withWorkspace } from '../workspace.ts'

interface VerifyOptions extends CommonOptions {
  readonly all: boolean
  readonly identity?: string
}

interface RestoreOptions extends CommonOptions {
  readonly at?: string
  readonly backup?: string
  readonly into?: string
  readonly database?: string
  readonly airtable?: string
  readonly removeOthers: boolean
  readonly table: readonly string[]
  readonly key: readonly string[]
  readonly identity?: string
}

const identityHelp = 'file with the age private key, for sets that are encrypted; it stays in this process'
const collect = (value: string, before: readonly string[]) => [...before, value]

/** `backup …`: sets that are made, listed, verified, restored from and put aside. */
export function registerBackup(program: Command): void {
  const backup = program
    .command('backup')
    .summary('backups')
    .description('Makes, verifies and restores the sets of the declared backups.')

  common(backup.command('create [name]'), ['trueup backup create', 'trueup backup create nightly --json'])
    .summary('make a set now, and verify it')
    .description(
      'Copies every declared database as of one moment while others write, the journal, the suppression list, the desired state and the mirrored tables of Airtable; packs and, where declared, encrypts them; and verifies the set by restoring it. A set is whole or not there.',
    )
    .action((name: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => create(name ?? null, options, run)),
    )

  common(backup.command('list [name]'), ['trueup backup list', 'trueup backup list nightly --json'])
    .summary('the sets that are there, the newest first')
    .description('Exit status 2 when a set is due, damaged, or the newest one is not verified.')
    .action((name: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => list(name, options, run)),
    )

  common(backup.command('verify [id...]'), [
    'trueup backup verify                    # the newest set of each backup',
    'trueup backup verify nightly-20261126T030000Z-0a1b2c3d',
    'trueup backup verify --all --identity ~/backup-key.txt',
  ])
    .summary('restore sets into a scratch folder and compare')
    .description(
      'Compares every byte with the manifest, restores each file into a scratch folder, checks each database and compares rows and hashes of every table. Of an encrypted set without --identity only the bytes can be compared, and it says so. Exit status 2 when a set is damaged; the file is named.',
    )
    .option('--all', 'every set', false)
    .option('--identity <file>', identityHelp)
    .action((ids: string[], options: VerifyOptions) => runCommand(options, (run) => verify(ids, options, run)))

  common(backup.command('restore [id]'), [
    'trueup backup restore nightly-20261126T030000Z-0a1b2c3d --into restored',
    'trueup backup restore nightly-20261126T030000Z-0a1b2c3d --database main --table leads',
    'trueup backup restore nightly-20261126T030000Z-0a1b2c3d --database main --table leads --key 17 --key 18',
    'trueup backup restore --at 2026-11-26T09:30:00Z --database main    # the newest verified set until then',
    'trueup backup restore --at 2h --airtable leads --key 17',
    'trueup backup restore --at 2h --backup nightly --into restored',
  ])
    .summary('restore a set into a folder, or ask to restore in place')
    .description(
      'Takes the set of that id, or with --at the newest verified one that was made until then; which one that is, and how much older, is said. With --into the whole set is restored into a new folder, and nothing else is touched. With --database what would change is shown and becomes an action that waits for approval: records come back, are changed and are removed so that the tables are as in the set; other programs go on meanwhile, and `trueup undo` takes it back. People who were erased stay erased either way. With --airtable the same is done for a mirrored table in Airtable: records come back with other record ids and are changed, and those that the set does not have stay unless --remove-others takes them away. A restore of a database writes nothing to Airtable: the sync pushes what was restored. Exit status 2 when the restore waits.',
    )
    .option(
      '--at <time>',
      'restore to this moment: a date, a moment of ISO 8601, or how long ago it was (2h); in place of the id',
    )
    .option('--backup <name>', 'with --at: only sets of this backup')
    .option('--into <dir>', 'a folder that is not there yet, or is empty')
    .option('--database <name>', 'the declared database to restore in place')
    .option('--airtable <table>', 'the mirrored table to restore in Airtable, by its name in the desired state')
    .option('--remove-others', 'with --airtable: records that the set does not have go; else they stay', false)
    .option('--table <name>', 'only this table of it; may be repeated', collect, [])
    .option('--key <key>', 'only the record with this key; may be repeated', collect, [])
    .option('--identity <file>', identityHelp)
    .action((id: string | undefined, options: RestoreOptions) =>
      runCommand(options, (run) => restore(id, options, run)),
    )

  common(backup.command('prune [name]'), ['trueup backup prune', 'trueup backup prune nightly --json'])
    .summary('put aside what is older than is kept')
    .description(
      'Puts sets aside that `keep` does not ask for; they are gone for good after 48 hours, and until then `trueup undo` takes them back. Two verified sets are left at least. Trueup does this by itself when sets are made.',
    )
    .action((name: string | undefined, options: CommonOptions) =>
      runCommand(options, (run) => prune(name ?? null, options, run)),
    )
}

const refusalSchema = z.object({
  __typename: z.enum(['BackupRefused', 'NotFound', 'Forbidden', 'InputInvalid']),
  message: z.string(),
  code: z.string(),
  hint: z.string().optional(),
})
/** What every refusal is asked for. */
const refusalFields = '... on UserError { message code } ... on BackupRefused { hint }'
const heldSchema = z.object({ __typename: z.literal('BackupHeld'), actionId: z.string(), message: z.string() })
const createdSchema = z.object({
  createBackup: z.discriminatedUnion('__typename', [
    z.object({
      __typename: z.literal('BackupCreated'),
      actionId: z.string(),
      id: z.string(),
      path: z.string(),
      verified: z.boolean(),
      verifiedHow: z.string().nullable(),
    }),
    heldSchema,
    refusalSchema,
  ]),
})

type Made =
  | { readonly is: 'held'; readonly actionId: string; readonly message: string }
  | {
      readonly is: 'made'
      readonly id: string
      readonly path: string
      readonly verified: boolean
      readonly how: string | null
      readonly actionId: string
    }

async function create(name: string | null, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const made = controller === undefined ? await createHere(name, options, run) : await createThere(name, controller)
  if (made.is === 'held') return printHeld(made, run)
  const { id, path, verified, how, actionId } = made
  run.answer({ id, path, verified, how, actionId }, ({ line, colour }) => {
    line(`${verified ? colour.green('✓') : colour.yellow('!')} ${id}: ${verified ? howText(how) : 'not verified'}`)
    line(colour.dim(`  ${path}`))
  })
  return verified ? 0 : 2
}

function createHere(name: string | null, options: CommonOptions, run: CommandRun): Promise<Made> {
  return withWorkspace(options, 'act', async (workspace) => {
    const answer = await portOf(workspace, run).create({ name, actor: localActor() })
    if (answer.is === 'held') return answer
    if (answer.is !== 'created') throw errorOf(answer)
    const { id, paths, verifiedHow } = answer.set
    return {
      is: 'made',
      id,
      path: paths[0] ?? '',
      verified: verifiedHow !== null,
      how: verifiedHow,
      actionId: answer.actionId,
    }
  })
}

async function createThere(name: string | null, controller: Controller): Promise<Made> {
  const { createBackup: answer } = await controller.request(
    `mutation ($input: BackupInput!) { createBackup(input: $input) { __typename
       ... on BackupCreated { actionId id path verified verifiedHow } ... on BackupHeld { actionId message }
       ${refusalFields} } }`,
    { input: { name } },
    createdSchema,
  )
  if (answer.__typename === 'BackupHeld') return { is: 'held', ...answer }
  if (answer.__typename !== 'BackupCreated') throw refusedThere(answer)
  return { is: 'made', ...answer, how: answer.verifiedHow }
}

function refusedThere({ code, message, hint }: z.output<typeof refusalSchema>): OperationalError {
  return new OperationalError(isErrorCode(code) ? code : 'USAGE', message, hint === undefined ? {} : { hint })
}

function errorOf(answer: BackupRefusal): OperationalError {
  if (answer.is === 'not-found')
    return new OperationalError('NOT_FOUND', answer.message, { hint: 'See `trueup backup list`.' })
  return answer.error
}

function printHeld(held: { actionId: string; message: string }, run: CommandRun): ExitStatus {
  run.answer({ actionId: held.actionId, waits: held.message }, ({ line }) => line(`○ it waits: ${held.message}`))
  return 2
}

function portOf(workspace: Workspace, run: CommandRun) {
  return createBackupPort({ workspace, signal: run.signal, wake: () => undefined })
}

async function list(name: string | undefined, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const all = await withWorkspace(options, 'look', (workspace) => portOf(workspace, run).backups())
  const views = name === undefined ? all : all.filter((one) => one.name === name)
  if (name !== undefined && views.length === 0)
    throw new OperationalError('NOT_FOUND', `no backup is named ${name}`, {
      hint: `Declared are: ${all.map((one) => one.name).join(', ') || 'none'}.`,
    })
  run.answer({ items: views.flatMap(setsJson), backups: views.map(backupJson) }, (terminal) => {
    if (views.length === 0) terminal.line('No backup is declared.')
    for (const view of views) printBackup(view, terminal)
  })
  const isTrue = views.every(
    ({ due, sets, places }) =>
      !due &&
      sets[0]?.verifiedAtMs !== null &&
      sets.every(({ problems }) => problems.length === 0) &&
      places.every(({ problem }) => problem === null),
  )
  return isTrue ? 0 : 2
}

function setsJson({ name, sets }: BackupView) {
  return sets.map(({ id, createdAtMs, bytes, encrypted, paths, problems, verifiedAtMs, verifiedHow }) => ({
    id,
    backup: name,
    createdAt: isoOf(createdAtMs),
    bytes,
    encrypted,
    paths,
    problems,
    verified: verifiedAtMs !== null,
    verifiedAt: verifiedAtMs === null ? null : isoOf(verifiedAtMs),
    how: verifiedHow,
  }))
}

function backupJson({ name, summary, of, schedule, timezone, nextAtMs, due, places }: BackupView) {
  return { name, summary, of, schedule, timezone, nextAt: nextAtMs === null ? null : isoOf(nextAtMs), due, places }
}

function printBackup({ name, summary, sets, places, due }: BackupView, terminal: Terminal): void {
  const { line, colour } = terminal
  line(`${colour.bold(name)}: ${summary}${due ? colour.yellow('; a set is due') : ''}`)
  for (const { place, problem } of places) if (problem !== null) line(colour.red(`  ✗ ${place}: ${problem}`))
  if (sets.length === 0) return
  terminal.table(
    ['set', 'made', 'size', 'verified'],
    sets.map(({ id, createdAtMs, bytes, encrypted, problems, verifiedHow }) => [
      id,
      isoOf(createdAtMs),
      `${(bytes / 1e6).toFixed(1)} MB${encrypted ? ', encrypted' : ''}`,
      problems.length > 0 ? `damaged: ${problems.join('; ')}` : verifiedHow === null ? 'no' : howText(verifiedHow),
    ]),
  )
}

function howText(how: string | null): string {
  return how === 'without-key' ? 'verified without the private key' : 'verified by restoring it'
}

async function verify(ids: readonly string[], options: VerifyOptions, run: CommandRun): Promise<ExitStatus> {
  const identities = readIdentities(options.identity)
  const items = await withWorkspace(options, 'look', async (workspace) => {
    const views = await portOf(workspace, run).backups()
    const chosen = views.flatMap(({ sets }) => (options.all ? sets : sets.slice(0, 1)).map(({ id }) => id))
    const results = []
    for (const id of ids.length > 0 ? ids : chosen)
      results.push({ id, ...(await verifyWith(workspace, { id, identities }, run)) })
    return results
  })
  run.answer({ items }, ({ line, colour }) => {
    if (items.length === 0) line('There is no set.')
    for (const { id, verified, how, problems } of items) {
      line(`${verified ? colour.green('✓') : colour.red('✗')} ${id}: ${verified ? howText(how) : 'damaged'}`)
      for (const problem of problems) line(colour.red(`    ${problem}`))
      if (verified && how === 'without-key')
        line(colour.dim('    its bytes are those that were written; that a private key opens it takes --identity'))
    }
  })
  return items.every(({ verified }) => verified) ? 0 : 2
}

/** The private keys are read here and go to the child process that decrypts, nowhere else. */
function readIdentities(file: string | undefined): readonly string[] {
  if (file === undefined) return []
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperationalError('BACKUP_KEY_NEEDED', `${file} cannot be read: ${messageOf(error)}`)
  }
  return identitiesIn(text, file)
}

async function restore(id: string | undefined, options: RestoreOptions, run: CommandRun): Promise<ExitStatus> {
  const choice = choiceOf(id, options)
  const { into, database, airtable } = options
  if ([into, database, airtable].filter((one) => one !== undefined).length !== 1)
    throw new OperationalError('USAGE', 'give --into DIR, or --database NAME or --airtable TABLE to restore in place', {
      hint: 'See `trueup backup restore --help`.',
    })
  if (into !== undefined && (options.table.length > 0 || options.key.length > 0))
    throw new OperationalError('USAGE', '--table and --key are for --database; --into restores the whole set')
  if (airtable === undefined && options.removeOthers)
    throw new OperationalError('USAGE', '--remove-others is for --airtable')
  if (airtable !== undefined && options.table.length > 0)
    throw new OperationalError('USAGE', '--table is for --database; --airtable names its table itself')
  if (airtable === undefined && options.key.length > 0 && options.table.length !== 1)
    throw new OperationalError('USAGE', '--key needs one --table whose records it names')
  const identities = readIdentities(options.identity)
  if (into !== undefined) return restoreToFolder(choice, into, identities, options, run)
  const keys = options.key.length === 0 ? null : options.key
  const common = { set: choice, keys, actor: localActor(), identities }
  if (airtable !== undefined) {
    const request = { ...common, table: airtable, removeOthers: options.removeOthers }
    return restoreInPlace((workspace) => askAirtableRestore(workspace, request, run), options, run)
  }
  const request = { ...common, database: database ?? '', tables: options.table.length === 0 ? null : options.table }
  return restoreInPlace((workspace) => askRestore(workspace, request, run), options, run)
}

function choiceOf(id: string | undefined, { at, backup }: RestoreOptions): SetChoice {
  const hint = 'List the sets with `trueup backup list`, or see `trueup backup restore --help`.'
  if (id !== undefined && at === undefined && backup === undefined) return { id }
  if (id !== undefined)
    throw new OperationalError(
      'USAGE',
      `${at === undefined ? '--backup' : '--at'} is given in place of the id of a set`,
      {
        hint,
      },
    )
  if (at === undefined) throw new OperationalError('USAGE', 'name a set, or give --at TIME', { hint })
  return { atMs: momentOf('--at', at, systemClock.nowMs()), backup }
}

async function restoreToFolder(
  choice: SetChoice,
  into: string,
  identities: readonly string[],
  options: CommonOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const { chosen, files, withheld } = await withWorkspace(options, 'look', async (workspace) => {
    await refreshSets(workspace, run)
    const { chosen, path } = chooseSet(workspace, choice, null)
    return { chosen, ...(await restoreInto(workspace, { path, into, identities }, run)) }
  })
  run.answer({ ...chosenJson(chosen), into, files, withheld }, ({ line, colour }) => {
    if (chosen.olderMs !== null) line(chosenText(chosen))
    line(`${colour.green('✓')} ${chosen.id} restored into ${into}`)
    for (const { file, rows } of files)
      line(`  ${join(into, file)}${rows === 0 ? '' : `: ${rows.toLocaleString('en')} rows`}`)
    if (withheld > 0) line(colour.dim(`  ${withheld} records of erased people were left out`))
  })
  return 0
}

function chosenJson({ id, createdAtMs, olderMs }: ChosenSet) {
  return { id, createdAt: isoOf(createdAtMs), olderSeconds: olderMs === null ? null : olderMs / 1000 }
}

async function restoreInPlace(
  ask: (workspace: Workspace) => Promise<RestoreAsked>,
  options: RestoreOptions,
  run: CommandRun,
): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const { asked, backup } = await withWorkspace(
    options,
    controller === undefined ? 'act' : 'look',
    async (workspace) => {
      const asked = await ask(workspace)
      return { asked, backup: findSet(workspace, asked.id).backup }
    },
  )
  // The ask lies in the workspace; the controller finds it by looking.
  await controller?.request(
    'mutation ($input: ReconcileInput!) { reconcile(input: $input) { __typename } }',
    { input: { kind: 'backup', name: backup } },
    z.looseObject({}),
  )
  const { is: _, createdAtMs: _createdAtMs, olderMs: _olderMs, ...json } = asked
  run.answer({ ...json, ...chosenJson(asked) }, (terminal) => printAsked(asked, terminal))
  return asked.actionId === null ? 0 : 2
}

function printAsked(asked: RestoreAsked, terminal: Terminal): void {
  const { line, colour } = terminal
  if (asked.olderMs !== null) line(chosenText(asked))
  line(asked.message)
  terminal.table(
    ['table', 'come back', 'changed', 'removed'],
    asked.tables.map(({ table, added, changed, removed }) => [table, `${added}`, `${changed}`, `${removed}`]),
  )
  for (const { key, field, before, after } of asked.preview)
    line(`  ${key} ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
  for (const { table, reason } of asked.passedOver) line(colour.yellow(`  ${table} stays as it is: ${reason}`))
  if (asked.withheld > 0) line(colour.dim(`  ${asked.withheld} records of erased people stay away`))
  if (asked.actionId !== null) line(`It waits: trueup approve ${asked.actionId}, then trueup apply`)
}

const prunedSchema = z.object({
  pruneBackup: z.discriminatedUnion('__typename', [
    z.object({ __typename: z.literal('BackupPruned'), actionId: z.string().nullable(), ids: z.array(z.string()) }),
    heldSchema,
    refusalSchema,
  ]),
})

async function prune(name: string | null, options: CommonOptions, run: CommandRun): Promise<ExitStatus> {
  const controller = await controllerOf(options)
  const answer =
    controller === undefined
      ? await withWorkspace(options, 'act', (workspace) => portOf(workspace, run).prune({ name, actor: localActor() }))
      : await pruneThere(name, controller)
  if (answer.is === 'held') return printHeld(answer, run)
  if (answer.is !== 'pruned') throw errorOf(answer)
  run.answer({ items: answer.ids.map((id) => ({ id })), actionId: answer.actionId }, ({ line, colour }) => {
    if (answer.actionId === null) line('Nothing is older than is kept.')
    for (const id of answer.ids) line(`${colour.green('✓')} ${id} put aside`)
    if (answer.actionId !== null)
      line(colour.dim(`Gone for good after 48 hours; until then: trueup undo ${answer.actionId}`))
  })
  return 0
}

async function pruneThere(name: string | null, controller: Controller) {
  const { pruneBackup: answer } = await controller.request(
    `mutation ($input: BackupInput!) { pruneBackup(input: $input) { __typename
       ... on BackupPruned { actionId ids } ... on BackupHeld { actionId message } ${refusalFields} } }`,
    { input: { name } },
    prunedSchema,
  )
  if (answer.__typename === 'BackupHeld') return { is: 'held' as const, ...answer }
  if (answer.__typename !== 'BackupPruned') throw refusedThere(answer)
  return { is: 'pruned' as const, ...answer }
}
