/** The change feed against the sandbox: complete, or marked as not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tokenProfile, tokenRestrictions } from '../../src/sandbox/access/tokens.ts'
import type { AirtableTarget, FeedReading, PendingRecord } from '../../src/targets/airtable/ports.ts'
import { tableId } from '../sandbox/leads-base.ts'
import { baseId } from '../sandbox/support.ts'
import { type InProcessWorld, openInProcess } from './in-process.ts'
import { plantedToken, signal } from './world.ts'

const dayMs = 86_400_000

let at: InProcessWorld
let target: AirtableTarget
beforeEach(async () => {
  at = await openInProcess({ sandbox: { limits: { requestsPerSecond: 1000 } } })
  target = at.target
})
afterEach(() => at.close())

const colleague = () => at.sandbox.control.colleague(baseId)
const fieldId = (name: string) => fieldIds.get(name) ?? ''
let fieldIds = new Map<string, string>()
const poll = (maxAgeMs = 0): Promise<FeedReading> => at.done(target.feed.poll({ signal, maxAgeMs }))
const pending = (): readonly PendingRecord[] => target.feed.pending(tableId)
const hook = async () => {
  const { id } = await at.done(target.base.createWebhook({ signal }))
  target.feed.adopt({ id })
  return id
}
/** Begins with a hook, a whole comparison, and nothing pending. */
const begin = async () => {
  const { tables } = await at.done(target.base.schema({ signal }))
  fieldIds = new Map(tables[0]?.fields.map(({ name, id }) => [name, id]))
  const id = await hook()
  target.feed.scanned(tableId, at.clock.nowMs())
  expect(await poll()).toEqual({ is: 'current', calls: 1 })
  await at.clock.advance(1000)
  at.sandbox.control.clearRequests()
  return id
}

