/**
 * The least program that keeps a table as declared: it adds columns that the file declares, and lower-cases e-mail addresses. No
 * checks, no journal, no undo, no approval; it asks no more than whether something changed. A process of its own.
 *
 *     node dist/bench/convergence-floor.js FOLDER DATABASE
 */
import { readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { parse } from 'yaml'
import { z } from 'zod'

const stateFile = 'desired-state.yaml'
/** As often as the product asks for the version of a file. */
const askEveryMs = 200

const [folder = '', database = ''] = process.argv.slice(2)
const stateSchema = z.looseObject({
  tables: z.looseObject({ leads: z.looseObject({ fields: z.record(z.string(), z.unknown()) }) }),
})
const db = new Database(join(folder, database), { timeout: 10_000 })
const columns = db.prepare<[], string>("SELECT name FROM pragma_table_info('leads')").pluck()
const mend = db.prepare('UPDATE leads SET email = lower(email) WHERE email <> lower(email)')

function addColumns(): void {
  const state = stateSchema.safeParse(parse(readFileSync(join(folder, stateFile), 'utf8')))
  // A save is seen half-way, too; its end is told as well.
  if (!state.success) return
  const known = new Set(columns.all())
  for (const name of Object.keys(state.data.tables.leads.fields)) {
    if (name !== 'id' && !known.has(name)) db.exec(`ALTER TABLE leads ADD COLUMN "${name}" TEXT`)
  }
}

watch(folder, (_event, name) => {
  if (name === stateFile) addColumns()
})
let version = db.pragma('data_version', { simple: true })
setInterval(() => {
  const now = db.pragma('data_version', { simple: true })
  if (now === version) return
  version = now
  mend.run()
}, askEveryMs)
process.stdout.write('ready\n')
