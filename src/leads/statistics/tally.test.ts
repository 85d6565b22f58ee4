import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { sharedOffload } from '../../targets/process/testing-offload.ts'
import { changeLogStatements } from '../../targets/sqlite/change-log.ts'
import { createLeadReader } from '../reader.ts'
import { leadTableOf } from '../table.ts'
import { createShapeReader } from '../table-shape.ts'
import { testingDesiredState, testingTableSql } from '../testing-table.ts'
import { type LeadStatistics, statisticsLayoutOf } from './layout.ts'
import { createStatisticsTally, type StatisticsTally } from './tally.ts'

const spec = testingDesiredState().tables.leads
if (spec === undefined) throw new Error('the testing state has leads')
const table = leadTableOf('leads', spec)
const fields = [...table.fields.keys()]

const offload = sharedOffload()
let folder: string
let db: Database.Database
let tally: StatisticsTally

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'figures-'))
  db = new Database(join(folder, 'leads.db'))
  db.pragma('synchronous = OFF')
  db.pragma('journal_mode = WAL')
  db.exec(testingTableSql)
  db.exec('CREATE UNIQUE INDEX by_email ON leads (email)')
  for (const sql of changeLogStatements('leads')) db.exec(sql)
  tally = openTally()
})
afterEach(() => {
  tally.close()
  db.close()
  rmSync(folder, { recursive: true })
})

function openTally(): StatisticsTally {
  return createStatisticsTally({ path: join(folder, 'figures', 'leads.db'), offload, clock: systemClock })
}

async function kept(): Promise<LeadStatistics | undefined> {
  const layout = statisticsLayoutOf(table, createShapeReader(db, table).read())
  if (layout === undefined) throw new Error('the table has a rowid')
  return tally.read(db, { path: join(folder, 'leads.db'), identity: 'one' }, fields, layout)
}

/** What a recount says: small tables have no tally. */
const counted = () => createLeadReader(table, { acquire: async () => db }).statistics()

const text = fc.option(fc.constantFrom('', 'a', 'b', 'line\nfeed', '0'), { freq: 3 })
const status = fc.option(fc.constantFrom('contacted', 'auto_send', 'Manual Review', 'x\ny', 'ü', ''), { freq: 5 })
const key = fc.option(fc.constantFrom('k1', 'k2', 'k3'), { freq: 6 })
const rowId = fc.integer({ min: 1, max: 9 })
const write = fc.oneof(
  fc.record({ is: fc.constantFrom('INSERT OR IGNORE', 'INSERT OR REPLACE'), key, email: text, status }),
  fc.record({ is: fc.constantFrom('UPDATE OR IGNORE', 'UPDATE OR REPLACE'), rowId, email: text, status }),
  fc.record({ is: fc.constant('DELETE'), rowId }),
  fc.record({ is: fc.constantFrom('VACUUM', 'ALTER', 'LOOK') }),
)

describe('the figures of a table', () => {
  test('are those of a recount after whatever other programs wrote, rows that went without a trace too', async () => {
    let added = 0
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 25 }), async (writes) => {
        db.exec('DELETE FROM leads')
        for (const one of writes) {
          if ('email' in one && 'key' in one)
            db.prepare(`${one.is} INTO leads (id, email, status) VALUES (?, ?, ?)`).run(one.key, one.email, one.status)
          else if ('email' in one)
            db.prepare(`${one.is} leads SET email = ?, status = ? WHERE rowid = ?`).run(
              one.email,
              one.status,
              one.rowId,
            )
          else if ('rowId' in one) db.prepare('DELETE FROM leads WHERE rowid = ?').run(one.rowId)
          else if (one.is === 'VACUUM') db.exec('VACUUM')
          else if (one.is === 'ALTER') db.exec(`ALTER TABLE leads ADD COLUMN other_${++added} TEXT`)
          else expect(await kept()).toEqual(await counted())
        }
        expect(await kept()).toEqual(await counted())
      }),
      { numRuns: 60 },
    )
  })

  test('are followed on from where another process left them', async () => {
    const add = db.prepare("INSERT INTO leads (id, status) VALUES (?, 'contacted')")
    for (let row = 0; row < 50; row += 1) add.run(`k${row}`)
    expect(await kept()).toMatchObject({ total: 50 })
    tally.close()
    db.exec("UPDATE leads SET status = 'auto_send' WHERE id = 'k7'")
    tally = openTally()
    const found = await kept()
    expect(found?.spread).toContainEqual({ field: 'status', value: 'auto_send', count: 1 })
    expect(found?.spread).toContainEqual({ field: 'status', value: 'contacted', count: 49 })
  })

  test('are not kept while another process holds the side file, and are again afterwards', async () => {
    db.exec("INSERT INTO leads (id) VALUES ('a')")
    expect(await kept()).toMatchObject({ total: 1 })
    const other = new Database(join(folder, 'figures', 'leads.db'))
    other.exec('BEGIN IMMEDIATE')
    db.exec("INSERT INTO leads (id) VALUES ('b')")
    expect(await kept()).toBeUndefined()
    other.exec('ROLLBACK')
    other.close()
    expect(await kept()).toMatchObject({ total: 2 })
  })

  test('of a table that feeds no change log are not kept', async () => {
    db.exec('DROP TRIGGER _trueup_leads_log_update')
    expect(await kept()).toBeUndefined()
  })
})
