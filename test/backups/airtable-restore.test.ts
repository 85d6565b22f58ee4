/** A restore of a mirrored table in Airtable: what it shows before, what it writes, what undo takes back, who stays away. */
import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import type { RestoreAsked } from '../../src/api/backup-port.ts'
import { converge } from '../../src/engine/engine.ts'
import { requestUndo } from '../../src/engine/undo-request.ts'
import { type UndoChoice, wholeUndo } from '../../src/engine/undo-rows.ts'
import { airtableAsksOf } from '../../src/kinds/backup/airtable-restore/ask.ts'
import { carryOut, keepMoves } from '../../src/kinds/backup/airtable-restore/carry-out.ts'
import { compareAirtable } from '../../src/kinds/backup/airtable-restore/compare.ts'
import { placeOf } from '../../src/kinds/backup/airtable-restore/plan.ts'
import { declarationOf } from '../../src/targets/airtable/declaration.ts'
import { allRecords } from '../../src/targets/airtable/fetch-records.ts'
import { type BackupWorld, createBackupWorld, filesWith, type Opened, quietContext } from '../support/backup-world.ts'
import { annKey } from '../support/person-world.ts'

const worlds: BackupWorld[] = []
afterEach(() => {
  for (const world of worlds.splice(0)) world.remove()
})
function fresh(): BackupWorld {
  const world = createBackupWorld({ mirror: true, of: 'main, airtable', environment: { T: 'patToken.secret' } })
  worlds.push(world)
  return world
}

const { signal } = quietContext
const backup = { kind: 'backup', name: 'nightly' }

/** The base as another program sees it. */
async function peopleOf({ workspace }: Opened) {
  const spec = workspace.backups.list(workspace.generations.inForce().state)[0]?.spec.airtable
  if (spec === undefined || spec === null) throw new Error('no base')
  const { base } = workspace.airtable.of(declarationOf(spec.declaration))
  const table = (await base.schema({ signal })).tables.find(({ name }) => name === 'People')
  if (table === undefined) throw new Error('no table')
  const fieldId = (name: string) => table.fields.find((field) => field.name === name)?.id ?? name
  const read = async () => {
    const records = await allRecords(base, table.id, signal)
    const cells = records.map(({ fields }) => [
      fields[fieldId('Lead ID')],
      fields[fieldId('Full Name')],
      fields[fieldId('Mail')],
    ])
    return cells.sort((one, other) => String(one[0]).localeCompare(String(other[0])))
  }
  const idOf = async (key: string) =>
    (await allRecords(base, table.id, signal)).find(({ fields }) => fields[fieldId('Lead ID')] === key)?.id ?? ''
  return { base, table, fieldId, read, idOf }
}

/** A set of both leads; then Ann's record is deleted in Airtable, Bob's changed, and somebody adds one. */
async function damaged(opened: Opened) {
  await opened.apply()
  const made = await opened.port.create({ name: null, actor: 'test' })
  if (made.is !== 'created') throw new Error(made.message)
  const people = await peopleOf(opened)
  const { base, table, fieldId, idOf } = people
  const before = await people.read()
  await base.destroy(table.id, [await idOf(annKey)], { signal })
  await base.update(table.id, [{ id: await idOf('bob'), fields: { [fieldId('Mail')]: 'over@written.example' } }], {
    signal,
  })
  const records = [{ [fieldId('Lead ID')]: 'new', [fieldId('Full Name')]: 'Newer Work' }]
  await base.upsert(table.id, { mergeOn: fieldId('Lead ID'), records }, { signal })
  return { ...people, before, setId: made.set.id }
}

async function asking(
  { port }: Opened,
  id: string,
  rest: { keys?: readonly string[]; removeOthers?: boolean } = {},
): Promise<RestoreAsked> {
  const { keys = null, removeOthers = false } = rest
  const asked = await port.restoreAirtable({ set: { id }, table: 'leads', keys, removeOthers, actor: 'local:me' })
  if (asked.is !== 'asked') throw new Error(asked.message)
  return asked
}

const only = ({ workspace }: Opened) => converge(workspace.engine, { keys: [backup], actor: 'test', signal })
const byKey = (one: readonly unknown[], other: readonly unknown[]) => String(one[0]).localeCompare(String(other[0]))
const newOne = ['new', 'Newer Work', undefined]

