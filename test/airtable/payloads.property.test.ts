/**
 * What payloads tell, put together, is what the records hold: a mirror that is fed by the change feed alone agrees with the
 * table read whole, cell by cell, whoever wrote what in whatever order.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { JsonValue } from '../../src/json.ts'
import type { PendingRecord, RemoteRecord } from '../../src/targets/airtable/ports.ts'
import { tableId } from '../sandbox/leads-base.ts'
import { baseId } from '../sandbox/support.ts'
import { openInProcess } from './in-process.ts'
import { signal } from './world.ts'

/** Values that fields of each name take, null to clear; the last modification and its like are told by no payload. */
const cells = fc
  .dictionary(
    fc.constantFrom(
      'Name',
      'Notes',
      'Score',
      'Share',
      'Price',
      'Stars',
      'Length',
      'Done',
      'Status',
      'Tags',
      'Day',
      'At',
      'Mail',
      'Page',
      'Phone',
      'Long',
    ),
    fc.nat(),
    { maxKeys: 5 },
  )
  .map((chosen) => Object.fromEntries(Object.entries(chosen).map(([name, index]) => [name, someValue(name, index)])))

const values: Readonly<Record<string, readonly JsonValue[]>> = {
  Name: ['Ada', 'Bob', 'ß 😀', null],
  Notes: ['* a\n* b', '**bold**', '', null],
  Score: [0, 1, -2.5, null],
  Share: [0, 0.25, 1, null],
  Price: [0, 9.99, null],
  Stars: [1, 5, null],
  Length: [0, 3600, null],
  Done: [true, false, null],
  Status: ['New', 'Won', null],
  Tags: [['red'], ['green', 'red'], [], null],
  Day: ['2026-01-31', null],
  At: ['2026-01-31T10:00:00.000Z', null],
  Mail: ['ada@example.com', null],
  Page: ['https://example.com', null],
  Phone: ['+1 202 555 0100', null],
  Long: ['a\r\nb', null],
}

function someValue(name: string, index: number): JsonValue {
  const possible = values[name] ?? [null]
  return possible[index % possible.length] ?? null
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ is: fc.constant('create' as const), by: fc.boolean(), cells }) },
  { weight: 8, arbitrary: fc.record({ is: fc.constant('change' as const), by: fc.boolean(), at: fc.nat(), cells }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('destroy' as const), by: fc.boolean(), at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constant('poll' as const), settles: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constantFrom('split' as const, 'duplicate' as const) }) },
)

it('payloads of random writes by colleagues and by the API add up to the records', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const at = await openInProcess({
        sandbox: { limits: { requestsPerSecond: 1000, requestsPerSecondAndUser: 1000 } },
        declaration: { requestsPerSecond: 50 },
      })
      const { base, feed } = at.target
      const colleague = at.sandbox.control.colleague(baseId)
      const { tables } = await at.done(base.schema({ signal }))
      const told = (tables[0]?.fields ?? []).filter(({ name }) => name in values || name === 'Loud')
      const idOf = new Map(told.map(({ name, id }) => [name, id]))
      const byId = (written: Readonly<Record<string, JsonValue>>) =>
        Object.fromEntries(Object.entries(written).map(([name, value]) => [idOf.get(name) ?? name, value]))
      feed.adopt({ id: (await at.done(base.createWebhook({ signal }))).id })
      const key = idOf.get('Long') ?? ''
      let keys = 0
      const alive: string[] = []
      const mirror = new Map<string, Record<string, JsonValue>>()
      const poll = async () =>
        expect(await at.done(feed.poll({ signal, maxAgeMs: 0 }))).toMatchObject({ is: 'current' })
      for (const one of steps) {
        const id = 'at' in one ? alive[one.at % Math.max(1, alive.length)] : undefined
        if (one.is === 'poll') {
          await poll()
          if (one.settles) take(mirror, feed.pending(tableId), (seen) => feed.settle(tableId, seen))
        } else if (one.is === 'split' || one.is === 'duplicate') {
          at.sandbox.control.addFault({ kind: `${one.is}-payloads`, times: 1 })
        } else if (one.is === 'create') {
          if (one.by) alive.push(colleague.createRecord(tableId, one.cells))
          else {
            keys += 1
            const records = [{ ...byId(one.cells), [key]: `key ${keys}` }]
            const made = await at.done(base.upsert(tableId, { mergeOn: key, records }, { signal }))
            alive.push(...made.records.map((record) => record.id))
          }
        } else if (id !== undefined && one.is === 'change') {
          if (one.by) colleague.updateRecord(tableId, id, one.cells)
          else await at.done(base.update(tableId, [{ id, fields: byId(one.cells) }], { signal }))
        } else if (id !== undefined && one.is === 'destroy') {
          if (one.by) colleague.deleteRecord(tableId, id)
          else await at.done(base.destroy(tableId, [id], { signal }))
          alive.splice(alive.indexOf(id), 1)
        }
      }
      await poll()
      take(mirror, feed.pending(tableId), (seen) => feed.settle(tableId, seen))
      const { records } = await at.done(base.list(tableId, {}, { signal }))
      const fieldIds = told.map(({ id }) => id)
      expect(shown(mirror, fieldIds)).toEqual(shown(cellsOf(records), fieldIds))
      await at.close()
    }),
    { numRuns: 60 },
  )
})

/** Carries pending records into the mirror, as a sync would. */
function take(
  mirror: Map<string, Record<string, JsonValue>>,
  pending: readonly PendingRecord[],
  settle: (seen: readonly PendingRecord[]) => void,
): void {
  for (const record of pending) {
    expect(record.isWhole).toBe(true)
    if (record.what === 'destroyed') mirror.delete(record.recordId)
    else {
      const known = record.what === 'created' ? {} : (mirror.get(record.recordId) ?? {})
      for (const [field, before] of Object.entries(record.previous)) expect(known[field] ?? null).toEqual(before)
      mirror.set(record.recordId, { ...known, ...record.cells })
    }
  }
  settle(pending)
}

function cellsOf(records: readonly RemoteRecord[]): Map<string, Readonly<Record<string, JsonValue>>> {
  return new Map(records.map(({ id, fields }) => [id, fields]))
}

/** Cells of the told fields; empty ones of both forms are null. */
function shown(records: ReadonlyMap<string, Readonly<Record<string, JsonValue>>>, fieldIds: readonly string[]) {
  const rows = [...records].map(([id, fields]) => [id, ...fieldIds.map((field) => fields[field] ?? null)])
  return rows.toSorted(([a], [b]) => String(a).localeCompare(String(b)))
}
