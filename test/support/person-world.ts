/** A small workspace in which one person, Ann, is everywhere: two tables in two files, a source, a referring table, and old versions of her values. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import Database from 'better-sqlite3'
import { removeFolder } from './remove.ts'
import { type Workspace, workspaceAt } from './workspace.ts'

export const annKey = '0f8f5a52-3c1e-4d0b-9f51-6a3a2d5f7e01'
export const bobKey = '0f8f5a52-3c1e-4d0b-9f51-6a3a2d5f7e02'
/** Her second record, known by the same profile only. */
export const annAgainKey = '0f8f5a52-3c1e-4d0b-9f51-6a3a2d5f7e03'

/** What all of Ann's values have in common, names and addresses, and no other record's. */
export const annText = 'forgettable'

const desired = (imports: boolean) => `apiVersion: trueup/v1
name: people
policy:
  approvals: { low: auto, medium: auto, high: approve, critical: approve-twice }
  blastRadius: { rows: 1000, percent: 100 }
databases:
  main: { path: data/leads.db }
  campaigns: { path: data/campaigns.db }
  cache: { path: data/cache.db, manage: observe }
tables:
  leads:
    database: main
    key: id
    fields:
      full_name: { type: text, required: true, standardize: person_name }
      email: { type: email, unique: true, standardize: email }
      phone: { type: phone, standardize: { phone: { region: US } } }
      linkedin_url: { type: url, standardize: linkedin_url }
      title: { type: text }
  contacts:
    database: campaigns
    key: number
    fields:
      number: { type: integer }
      name: { type: text }
      email: { type: email }
${imports ? 'imports:\n  cached: { from: { database: cache, table: people }, into: leads, map: { name: full_name } }\n' : ''}`

export interface PersonWorlds {
  fresh(): Workspace
  remove(): void
}

export function personWorlds(options: { readonly imports: boolean }): PersonWorlds {
  const root = mkdtempSync(join(tmpdir(), 'trueup-person-'))
  let count = 0
  return {
    fresh() {
      count += 1
      const folder = join(root, `workspace-${count}`)
      mkdirSync(join(folder, 'data'), { recursive: true })
      writeFileSync(join(folder, 'desired-state.yaml'), desired(options.imports))
      create(folder)
      return workspaceAt(folder)
    },
    remove: () => removeFolder(root),
  }
}

function create(folder: string): void {
  const main = new Database(join(folder, 'data/leads.db'))
  main.exec(`
    CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT, email TEXT, phone TEXT, linkedin_url TEXT, title TEXT);
    CREATE TABLE messages (id INTEGER PRIMARY KEY, lead_id TEXT REFERENCES leads (id), body TEXT);
    INSERT INTO leads VALUES
      ('${annKey}', 'ann forgettable', 'Ann.Forgettable+News@gmail.com', '(415) 555-2671', 'https://www.linkedin.com/in/Ann-Forgettable/?trk=1', 'CTO'),
      ('${bobKey}', 'bob lasting', 'bob@lasting.example', '(415) 555-2671', 'https://linkedin.com/in/bob-lasting', 'CEO'),
      ('${annAgainKey}', 'A. Forgettable', 'anna-forgettable@old.example', NULL, 'linkedin.com/in/ann-forgettable', 'Engineer'),
      ('carl', 'Carl Lasting', 'carl@lasting.example', NULL, NULL, NULL);
    INSERT INTO messages (lead_id, body) VALUES ('${annKey}', 'Dear Ann.Forgettable'), ('${bobKey}', 'Dear Bob');`)
  // Older programs left earlier values behind in free places of the pages.
  main.exec(`UPDATE leads SET email = 'x' || email; UPDATE leads SET email = substr(email, 2)`)
  main.close()
  const campaigns = new Database(join(folder, 'data/campaigns.db'))
  campaigns.exec(`
    CREATE TABLE contacts (number INTEGER PRIMARY KEY, name TEXT, email TEXT);
    INSERT INTO contacts VALUES (1, 'Ann', 'annforgettable@gmail.com'), (2, 'Bob', 'bob@lasting.example');`)
  campaigns.close()
  const cache = new Database(join(folder, 'data/cache.db'))
  cache.exec(`
    CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT, title TEXT);
    INSERT INTO people VALUES
      (1, 'Ann Forgettable', 'ann.forgettable@gmail.com', 'Chief'), (2, 'Dora Lasting', 'dora@lasting.example', NULL);`)
  cache.close()
}

/** Files of the workspace that hold the lower-case text in whatever case, relative to it. */
export function filesHolding(workspace: Workspace, text: string): readonly string[] {
  return filesIn(workspace.folder)
    .filter((path) => readFileSync(path).toString('latin1').toLowerCase().includes(text))
    .map((path) => relative(workspace.folder, path))
    .sort()
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesIn(path) : [path]
  })
}
