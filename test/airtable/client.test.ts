/** The client against the sandbox over HTTP: what it asks, what it makes of answers, and what it leaves behind. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tableId } from '../sandbox/leads-base.ts'
import { baseId } from '../sandbox/support.ts'
import { type AirtableWorld, openWorld, signal } from './world.ts'

describe('an Airtable base', () => {
  let at: AirtableWorld
  beforeEach(async () => {
    at = await openWorld()
  })
  afterEach(() => at.close())

  it('tells tables and fields with choices and precision', async () => {
    const { tables } = await at.target.base.schema({ signal })
    expect(tables).toMatchObject([{ id: tableId, name: 'Leads' }])
    const fields = new Map(tables[0]?.fields.map((field) => [field.name, field]))
    expect(fields.get('Score')).toMatchObject({ type: 'number', precision: 1, choices: [] })
    expect(fields.get('Status')).toMatchObject({ choices: [{ name: 'New' }, { name: 'Won' }] })
    expect(fields.get('Name')).toMatchObject({ type: 'singleLineText', precision: undefined })
  })

  it('makes tables and fields', async () => {
    const table = await at.target.base.createTable('Companies', [{ name: 'Name', type: 'singleLineText' }], { signal })
    const field = await at.target.base.createField(
      table.id,
      { name: 'Size', type: 'number', options: { precision: 0 }, description: 'people' },
      { signal },
    )
    expect(field).toMatchObject({ name: 'Size', type: 'number', precision: 0, description: 'people' })
    const { tables } = await at.target.base.schema({ signal })
    expect(tables.find(({ id }) => id === table.id)?.fields.map(({ name }) => name)).toEqual(['Name', 'Size'])
  })

  it('upserts, updates, lists by formula and destroys, by ids of fields', async () => {
    const [name, score, status] = [await at.field('Name'), await at.field('Score'), await at.field('Status')]
    const { base } = at.target
    const first = await base.upsert(
      tableId,
      { mergeOn: name, records: [{ [name]: 'Ada', [score]: 1 }, { [name]: 'Bob' }] },
      { signal },
    )
    expect(first.records).toMatchObject([{ fields: { [name]: 'Ada', [score]: 1 } }, { fields: { [name]: 'Bob' } }])
    expect(first.createdIds.size).toBe(2)
    const [ada = '', bob = ''] = first.records.map(({ id }) => id)
    const again = await base.upsert(tableId, { mergeOn: name, records: [{ [name]: 'Ada', [score]: 2 }] }, { signal })
    expect(again.createdIds.size).toBe(0)
    expect(again.records[0]?.id).toBe(ada)
    const updated = await base.update(
      tableId,
      [
        { id: ada, fields: { [status]: 'Won' } },
        { id: bob, fields: { [score]: 0 } },
      ],
      { signal },
    )
    expect(updated.map(({ fields }) => [fields[status], fields[score]])).toEqual([
      ['Won', 2],
      [undefined, 0],
    ])
    const page = await base.list(tableId, { fields: [name], formula: `RECORD_ID()='${bob}'` }, { signal })
    expect(page).toMatchObject({ records: [{ id: bob, fields: { [name]: 'Bob' } }], offset: undefined })
    expect(Object.keys(page.records[0]?.fields ?? {})).toEqual([name])
    expect(await base.destroy(tableId, [ada, bob], { signal })).toEqual([ada, bob])
    expect(at.sandbox.control.colleague(baseId).records(tableId)).toEqual([])
  })

  it('lists in pages, and a formula longer than an address may be', async () => {
    const name = await at.field('Name')
    for (let from = 0; from < 30; from += 10) {
      const records = Array.from({ length: 10 }, (_, index) => ({ [name]: `n${from + index}` }))
      await at.target.base.upsert(tableId, { mergeOn: name, records }, { signal })
    }
    const seen: string[] = []
    let offset: string | undefined
    do {
      const page = await at.target.base.list(
        tableId,
        { pageSize: 12, ...(offset === undefined ? {} : { offset }) },
        { signal },
      )
      seen.push(...page.records.map(({ id }) => id))
      offset = page.offset
    } while (offset !== undefined)
    expect(new Set(seen).size).toBe(30)
    const formula = `OR(${Array.from({ length: 25 }, () => seen.map((id) => `RECORD_ID()='${id}'`).join(',')).join(',')})`
    expect(formula.length).toBeGreaterThan(16_000)
    expect((await at.target.base.list(tableId, { formula }, { signal })).records).toHaveLength(30)
  })

  it('counts a record that was gone already as deleted, whoever else is in the batch', async () => {
    const colleague = at.sandbox.control.colleague(baseId)
    const [ada, bob, eve] = ['Ada', 'Bob', 'Eve'].map((Name) => colleague.createRecord(tableId, { Name }))
    colleague.deleteRecord(tableId, bob ?? '')
    const ids = [ada ?? '', bob ?? '', eve ?? '']
    expect(await at.target.base.destroy(tableId, ids, { signal })).toEqual(ids)
    expect(await at.target.base.destroy(tableId, [bob ?? ''], { signal })).toEqual([bob])
    expect(colleague.records(tableId)).toEqual([])
  })

  it('counts the calls of the month', async () => {
    const before = at.target.base.usage().calls
    await at.target.base.list(tableId, {}, { signal })
    await at.target.base.webhooks({ signal })
    expect(at.target.base.usage()).toMatchObject({ calls: before + 2, forecast: undefined, limit: undefined })
  })
})
