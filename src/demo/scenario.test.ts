import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databasePaths, type Generated, generateWorkspace } from './generate.ts'
import type { Scenario } from './scenario.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'trueup-scenario-test-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const made = new Map<Scenario, Generated & { readonly into: string }>()
async function world(scenario: Scenario) {
  const known = made.get(scenario)
  if (known !== undefined) return known
  const into = join(root, scenario)
  const one = { into, ...(await generateWorkspace({ into, rows: 400, seed: 4, mess: 'heavy', scenario })) }
  made.set(scenario, one)
  return one
}
function count(into: string, sql: string): number {
  const db = new Database(join(into, databasePaths.main), { readonly: true })
  try {
    return db.prepare<[], number>(sql).pluck().get() ?? 0
  } finally {
    db.close()
  }
}
const kindsOf = ({ planted }: Generated) => Object.keys(planted).filter((kind) => kind !== 'known-lead')
const repeated = 'SELECT count(*) - count(DISTINCT lower(email)) FROM leads WHERE email IS NOT NULL'

describe('the scenario', () => {
  test('clean plants nothing', async () => {
    const one = await world('clean')
    expect(kindsOf(one)).toEqual([])
    expect(count(one.into, repeated)).toBe(0)
  })

  test('duplicate plants people who are there twice, and nothing else', async () => {
    const one = await world('duplicate')
    expect(kindsOf(one).every((kind) => kind.startsWith('duplicate-'))).toBe(true)
    const twice = ['duplicate-exact', 'duplicate-by-email'].map((kind) => one.planted[kind]?.main ?? 0)
    expect(count(one.into, repeated)).toBe(twice.reduce((sum, number) => sum + number, 0))
    expect(count(one.into, repeated)).toBeGreaterThan(2)
  })

  test('malformed plants values and rows out of form, and nobody twice', async () => {
    const one = await world('malformed')
    expect(kindsOf(one).length).toBeGreaterThan(30)
    expect(kindsOf(one).filter((kind) => /duplicate|conflict|corruption/.test(kind))).toEqual([])
    expect(
      count(one.into, "SELECT count(*) FROM leads WHERE email LIKE 'mailto:%' OR email LIKE '%.'"),
    ).toBeGreaterThan(0)
  })

  test('conflicted plants disagreement of sources and base about people whom both know, left to people to decide', async () => {
    const one = await world('conflicted')
    expect(kindsOf(one)).toEqual(['conflict'])
    const { cache = 0, airtable = 0 } = one.planted.conflict ?? {}
    const db = new Database(join(one.into, databasePaths.cache), { readonly: true })
    db.prepare('ATTACH ? AS main_db').run(join(one.into, databasePaths.main))
    const differ = db
      .prepare<[], number>(
        'SELECT count(*) FROM leads c JOIN main_db.leads m ON m.email = c.email WHERE m.title IS NOT c.title',
      )
      .pluck()
      .get()
    db.close()
    // Those whose e-mail address the cache does not have are found by their profile.
    expect(differ).toBeGreaterThan(cache / 2)
    expect(differ).toBeLessThanOrEqual(cache)
    expect(airtable).toBeGreaterThan(50)
    expect(one.files).toContain('data/airtable-base.json')
    const state = readFileSync(join(one.into, 'desired-state.yaml'), 'utf8')
    expect(state.match(/\bconflicts: (\w+)/g)).toEqual(['conflicts: manual', 'conflicts: manual'])
  })

  test('corrupted damages the main database, and only that', async () => {
    const one = await world('corrupted')
    expect(kindsOf(one)).toEqual(['corruption-zero-page'])
    const db = new Database(join(one.into, databasePaths.main), { readonly: true })
    expect(db.prepare<[], string>('PRAGMA integrity_check(1)').pluck().get()).not.toBe('ok')
    db.close()
  })

  test('is the same for the same seed', async () => {
    const into = join(root, 'again')
    const again = await generateWorkspace({ into, rows: 400, seed: 4, mess: 'heavy', scenario: 'conflicted' })
    const first = await world('conflicted')
    expect(again.planted).toEqual(first.planted)
    for (const file of first.files.filter((path) => path.endsWith('.json')))
      expect(readFileSync(join(into, file), 'utf8')).toBe(readFileSync(join(first.into, file), 'utf8'))
  })
})
