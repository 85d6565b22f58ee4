import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importIn } from '../../../test/support/import/desired.ts'
import { createWorld, leadsTable, type World } from '../../../test/support/import/world.ts'
import { logTable, runTable } from './import-log.ts'

const some = <Value>(...values: Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined })

/** Few people with few values, so that rows meet in every way that they can. */
const sourceRow = fc.record({
  id: some<unknown>('p1', 'p2', 'b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11', 7),
  name: some<unknown>('Ann Lee', 'Bob Ray', 'Cy Day', 'N/A', ''),
  email: some<unknown>('ann@x.com', 'BOB@x.com', 'a.nn@gmail.com', 'ann@gmail.com', 'nobody', 5),
  linkedin: some<unknown>('linkedin.com/in/ann', 'https://www.linkedin.com/in/bob/', 'linkedin.com/company/acme'),
  title: some<unknown>('CEO', 'CTO', ['x'], { deep: 1 }),
  other: some<unknown>(1, null),
})

const blank = {
  id: undefined,
  name: undefined,
  email: undefined,
  linkedin: undefined,
  title: undefined,
  other: undefined,
}

const lead = fc.record({
  full_name: fc.constantFrom('Ann Lee', 'Bob Ray', 'Zoe'),
  email: some('ann@x.com', 'bob@x.com', 'zoe@x.com'),
  linkedin_url: some('https://www.linkedin.com/in/ann', 'https://www.linkedin.com/in/zoe'),
  title: some('', 'Boss'),
})

let world: World
beforeAll(() => {
  world = createWorld()
  world.sql('data/leads.db', leadsTable)
})
afterAll(() => world.close())

/** The same workspace as if it were new; its threads stay warm. */
function empty(): void {
  const tables = [logTable, runTable].map((table) => `DROP TABLE IF EXISTS ${table};`)
  world.sql('data/leads.db', `DELETE FROM leads; ${tables.join(' ')}`)
  world.remembered.clear()
}

function shareIds(rows: readonly { readonly id?: unknown }[]): boolean {
  const ids = rows.flatMap(({ id }) => (id === undefined ? [] : [JSON.stringify(id)]))
  return new Set(ids).size < ids.length
}

describe('an import', () => {
  it('accounts for each row once, overwrites nothing, finds nothing to do afterwards, and can be undone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(sourceRow, { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
        fc.uniqueArray(lead, { maxLength: 3, selector: (one) => one.email ?? one }),
        async (sources, leads) => {
          empty()
          const quoted = (text: string | undefined) => (text === undefined ? 'NULL' : `'${text}'`)
          leads.forEach((one, i) => {
            const cells = [`e${i}`, one.full_name, one.email, one.linkedin_url, one.title].map(quoted)
            const columns = 'id, full_name, email, linkedin_url, title'
            world.sql('data/leads.db', `INSERT INTO leads (${columns}) VALUES (${cells.join(', ')})`)
          })
          for (const i of [0, 1, 2]) world.file(`json/${i}.json`, sources[i] ?? [])
          const all = () => world.rows('data/leads.db', 'SELECT * FROM leads ORDER BY id')
          const resource = importIn(
            world.workspace,
            { files: 'json/*.json' },
            { map: { name: 'full_name', email: 'email' } },
          )
          const before = all()
          const { state, action, applied } = await world.reconcile(resource)

          const counted = Object.values(state.outcomes).reduce((sum, count) => sum + count, 0)
          expect(counted + state.repeated + state.settled).toBe(sources.flat().length)
          expect(state.rows).toBe(sources.flat().length)
          expect(applied?.failed ?? []).toEqual([])
          expect(applied?.changed ?? 0).toBe(state.inserts.count + state.fills.leads)

          const after = all()
          expect(after).toHaveLength(before.length + state.inserts.count)
          for (const row of before) {
            const now = after.find((one) => one.id === row.id)
            const kept = Object.entries(row).filter(([, cell]) => cell !== null && cell !== '')
            expect(now).toMatchObject(Object.fromEntries(kept))
          }

          // Where rows share an id that should be their own, one that was refused may turn out to be known by a later one:
          // the next look notes that, and changes no lead.
          if (shareIds(sources.flat())) expect((await world.reconcile(resource)).action?.affected.count ?? 0).toBe(0)
          const again = await world.reconcile(resource)
          expect(again.action).toBeUndefined()
          expect(again.state.settled + again.state.repeated + again.state.outcomes.refused).toBe(state.rows)
          expect(all()).toEqual(after)

          if (action !== undefined && applied !== undefined && applied.changed > 0) {
            expect(await world.undo(action)).toMatchObject({ is: 'undone', conflicts: [] })
            expect(all()).toEqual(before)
            // Nothing comes back; at most is it noted that a refused row speaks of a lead that is gone. Where rows share an id
            // that should be their own, a blank can be proposed anew after an undo (the quarantine of the undo holds it).
            if (!shareIds(sources.flat())) {
              expect(await world.state(resource)).toMatchObject({ inserts: { count: 0 }, fills: { cells: 0 } })
            }
          }
        },
      ),
      {
        numRuns: 30,
        examples: [
          [
            [
              [
                { ...blank, name: 'Ann Lee', linkedin: 'linkedin.com/in/ann' },
                { ...blank, id: 'p1', linkedin: 'https://www.linkedin.com/in/bob/' },
                { ...blank, id: 'p1', linkedin: 'linkedin.com/in/ann' },
                { ...blank, name: 'Ann Lee', email: 'ann@gmail.com', linkedin: 'linkedin.com/company/acme' },
                { ...blank, id: 'p1', email: 'a.nn@gmail.com', linkedin: 'https://www.linkedin.com/in/bob/' },
              ],
              [],
            ],
            [],
          ],
          // Rows of one id that mean two leads, and a third row that contradicts the first of them only.
          [
            [
              [{ ...blank, name: 'Ann Lee', email: 'ann@x.com', linkedin: 'https://www.linkedin.com/in/bob/' }],
              [
                { ...blank, id: 'b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11', linkedin: 'https://www.linkedin.com/in/bob/' },
                { ...blank, id: 'b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11', linkedin: 'linkedin.com/in/ann' },
                { ...blank, id: 'b5c1b3b4-8e5c-4c80-9ad0-f2f24a3f8a11', email: 'a.nn@gmail.com' },
              ],
            ],
            [
              {
                full_name: 'Ann Lee',
                email: undefined,
                linkedin_url: 'https://www.linkedin.com/in/ann',
                title: undefined,
              },
            ],
          ],
        ],
      },
    )
  }, 120_000)
})