/** What a restore says of a field or table that the base has no more, of one that is computed, and of one that is not mirrored. */
async function namesWhatIsGone(opened: Opened, setId: string): Promise<void> {
  const { airtable, ownFolder } = opened.workspace
  const ports = { airtable, ownFolder }
  const [ask] = airtableAsksOf(ownFolder, 'nightly', Date.now())
  if (ask === undefined) throw new Error('nothing was asked')
  const fields = [...ask.fields, { id: 'fldGone', name: 'Remarks', type: 'multilineText' }]
  await expect(compareAirtable({ ...ask, fields }, ports, quietContext)).rejects.toThrow(
    'People has fields of the set no more: Remarks',
  )
  await expect(compareAirtable({ ...ask, tableId: 'tblGone' }, ports, quietContext)).rejects.toThrow(
    'the base has the table People of the set no more',
  )
  const computed = [...ask.fields, { id: 'fldSum', name: 'Sum', type: 'formula' }]
  const { comparison } = await compareAirtable({ ...ask, fields: computed }, ports, quietContext)
  expect(comparison.passedOver).toMatchObject([{ table: 'People.Sum' }])
  const request = { set: { id: setId }, keys: null, removeOthers: false, actor: 'local:me' }
  expect(await opened.port.restoreAirtable({ ...request, table: 'notes' })).toMatchObject({
    message: 'no mirrored table is named notes',
  })
}

