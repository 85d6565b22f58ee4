/** Asks for a restore of a mirrored table of Airtable in place. Nothing is changed by asking. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { AirtableRestoreRequest, RestoreAsked } from '../api/backup-port.ts'
import { OperationalError } from '../errors.ts'
import { shortHashOf } from '../json.ts'
import {
  type AirtableAsk,
  type AirtableRestoreState,
  backupKindName,
  noteAsk,
  stagingFolder,
} from '../kinds/backup/index.ts'
import { sameName } from '../targets/airtable/mapping.ts'
import { chooseSet, type RestoreContext, refreshSets, stateOf, unpack } from './restore-set.ts'
import type { ChosenSet } from './set-at.ts'
import type { Workspace } from './workspace.ts'

const schemaSchema = z.object({
  tables: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      fields: z.array(z.object({ id: z.string(), name: z.string(), type: z.string() })),
    }),
  ),
})

/** Throws USAGE, NOT_FOUND, BACKUP_*, AIRTABLE_*. */
export async function askAirtableRestore(
  workspace: Workspace,
  request: AirtableRestoreRequest & { readonly identities: readonly string[] },
  context: RestoreContext,
): Promise<RestoreAsked> {
  const { ownFolder, engine } = workspace
  await refreshSets(workspace, context)
  const { spec, mirror } = mirrorOf(workspace, request.table)
  const members = ['airtable/schema', `airtable/${request.table}`]
  const { chosen, backup, path } = chooseSet(workspace, request.set, `airtable/${request.table}`)
  const atMs = engine.ports().clock.nowMs()
  const { table, keys, removeOthers, actor } = request
  const id = shortHashOf({ set: chosen.id, table, keys, removeOthers, atMs })
  const staging = stagingFolder(ownFolder, id)
  try {
    const { identities } = request
    const { files, withheld } = await unpack(workspace, { path, into: staging, identities, members }, context)
    if (!files.some(({ name }) => name === `airtable/${table}`))
      throw new OperationalError('NOT_FOUND', `${chosen.id} holds no table ${table} of Airtable`, {
        hint: `See \`backups.${backup}.of\`: it must name airtable, and the table must have been mirrored then.`,
      })
    const schema = schemaSchema.parse(JSON.parse(readFileSync(join(staging, 'airtable-schema.json'), 'utf8')))
    const kept = schema.tables.find((one) => one.id === mirror.table || sameName(one.name, mirror.table))
    const keyField = kept?.fields.find((one) => one.id === mirror.key || sameName(one.name, mirror.key))
    if (kept === undefined || keyField === undefined)
      throw new OperationalError(
        'NOT_FOUND',
        `${chosen.id} has ${kept === undefined ? `no table ${mirror.table}` : `no field ${mirror.key} in ${mirror.table}`}, by which records are told apart`,
        { hint: 'It had another name then, or was made later. Restore the set into a folder: `--into DIR`.' },
      )
    const ask: AirtableAsk = {
      is: 'airtable',
      id,
      setId: chosen.id,
      backup,
      table,
      declaration: spec.declaration,
      tableId: kept.id,
      tableName: kept.name,
      fields: kept.fields,
      keyFieldId: keyField.id,
      keys: keys === null ? null : [...keys],
      removeOthers,
      by: actor,
      atMs,
      withheld,
    }
    noteAsk(ownFolder, ask)
    return await answerOf(workspace, ask, chosen, context)
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
}

/** The declared mirror, and the base. Throws NOT_FOUND. */
function mirrorOf({ backups, generations }: Workspace, table: string) {
  const { state } = generations.inForce()
  const mirrored = Object.entries(state.tables).filter(([, one]) => one.airtable !== undefined && !one.absent)
  const mirror = state.tables[table]?.airtable
  if (mirror === undefined || !mirrored.some(([name]) => name === table))
    throw new OperationalError('NOT_FOUND', `no mirrored table is named ${table}`, {
      hint: `Mirrored are: ${mirrored.map(([name]) => name).join(', ') || 'none'}.`,
    })
  const spec = backups.list(state).find((one) => one.spec.airtable !== null)?.spec.airtable
  if (spec === undefined || spec === null)
    throw new OperationalError('NOT_FOUND', 'no backup holds airtable', {
      hint: 'Name airtable in `of` of a backup; see docs/backups.md.',
    })
  return { spec, mirror }
}

async function answerOf(
  { engine }: Workspace,
  ask: AirtableAsk,
  { createdAtMs, olderMs }: ChosenSet,
  { signal }: RestoreContext,
): Promise<RestoreAsked> {
  const key = { kind: backupKindName, name: ask.backup }
  const runId = engine.newRunId()
  const { status } = await engine.reconcileNow(key, { runId, actor: ask.by, signal, full: true, only: new Set() })
  const { observation } = status
  if (observation?.is === 'unreadable') throw observation.error
  const state = observation?.is === 'present' ? stateOf(observation.state) : undefined
  const restore: AirtableRestoreState | undefined = state?.airtableRestores.find((one) => one.ask.id === ask.id)
  if (restore?.comparison === undefined)
    throw new OperationalError(
      'ACTION_FAILED',
      `the set cannot be compared: ${restore?.problem ?? 'the ask is gone'}`,
      {
        hint: 'Restore the set into a folder instead: `trueup backup restore ID --into DIR`.',
      },
    )
  const { counts, tables, passedOver, withheld, sample, preview } = restore.comparison
  const action = status.actions.find((one) => one.action.resolves.some((path) => path.endsWith(ask.id)))?.action
  return {
    is: 'asked',
    id: ask.setId,
    createdAtMs,
    olderMs,
    actionId: action?.id ?? null,
    message: action?.summary ?? 'Nothing differs.',
    ...{ counts, tables, passedOver, withheld, sample, preview },
  }
}