describe('the change feed', () => {
  it('is without a webhook until one is adopted, and says why', async () => {
    expect(await poll()).toEqual({ is: 'without', reason: 'no webhook was made yet' })
    target.feed.doWithout('the token lacks webhook:manage')
    expect(await poll()).toEqual({ is: 'without', reason: 'the token lacks webhook:manage' })
    expect(target.feed.webhook()).toBeUndefined()
    const id = await hook()
    expect(target.feed.webhook()).toEqual({ id, lastPollMs: undefined })
  })

  it('asks for a comparison of each table after a hook is new, once', async () => {
    await hook()
    expect(target.feed.needsScan(tableId)).toContain('new')
    await at.clock.advance(10)
    target.feed.scanned(tableId, at.clock.nowMs())
    expect(target.feed.needsScan(tableId)).toBeUndefined()
    expect(target.feed.needsScan('tblOther000000001')).toContain('new')
  })

  it('tells creations, changes and deletions once each, with cells as record calls have them', async () => {
    await begin()
    const ada = colleague().createRecord(tableId, { Name: 'Ada', Status: 'New', Tags: ['red', 'green'], Score: 0 })
    const bob = colleague().createRecord(tableId, { Name: 'Bob' })
    const eve = colleague().createRecord(tableId, { Name: 'Eve' })
    await poll()
    target.feed.settle(tableId, pending())
    expect(pending()).toEqual([])
    colleague().updateRecord(tableId, ada, { Status: 'Won', Tags: null })
    colleague().deleteRecord(tableId, bob)
    expect(await poll()).toEqual({ is: 'current', calls: 1 })
    const [changed, destroyed] = pending()
    expect(changed).toMatchObject({
      recordId: ada,
      what: 'changed',
      cells: { [fieldId('Status')]: 'Won', [fieldId('Tags')]: null },
      previous: { [fieldId('Status')]: 'New', [fieldId('Tags')]: ['red', 'green'] },
    })
    expect(destroyed).toMatchObject({ recordId: bob, what: 'destroyed', cells: {} })
    expect(pending().some(({ recordId }) => recordId === eve)).toBe(false)
  })

  it('joins all changes of a record, with the first value before and the last now; a deletion is last', async () => {
    await begin()
    const ada = colleague().createRecord(tableId, { Name: 'Ada', Score: 1 })
    await poll()
    target.feed.settle(tableId, pending())
    colleague().updateRecord(tableId, ada, { Score: 2 })
    await poll()
    colleague().updateRecord(tableId, ada, { Score: 3, Name: 'Ada L.' })
    await poll()
    expect(pending()).toMatchObject([
      {
        cells: { [fieldId('Score')]: 3, [fieldId('Name')]: 'Ada L.' },
        previous: { [fieldId('Score')]: 1, [fieldId('Name')]: 'Ada' },
      },
    ])
    colleague().deleteRecord(tableId, ada)
    await poll()
    expect(pending()).toMatchObject([{ recordId: ada, what: 'destroyed', cells: {} }])
  })

  it('settles only what was seen: what comes meanwhile stays', async () => {
    await begin()
    const ada = colleague().createRecord(tableId, { Name: 'Ada' })
    await poll()
    const seen = pending()
    colleague().updateRecord(tableId, ada, { Name: 'Ada L.' })
    await poll()
    target.feed.settle(tableId, seen)
    expect(pending()).toMatchObject([{ recordId: ada, cells: { [fieldId('Name')]: 'Ada L.' } }])
  })

  it('leaves links untold, and says which they are', async () => {
    await begin()
    const company = colleague().createRecord('Companies', { Name: 'Acme' })
    colleague().createRecord(tableId, { Name: 'Bob', Company: [company] })
    await poll()
    const bob = pending().find(({ cells }) => cells[fieldId('Name')] === 'Bob')
    expect(bob?.isWhole).toBe(false)
    expect(bob?.untold).toEqual([fieldId('Company')])
  })

  it('drains hundreds of changes in one poll', async () => {
    await begin()
    for (let count = 0; count < 120; count += 1) colleague().createRecord(tableId, { Name: `n${count}` })
    expect(await poll()).toMatchObject({ is: 'current' })
    expect(pending()).toHaveLength(120)
  })

  it('costs no call while it is fresh, and one a poll while nothing happens', async () => {
    await begin()
    expect(await poll(60_000)).toEqual({ is: 'current', calls: 0 })
    for (let minute = 0; minute < 4 * 60; minute += 1) {
      await at.clock.advance(60_000)
      expect(await poll(59_000)).toEqual({ is: 'current', calls: 1 })
    }
    expect(at.sandbox.control.requests()).toHaveLength(4 * 60)
    expect(target.feed.needsScan(tableId)).toBeUndefined()
  })

  it('keeps its hook alive for months, polled once an hour or every minute', async () => {
    const id = await begin()
    for (let hour = 0; hour < 24 * 20; hour += 1) {
      await at.clock.advance(3_600_000)
      expect(await poll()).toEqual({ is: 'current', calls: 1 })
    }
    expect(target.feed.webhook()?.id).toBe(id)
  })

  it('asks once for several who want to know at the same time', async () => {
    await begin()
    await at.clock.advance(60_000)
    const readings = await at.done(Promise.all([1, 2, 3].map(() => target.feed.poll({ signal, maxAgeMs: 30_000 }))))
    expect(readings.map((reading) => ('calls' in reading ? reading.calls : -1))).toEqual([1, 0, 0])
  })

  it('tells who watches when something came, and not otherwise', async () => {
    await begin()
    let told = 0
    const watch = target.watch(() => {
      told += 1
    })
    await poll()
    expect(told).toBe(0)
    colleague().createRecord(tableId, { Name: 'Ada' })
    await poll()
    expect(told).toBe(1)
    watch.close()
    colleague().createRecord(tableId, { Name: 'Bob' })
    await poll()
    expect(told).toBe(1)
  })

  it('takes pieces and repetitions of an action for what they are', async () => {
    await begin()
    at.sandbox.control.addFault({ kind: 'split-payloads' })
    at.sandbox.control.addFault({ kind: 'duplicate-payloads' })
    const name = fieldId('Name')
    const records = Array.from({ length: 5 }, (_, index) => ({ [name]: `n${index}` }))
    await at.done(target.base.upsert(tableId, { mergeOn: name, records }, { signal }))
    await poll()
    expect(
      pending()
        .map(({ cells }) => cells[name])
        .toSorted(),
    ).toEqual(['n0', 'n1', 'n2', 'n3', 'n4'])
    expect(pending().every(({ isWhole, what }) => isWhole && what === 'created')).toBe(true)
  })

  it('knows that a schema changed, and forgets it once the schema was read', async () => {
    await begin()
    await at.done(target.schema({ signal, maxAgeMs: 3_600_000 }))
    expect(target.feed.schemaIsStale()).toBe(false)
    at.sandbox.control.clearRequests()
    await at.done(target.schema({ signal, maxAgeMs: 3_600_000 }))
    expect(at.sandbox.control.requests()).toEqual([])
    colleague().renameField(tableId, 'Name', 'Full Name')
    await poll()
    expect(target.feed.schemaIsStale()).toBe(true)
    const { tables } = await at.done(target.schema({ signal, maxAgeMs: 3_600_000 }))
    expect(tables[0]?.fields.map(({ name }) => name)).toContain('Full Name')
    expect(target.feed.schemaIsStale()).toBe(false)
    await at.clock.advance(3_600_001)
    at.sandbox.control.clearRequests()
    await at.done(target.schema({ signal, maxAgeMs: 3_600_000 }))
    expect(at.sandbox.control.requests()).toHaveLength(1)
  })

  it('takes the schema for old after a refusal that an old one explains', async () => {
    await begin()
    await at.done(target.schema({ signal, maxAgeMs: 3_600_000 }))
    const id = colleague().createRecord(tableId, { Name: 'Ada' })
    await expect(
      at.done(target.base.update(tableId, [{ id, fields: { fldNobody00000001: 1 } }], { signal })),
    ).rejects.toMatchObject({ code: 'AIRTABLE_REFUSED' })
    expect(target.feed.schemaIsStale()).toBe(true)
  })
})

