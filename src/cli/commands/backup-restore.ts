/** What a set is restored into: a folder, a database in place, a table of Airtable. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { RestoreAsked, SetChoice } from '../../api/backup-port.ts'
import { isoOf, systemClock } from '../../clock.ts'
import { messageOf, OperationalError } from '../../errors.ts'
import { identitiesIn } from '../../targets/backup/encryption.ts'
import { askAirtableRestore } from '../../workspace/restore-airtable.ts'
import { askRestore, chooseSet, findSet, refreshSets, restoreInto } from '../../workspace/restore-set.ts'
import { type ChosenSet, chosenText } from '../../workspace/set-at.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import type { CommandRun, CommonOptions, ExitStatus } from '../command.ts'
import { controllerOf } from '../controller.ts'
import { localActor } from '../local-actor.ts'
import { momentOf } from '../moment.ts'
import type { Terminal } from '../terminal.ts'
import { withWorkspace } from '../workspace.ts'

export interface RestoreOptions extends CommonOptions {
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

/** The private keys are read here and go to the child process that decrypts, nowhere else. */
export function readIdentities(file: string | undefined): readonly string[] {
  if (file === undefined) return []
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new OperationalError('BACKUP_KEY_NEEDED', `${file} cannot be read: ${messageOf(error)}`)
  }
  return identitiesIn(text, file)
}

export async function restore(id: string | undefined, options: RestoreOptions, run: CommandRun): Promise<ExitStatus> {
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
