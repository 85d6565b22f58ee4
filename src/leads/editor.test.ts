import Database from 'better-sqlite3'
import { beforeEach, describe, expect, test } from 'vitest'
import { seededRandom } from '../random.ts'
import type { Cell } from '../values/field-type.ts'
import type { Standardize } from './editor.ts'
import type { LeadChangeRequest } from './ports.ts'
import { createLeadRepository, type LeadRepository } from './repository.ts'
import { leadTableOf } from './table.ts'
import { testingDesiredState, testingTableSql } from './testing-table.ts'
import { directWriter, noEraser } from './testing-writer.ts'

const spec = testingDesiredState().tables.leads
if (spec === undefined) throw new Error('the testing state has leads')
const table = leadTableOf('leads', spec)
const context = { actor: 'ann', reason: 'a test' }

let db: Database.Database
let nowMs: number
let requests: LeadChangeRequest[]
let leads: LeadRepository
/** What another program does between the read and the write. */
let meanwhile: string
/** Identities of erased people. */
let erased: Set<string>

/** Lower-cases e-mail addresses; the declared rules are tested where they live. */
const standardize: Standardize = (field, value) => {
  const canonical = field === 'email' ? value.trim().toLowerCase() : value
  return canonical === value ? { is: 'canonical' } : { is: 'changed', value: canonical, reason: 'lower case' }
}

beforeEach(() => {
  db = new Database(':memory:')
  db.exec(testingTableSql)
  nowMs = Date.UTC(2026, 10, 23)
  requests = []
  meanwhile = ''
  erased = new Set()
  const writer = directWriter(db)
  leads = createLeadRepository(table, {
    isErased: (identities) => identities.some((identity) => erased.has(identity)),
    eraser: noEraser,
    reads: { acquire: async () => db },
    writer: {
      submit(request) {
        requests.push(request)
        db.exec(meanwhile)
        return writer.submit(request)
      },
    },
    standardize,
    clock: {
      nowMs: () => nowMs,
      monotonicMs: () => 0,
      after: () => ({ cancel: () => undefined }),
      sleep: async () => undefined,
    },
    random: seededRandom(1),
  })
})

const rowOf = (key: string) => db.prepare<[string], Record<string, Cell>>('SELECT * FROM leads WHERE id = ?').get(key)

async function created(values: Record<string, string | number | boolean | null | string[]>): Promise<string> {
  const result = await leads.create(values, context)
  if (result.is !== 'written') throw new Error(JSON.stringify(result))
  return result.key
}

describe('creating a lead', () => {
  test('standardizes, stores by type, completes defaults and assigns a key', async () => {
    const key = await created({
      full_name: 'Ann',
      email: ' Ann@Acme.com',
      tags: ['vip', 'eu'],
      verified: true,
      raw_data: null,
    })
    expect(rowOf(key)).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email: 'ann@acme.com',
      status: 'auto_send',
      tags: '["vip","eu"]',
      verified: 1,
      created_at: '2026-11-23T00:00:00.000Z',
      raw_data: null,
    })
    expect(requests[0]).toMatchObject({ verb: 'create-lead', actor: 'ann', summary: 'Add a record to leads' })
  })

  test('every field that is wrong is named, and nothing is written', async () => {
    const result = await leads.create(
      { email: 'nobody', status: 'gone', employees: 1.5, nonsense: 1, date_messaged: '2026-02-31', id: 'x' },
      context,
    )
    expect(result).toMatchObject({ is: 'invalid' })
    const problems = result.is === 'invalid' ? result.problems.map((problem) => problem.path[0]) : []
    expect(problems.sort()).toEqual(['date_messaged', 'email', 'employees', 'full_name', 'id', 'nonsense', 'status'])
    expect(requests).toEqual([])
  })

  test('a value that must be unique names the record that has it, after standardization', async () => {
    const key = await created({ full_name: 'Ann', email: 'ann@acme.com' })
    expect(await leads.create({ full_name: 'Anna', email: 'ANN@acme.com' }, context)).toEqual({
      is: 'duplicate',
      field: 'email',
      existingKey: key,
    })
    expect(await leads.create({ full_name: 'Anna' }, context, key)).toMatchObject({ is: 'duplicate', field: 'id' })
  })

  test('two writers of one unique value: the second is told of the first', async () => {
    db.exec('CREATE UNIQUE INDEX e ON leads (email)')
    const results = await Promise.all(
      ['Ann', 'Bob'].map((full_name) => leads.create({ full_name, email: 'both@acme.com' }, context)),
    )
    expect(results.map((result) => result.is).sort()).toEqual(['duplicate', 'written'])
  })
})