describe('a restore of Airtable', () => {
  test('is shown as an action of high risk, brings records back, leaves newer ones, and is taken back by undo', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      const { setId, before, read } = await damaged(opened)
      const damage = await read()
      const asked = await asking(opened, setId)
      expect(asked.tables).toEqual([{ table: 'People', added: 1, changed: 1, removed: 0 }])
      expect(asked.preview).toContainEqual({
        key: 'bob',
        field: 'Mail',
        before: 'over@written.example',
        after: 'bob@lasting.example',
      })
      expect(asked.preview).toContainEqual(
        expect.objectContaining({ key: annKey, after: expect.stringContaining('another record id') }),
      )
      const { status } = await opened.workspace.engine.reconcileNow(backup, {
        runId: opened.workspace.engine.newRunId(),
        actor: 'test',
        signal,
        full: true,
        only: new Set(),
      })
      expect(status.actions.map(({ action }) => [action.verb, action.risk])).toEqual([['restore-airtable', 'high']])
      expect(await read()).toEqual(damage)

      await only(opened)
      expect(await read()).toEqual(
        [...before, newOne].sort((one, other) => String(one[0]).localeCompare(String(other[0]))),
      )
      expect(airtableAsksOf(world.path('.trueup'), 'nightly', Date.now())).toEqual([])

      const id = asked.actionId ?? ''
      expect(
        await requestUndo({ of: { is: 'id', id }, actor: 'local:me', signal }, opened.workspace.engine),
      ).toMatchObject([{ is: 'undone' }])
      expect(await read()).toEqual(damage)
    })
  })

  test('of single keys touches nothing else, names what is gone, and with --remove-others the table is what it was', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      const { setId, before, read } = await damaged(opened)
      expect(await asking(opened, setId, { keys: ['bob'] })).toMatchObject({
        counts: { added: 0, changed: 1, removed: 0 },
      })
      await namesWhatIsGone(opened, setId)
      await only(opened)
      expect(await read()).toEqual([before.find(([key]) => key === 'bob'), newOne])
      expect(await asking(opened, setId, { removeOthers: true })).toMatchObject({
        counts: { added: 1, changed: 0, removed: 1 },
      })
      await only(opened)
      expect(await read()).toEqual(before)
      // The sync agrees with what came back: it doubles nothing and deletes nothing again.
      await opened.apply()
      expect(await read()).toEqual(before)
    })
  })

  test('is taken back for single records, and over what was changed since only where that is said', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      const { setId, before, read, base, table, fieldId, idOf } = await damaged(opened)
      const damage = await read()
      const asked = await asking(opened, setId, { removeOthers: true })
      await only(opened)
      expect(await read()).toEqual(before)
      const of = { is: 'id', id: asked.actionId ?? '' } as const
      const undo = (rest: Partial<UndoChoice>) =>
        requestUndo({ of, actor: 'local:me', signal, choice: { ...wholeUndo, ...rest } }, opened.workspace.engine)
      await expect(undo({ keys: ['nobody'] })).rejects.toMatchObject({ code: 'ACTION_NOT_UNDOABLE' })
      await expect(undo({ take: ['nobody'] })).rejects.toMatchObject({ code: 'ACTION_NOT_UNDOABLE' })
      // The record that the restore took away comes back, and nothing else.
      expect(await undo({ keys: ['new'] })).toMatchObject([{ is: 'undone', left: 2 }])
      expect(await read()).toEqual([...before, newOne].sort(byKey))
      const mail = (text: string) => ({ [fieldId('Mail')]: text })
      await base.update(table.id, [{ id: await idOf('bob'), fields: mail('since@then.example') }], { signal })
      await expect(undo({ keys: ['bob'] })).rejects.toMatchObject({ code: 'ACTION_NOT_UNDOABLE' })
      expect(await undo({ onConflict: 'stop' })).toMatchObject([
        { is: 'stopped', conflicts: [{ key: 'bob', is: 'changed', outcome: 'kept' }] },
      ])
      expect(await undo({ keys: ['bob'], take: ['bob'] })).toMatchObject([
        {
          is: 'undone',
          details: [{ key: 'bob', outcome: 'taken', cells: [{ field: 'Mail', now: 'since@then.example' }] }],
        },
      ])
      expect((await read()).find(([key]) => key === 'bob')).toEqual(damage.find(([key]) => key === 'bob'))
      // What is left, and what was taken back is not taken back again.
      expect(await undo({})).toMatchObject([{ is: 'undone' }])
      expect(await read()).toEqual(damage)
    })
  })

  test('that was cut off between two requests goes on, doubles nothing, and leaves what was changed since', async () => {
    const world = fresh()
    world.sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 24)
      INSERT INTO leads SELECT 'lead-' || i, 'Person ' || i, 'person' || i || '@lasting.example' FROM n`)
    await world.open(async (opened) => {
      const { setId, before, read, base, table, fieldId, idOf } = await damaged(opened)
      const all = await allRecords(base, table.id, signal)
      const gone = all
        .filter(({ fields }) => String(fields[fieldId('Lead ID')]).startsWith('lead-'))
        .map(({ id }) => id)
      for (let from = 0; from < gone.length; from += 10)
        await base.destroy(table.id, gone.slice(from, from + 10), { signal })
      await asking(opened, setId)
      const { airtable, ownFolder } = opened.workspace
      const ports = { airtable, ownFolder }
      const [ask] = airtableAsksOf(ownFolder, 'nightly', Date.now())
      if (ask === undefined) throw new Error('nothing was asked')
      const { moves } = await compareAirtable(ask, ports, quietContext)
      expect(moves).toHaveLength(26)
      keepMoves(ownFolder, 'cut-off', moves)
      const cutOff = {
        signal,
        progress: () => {
          throw new Error('the machine went off')
        },
      }
      await expect(carryOut('cut-off', placeOf(ask), ports, cutOff)).rejects.toThrow('went off')
      expect((await read()).length).toBeLessThan(27)
      await base.update(table.id, [{ id: await idOf('bob'), fields: { [fieldId('Mail')]: 'since@then.example' } }], {
        signal,
      })
      expect(await carryOut('cut-off', placeOf(ask), ports, quietContext)).toMatchObject({
        changed: 25,
        skipped: ['bob'],
        failed: [],
      })
      const keys = (await read()).map(([key]) => key)
      expect(keys).toHaveLength(27)
      expect(new Set(keys)).toEqual(new Set([...before.map(([key]) => key), 'new']))
    })
  })

  test('brings no erased person back, and an erasure drops what was asked and what undo would need', async () => {
    const world = fresh()
    await world.open(async (opened) => {
      const { workspace } = opened
      const { setId, read } = await damaged(opened)
      // One that was carried out, whose values undo would need, and one that waits.
      await asking(opened, setId, { keys: ['bob'] })
      await only(opened)
      await asking(opened, setId)
      expect(filesWith(world.path('.trueup/restores'), 'forgettable')).not.toEqual([])
      const found = await workspace.eraser.find({ table: 'leads', key: annKey }, signal)
      const suppression = { table: 'leads', reason: 'asked', by: 'local:me', atMs: Date.now() }
      await workspace.eraser.erase({ id: 'erasure', found, suppression }, signal)
      expect(readdirSync(world.path('.trueup')).includes('restores')).toBe(false)
      const asked = await asking(opened, setId)
      expect(asked.withheld).toBe(1)
      expect(asked.sample).not.toContain(annKey)
      await only(opened)
      expect((await read()).map(([key]) => key)).toEqual(['bob', 'new'])
      expect(filesWith(world.path('.trueup/restores'), 'forgettable')).toEqual([])
    })
  })
})
