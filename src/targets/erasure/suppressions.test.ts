import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { openLog } from '../../log.ts'
import { systemRandom } from '../../random.ts'
import { sharedOffload } from '../process/testing-offload.ts'
import { openDatabases } from '../sqlite/databases.ts'
import type { Databases } from '../sqlite/ports.ts'
import { erasedBy } from './marks.ts'
import { openSuppressionStore, readSuppressions, type SuppressionStore, suppressionFiles } from './suppressions.ts'

const identity = 'email:ann@acme.example'
const suppression = { table: 'leads', reason: 'asked', by: 'local:bob', atMs: 1, identities: [identity, 'key:k1'] }
const outcome = { rows: [{ table: 'leads', count: 1 }], traces: [], searched: 3, remains: [], report: [] }

let folder: string
let store: SuppressionStore
const offload = sharedOffload()
let databases: Databases
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'suppression-'))
  store = openSuppressionStore(join(folder, '.trueup'), { random: systemRandom })
  databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
})
afterEach(async () => {
  store.close()
  databases.closeAll()
  rmSync(folder, { recursive: true })
})
const own = () => join(folder, '.trueup')
const files = () => suppressionFiles(own())

describe('the suppression list', () => {
  test('is not there before the first erasure', () => {
    expect(store.isErased([identity])).toBe(false)
    expect(store.marks()).toBeNull()
    expect(existsSync(files().path)).toBe(false)
  })

  test('knows an erased person by each identity, also after it was opened again, and in a thread', () => {
    store.begin({ id: 'a1', suppression })
    expect(store.isErased(['email:other@acme.example', identity])).toBe(true)
    expect(store.isErased(['email:other@acme.example'])).toBe(false)
    store.close()
    store = openSuppressionStore(own(), { random: systemRandom })
    expect(store.isErased(['key:k1'])).toBe(true)
    expect(erasedBy(store.marks())([identity])).toBe(true)
  })

  test('keeps an erasure under way until it is finished, and its outcome for ever', () => {
    store.begin({ id: 'a1', suppression })
    store.note('a1', 'leads', ['record:1', 'record:2'])
    store.note('a1', 'leads', ['record:2'])
    expect(store.work('a1')).toMatchObject({ isDone: false, rows: [{ table: 'leads', count: 2 }] })
    expect(store.work('a1')?.records).toContain(store.mark('record:1'))
    store.finish('a1', outcome)
    expect(store.work('a1')).toMatchObject({ isDone: true, records: [] })
    expect(store.list()).toMatchObject([{ id: 'a1', reason: 'asked', identities: 2, outcome }])
  })

  test('an erasure of somebody whom nothing tells concerns nobody else', () => {
    store.begin({ id: 'a1', suppression })
    store.begin({ id: 'a2', suppression: { ...suppression, identities: [] } })
    expect(store.work('a2')?.identities).toEqual([])
  })

  test('lifted once, knows the person no more and says who lifted it', () => {
    store.begin({ id: 'a1', suppression })
    const before = store.version()
    expect(store.lift('a1', { by: 'local:eve', reason: 'wrong', atMs: 2 })).toBe(true)
    expect(store.lift('a1', { by: 'local:eve', reason: 'wrong', atMs: 3 })).toBe(false)
    expect(store.isErased([identity])).toBe(false)
    expect(store.version()).not.toBe(before)
    expect(store.list()).toMatchObject([{ identities: 0, lifted: { by: 'local:eve', reason: 'wrong', atMs: 2 } }])
  })

  test('holds no word of whom it is about', () => {
    store.begin({ id: 'a1', suppression })
    store.close()
    for (const file of [files().path, files().keyPath]) expect(readFileSync(file, 'latin1')).not.toContain('ann@')
    store = openSuppressionStore(own(), { random: systemRandom })
  })

  test.each(['is gone', 'is another one'])('lets nobody through when its key %s', (how) => {
    store.begin({ id: 'a1', suppression })
    store.close()
    if (how === 'is gone') rmSync(files().keyPath)
    else writeFileSync(files().keyPath, 'ab'.repeat(32))
    store = openSuppressionStore(own(), { random: systemRandom })
    expect(() => store.isErased([identity])).toThrow(expect.objectContaining({ code: 'SUPPRESSION_KEY_LOST' }))
    expect(() => store.marks()).toThrow(expect.objectContaining({ code: 'SUPPRESSION_KEY_LOST' }))
  })

  test('can be read without a trace, and not be changed then', async () => {
    store.begin({ id: 'a1', suppression })
    const reading = await readSuppressions(own(), databases)
    expect(reading.isErased([identity])).toBe(true)
    expect(() => reading.lift('a1', { by: 'x', reason: 'x', atMs: 1 })).toThrow(
      expect.objectContaining({ code: 'LEASE_HELD' }),
    )
    reading.close()
  })
})

describe('the list of those who are not to be contacted', () => {
  const people = ['email:ann@acme.example', 'key:k1']

  test('is made with the first of them, kept as hashes, and knows them after it was opened again', () => {
    expect(store.contacts.isListed(people)).toBe(false)
    expect(existsSync(files().path)).toBe(false)
    expect(store.contacts.add(people, 5)).toBe(2)
    expect(store.contacts.add(people, 6)).toBe(0)
    store.close()
    store = openSuppressionStore(own(), { random: systemRandom })
    expect(store.contacts.isListed(['key:k1'])).toBe(true)
    expect(store.contacts.isListed(['key:k2'])).toBe(false)
    expect(store.isErased(people)).toBe(false)
    expect(readFileSync(files().path).includes('acme')).toBe(false)
  })

  test('tells who was allowed again, and for a moment that it was just now; who is marked anew is on it again', () => {
    const before = store.contacts.version()
    store.contacts.add(people, 1000)
    store.contacts.allow(people, 2000)
    expect([store.contacts.isListed(people), store.contacts.isAllowed(people)]).toEqual([false, true])
    expect(store.contacts.marks(3000)?.justAllowed.marks).toHaveLength(2)
    expect(store.contacts.marks(100_000)?.justAllowed.marks).toEqual([])
    store.contacts.add(people, 4000)
    expect([store.contacts.isListed(people), store.contacts.isAllowed(people)]).toEqual([true, false])
    expect(store.contacts.version()).not.toBe(before)
  })

  test('is added to a file of before it, whose erasures stand', async () => {
    store.begin({ id: 'a1', suppression })
    store.close()
    const db = new Sqlite(files().path)
    db.exec('DROP TABLE contacts; PRAGMA user_version = 1')
    db.close()
    const reading = await readSuppressions(own(), databases)
    expect([reading.isErased([identity]), reading.contacts.isListed(people)]).toEqual([true, false])
    reading.close()
    store = openSuppressionStore(own(), { random: systemRandom })
    store.contacts.add(people, 1)
    expect([store.isErased([identity]), store.contacts.isListed(people)]).toEqual([true, true])
  })
})