describe('a gap in the change feed', () => {
  beforeEach(begin)

  const gapped = (reason: RegExp, calls = 1) => ({ is: 'gap', reason: expect.stringMatching(reason), calls })

  it('is found when payloads are gone that were not fetched', async () => {
    for (let count = 0; count < 5; count += 1) colleague().createRecord(tableId, { Name: `n${count}` })
    at.sandbox.control.addFault({ kind: 'lose-retention', keep: 2, times: 1 })
    expect(await poll()).toEqual(gapped(/deleted before/))
    expect(target.feed.needsScan(tableId)).toMatch(/deleted before/)
    expect(pending()).toHaveLength(2)
    await at.clock.advance(10)
    target.feed.scanned(tableId, at.clock.nowMs())
    expect(target.feed.needsScan(tableId)).toBeUndefined()
    expect(await poll()).toEqual({ is: 'current', calls: 1 })
  })

  it('is found when all of them are gone, within a day, once', async () => {
    colleague().createRecord(tableId, { Name: 'Ada' })
    at.sandbox.control.addFault({ kind: 'lose-retention', keep: 0, times: 1 })
    expect(await poll()).toEqual({ is: 'current', calls: 1 })
    await at.clock.advance(dayMs)
    expect(await poll()).toEqual(gapped(/deleted before/, 2))
    await at.clock.advance(dayMs)
    expect(await poll()).toEqual({ is: 'current', calls: 1 })
  })

  it('is found when the hook dies, is switched off, or is not there', async () => {
    at.sandbox.control.addFault({ kind: 'invalid-hook', times: 1 })
    expect(await poll()).toEqual(gapped(/INVALID_HOOK/))
    expect(target.feed.webhook()).toBeUndefined()
    expect(await poll()).toEqual({ is: 'without', reason: expect.stringContaining('INVALID_HOOK') })
    const second = await hook()
    await at.clock.advance(10)
    target.feed.scanned(tableId, at.clock.nowMs())
    await at.done(target.base.deleteWebhook(second, { signal }))
    expect(await poll()).toEqual(gapped(/is gone/))
    expect(target.feed.needsScan(tableId)).toMatch(/is gone/)
  })

  it('is taken for granted after six days without a poll, though the hook may still be there', async () => {
    colleague().createRecord(tableId, { Name: 'Ada' })
    await at.clock.advance(6.5 * dayMs)
    expect(await poll()).toEqual(gapped(/6 days/))
    expect(pending()).toHaveLength(1)
    await at.clock.advance(20 * dayMs)
    expect(await poll()).toEqual(gapped(/6 days/))
    expect(target.feed.webhook()).toBeUndefined()
  })

  it('does not stay open because a clock was set back', async () => {
    at.sandbox.control.addFault({ kind: 'lose-retention', keep: 0, times: 1 })
    await hook()
    at.clock.jumpWallClock(-3_600_000)
    expect(target.feed.needsScan(tableId)).toBeDefined()
    await at.clock.advance(10)
    target.feed.scanned(tableId, at.clock.nowMs())
    expect(target.feed.needsScan(tableId)).toBeUndefined()
  })

  it('a missing permission is told as such and gives up nothing', async () => {
    const id = target.feed.webhook()?.id
    at.sandbox.control.setToken(tokenProfile(plantedToken, tokenRestrictions.noWebhook))
    await expect(poll()).rejects.toMatchObject({ code: 'AIRTABLE_FORBIDDEN' })
    expect(target.feed.webhook()?.id).toBe(id)
    at.sandbox.control.setToken(tokenProfile(plantedToken))
    expect(await poll()).toMatchObject({ is: 'current' })
  })
})
