/** A declared table with one field of every type, for the tests of this folder and of the API. */
import { type DesiredState, desiredStateSchema } from '../desired/schema.ts'

export function testingDesiredState(extra: Record<string, unknown> = {}): DesiredState {
  return desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'testing',
    databases: { main: { path: 'leads.db' } },
    tables: {
      leads: {
        database: 'main',
        key: 'id',
        fields: {
          full_name: { type: 'text', required: true },
          email: { type: 'email', unique: true },
          company: { type: 'text' },
          phone: { type: 'phone' },
          website: { type: 'url' },
          status: { type: 'choice', choices: ['auto_send', 'Manual Review', 'contacted'], default: 'auto_send' },
          tags: { type: 'choices', choices: ['vip', 'cold', 'eu'] },
          verified: { type: 'boolean', default: false },
          employees: { type: 'integer' },
          score: { type: 'number' },
          date_messaged: { type: 'date' },
          raw_data: { type: 'json' },
          created_at: { type: 'datetime', default: 'now' },
          updated_at: { type: 'datetime', default: 'now', onUpdate: 'now' },
        },
      },
    },
    ...extra,
  })
}

/** The table as an older program made it: nothing is checked, the key may be empty. */
export const testingTableSql = `CREATE TABLE leads (
  id TEXT, full_name TEXT, email TEXT, company TEXT, phone TEXT, website TEXT, status TEXT, tags TEXT, verified INTEGER,
  employees INTEGER, score REAL, date_messaged TEXT, raw_data TEXT, created_at TEXT, updated_at TEXT, legacy_note TEXT)`
