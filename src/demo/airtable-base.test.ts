import { describe, expect, test } from 'vitest'
import { baseSeedSchema } from '../sandbox/metadata/base-seed.ts'
import { airtableBaseOf } from './airtable-base.ts'
import { planWorkspace } from './workspace-plan.ts'

const planOf = (rows: number, seed: number) =>
  planWorkspace({ rows, seed, mess: 'heavy', nowMs: Date.UTC(2025, 10, 20) })

describe('the base of the demo', () => {
  const base = baseSeedSchema.parse({ ...airtableBaseOf(planOf(5000, 1)), baseId: 'appBZvPvNXGqtoJdc' })
  const [table] = base.tables
  const records = table?.records.map(({ fields }) => fields) ?? []

  test('holds 40 records: known people, people of its own, and two of them twice', () => {
    expect(records).toHaveLength(40)
    const emails = records.map(({ Email }) => String(Email).toLowerCase())
    expect(new Set(emails).size).toBe(38)
    expect(emails.every((email) => email.endsWith('.example'))).toBe(true)
  })

  test('has some of the declared fields, and some of its own', () => {
    const names = table?.fields.map(({ name }) => name)
    expect(names).toContain('Email')
    expect(names).toContain('Notes')
    expect(names).not.toContain('Lead ID')
  })

  test('is the same for the same seed, and another for another', () => {
    expect(airtableBaseOf(planOf(5000, 1))).toEqual(airtableBaseOf(planOf(5000, 1)))
    expect(airtableBaseOf(planOf(5000, 2))).not.toEqual(airtableBaseOf(planOf(5000, 1)))
  })

  test('can be made from the smallest workspace', () => {
    expect(airtableBaseOf(planOf(1, 1)).tables[0]?.records?.length).toBeGreaterThan(8)
  })
})