describe('updating a lead', () => {
  test('changes only what differs, and the time of the change', async () => {
    const key = await created({ full_name: 'Ann', company: 'Acme' })
    nowMs += 1000
    expect(await leads.update(key, { full_name: 'Ann', company: 'Acme Corp' }, context)).toMatchObject({
      is: 'written',
    })
    expect(requests[1]?.changes.map((change) => (change.is === 'cell' ? change.column : ''))).toEqual([
      'company',
      'updated_at',
    ])
    expect(rowOf(key)).toMatchObject({ company: 'Acme Corp', updated_at: '2026-11-23T00:00:01.000Z' })
    expect(await leads.update(key, { company: 'Acme Corp' }, context)).toEqual({
      is: 'written',
      key,
      actionId: undefined,
    })
  })

  test('an expected version that is no longer true is a conflict', async () => {
    const key = await created({ full_name: 'Ann' })
    expect(await leads.update(key, { company: 'x' }, context, '0000000000000000')).toMatchObject({ is: 'conflict' })
    const conflict = await leads.update(key, { company: 'x' }, context, 'old')
    const current = conflict.is === 'conflict' ? conflict.currentVersion : ''
    expect(await leads.update(key, { company: 'x' }, context, current)).toMatchObject({ is: 'written' })
  })

  test('a required field cannot be emptied, another can', async () => {
    const key = await created({ full_name: 'Ann', company: 'Acme' })
    expect(await leads.update(key, { full_name: null }, context)).toMatchObject({ is: 'invalid' })
    expect(await leads.update(key, { full_name: '' }, context)).toMatchObject({ is: 'invalid' })
    await leads.update(key, { company: null }, context)
    expect(rowOf(key)?.company).toBeNull()
  })

  test('a record that is not there is not found', async () => {
    expect(await leads.update('none', { company: 'x' }, context)).toEqual({ is: 'not-found' })
  })

  test('a cell that another program changed since it was read is not overwritten', async () => {
    const key = await created({ full_name: 'Ann', company: 'Acme' })
    meanwhile = "UPDATE leads SET company = 'Theirs'"
    expect(await leads.update(key, { company: 'Mine' }, context)).toMatchObject({ is: 'conflict' })
    expect(rowOf(key)?.company).toBe('Theirs')
  })
})

describe('deleting a lead', () => {
  test('keeps every column for undo, those that are not declared too', async () => {
    const key = await created({ full_name: 'Ann' })
    db.exec("UPDATE leads SET legacy_note = 'from the old program'")
    expect(await leads.remove(key, context)).toMatchObject({ is: 'written' })
    expect(rowOf(key)).toBeUndefined()
    expect(requests.at(-1)?.changes).toMatchObject([
      { is: 'delete', key, row: { id: key, legacy_note: 'from the old program' } },
    ])
  })
})

describe('an erased person', () => {
  test('is not added, by whatever identity and spelling, and nothing is written', async () => {
    erased.add('email:ann@acme.com').add('phone:14155552671/ann lee').add('key:leads/k1')
    for (const values of [
      { full_name: 'A.', email: ' ANN@acme.com' },
      { full_name: 'Ann Lee', phone: '+1 415 555 2671' },
    ])
      expect(await leads.create(values, context)).toEqual({ is: 'suppressed' })
    expect(await leads.create({ full_name: 'Bob' }, context, 'k1')).toEqual({ is: 'suppressed' })
    expect(requests).toEqual([])
    expect(await leads.create({ full_name: 'Bob Ray', phone: '+1 415 555 2671' }, context)).toMatchObject({
      is: 'written',
    })
  })

  test('is not made of another record, nor changed where a program wrote them again', async () => {
    const bob = await created({ full_name: 'Bob' })
    const ann = await created({ full_name: 'Ann', email: 'ann@acme.com' })
    erased.add('email:ann@acme.com')
    expect(await leads.update(bob, { email: 'ann@acme.com' }, context)).toEqual({ is: 'suppressed' })
    expect(await leads.update(ann, { company: 'Acme' }, context)).toEqual({ is: 'suppressed' })
    expect(await leads.update(ann, { email: 'other@acme.com' }, context)).toMatchObject({ is: 'written' })
  })
})
