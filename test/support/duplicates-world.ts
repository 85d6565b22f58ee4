/** A small workspace whose table of leads has duplicates, and tables that refer to it, made as an agent would make it. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { removeFolder } from './remove.ts'

export interface DuplicatesWorld {
  readonly folder: string
  readonly main: string
  /** Rewrites desired-state.yaml. */
  edit(change: (yaml: string) => string): void
  rows(sql: string): Record<string, unknown>[]
  /** Writes as another program would. */
  write(sql: string): void
  /** Every row of every table, without what Trueup keeps for itself. */
  content(): Record<string, readonly string[]>
  remove(): void
}

const yaml = `apiVersion: trueup/v1
name: pairs
policy:
  blastRadius: { rows: 500, percent: 50 }
databases:
  main: { path: data/leads.db }
tables:
  leads:
    database: main
    key: id
    fields:
      full_name: { type: text, required: true }
      email: { type: email, unique: true }
      company: { type: text }
      phone: { type: phone }
      linkedin_url: { type: url }
      title: { type: text }
      tags: { type: text }
      ai_message: { type: longtext }
      created_at: { type: datetime, default: now }
      updated_at: { type: datetime, default: now, onUpdate: now }
    duplicates:
      rules:
        - { name: linkedin, exact: linkedin_url, confidence: 1.0 }
        - { name: email, exact: email, confidence: 0.97 }
        - { name: name-company, fuzzy: [full_name, company], threshold: 0.85 }
      merge: { strategy: most_recent, fields: { ai_message: longest, created_at: min, tags: union } }
`

const firstNames =
  'Ann Bob Carla Dan Eva Fritz Gina Hans Ida Jan Kim Lars Mia Nils Ola Pia Quinn Rosa Sven Tina Uwe Vera Willi Xenia'.split(
    ' ',
  )
const familyNames =
  'Miller Schmidt Jones Garcia Rossi Novak Kowalski Larsen Dubois Silva Tanaka Chen Singh Okafor Haddad Weber'.split(
    ' ',
  )
const places = 'Alder Delta Poplar Ivory Cascade Sierra Midland Lunar Prairie Westbrook Quarry Teal Harbour'.split(' ')
const trades = 'Coffee Robotics Solar Travel Marketing Hotels Mobility Outfitters Foods Health'.split(' ')

/** Key of person `n`, of the row that repeats it, and of the row that may be it. */
export const keyOf = (n: number) => `p${String(n).padStart(3, '0')}`
export const repeatOf = (n: number) => `repeat-${n}`
export const doubtfulOf = (n: number) => `doubtful-${n}`

export interface WorldOptions {
  readonly people: number
  /** So many of the first are there twice, by their LinkedIn profile. */
  readonly repeated: number
  /** So many of those after them are there once more by an initial. */
  readonly doubtful: number
}

export function duplicatesWorld({ people, repeated, doubtful }: WorldOptions): DuplicatesWorld {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-duplicates-'))
  const main = join(folder, 'data/leads.db')
  const stateFile = join(folder, 'desired-state.yaml')
  mkdirSync(join(folder, 'data'))
  writeFileSync(stateFile, yaml)
  const db = new Database(main)
  db.exec(`
    CREATE TABLE leads (id TEXT PRIMARY KEY, full_name TEXT NOT NULL, email TEXT, company TEXT, phone TEXT, linkedin_url TEXT,
      title TEXT, tags TEXT, ai_message TEXT, created_at TEXT, updated_at TEXT, note_of_agent TEXT);
    CREATE TABLE calls (id INTEGER PRIMARY KEY, lead_id TEXT NOT NULL REFERENCES leads(id), text TEXT);
    CREATE TABLE campaign_members (lead_id TEXT NOT NULL REFERENCES leads(id), campaign TEXT NOT NULL, PRIMARY KEY (lead_id, campaign));`)
  const lead = db.prepare('INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const call = db.prepare('INSERT INTO calls (lead_id, text) VALUES (?, ?)')
  const member = db.prepare('INSERT INTO campaign_members VALUES (?, ?)')
  const personOf = (n: number) => {
    const first = firstNames[n % firstNames.length] ?? ''
    const family = familyNames[(n * 7 + Math.floor(n / firstNames.length)) % familyNames.length] ?? ''
    const company = `${places[n % places.length]} ${trades[Math.floor(n / places.length) % trades.length]}`
    const slug = `${first}-${family}-${n}`.toLowerCase()
    const email = `${first}.${family}${n}@${company.replace(' ', '')}.example`.toLowerCase()
    return { first, family, company, email, profile: `https://www.linkedin.com/in/${slug}` }
  }
  db.transaction(() => {
    for (let n = 0; n < people; n += 1) {
      const { first, family, company, email, profile } = personOf(n)
      const stamp = '2026-01-01T10:00:00.000Z'
      lead.run(
        ...[
          keyOf(n),
          `${first} ${family}`,
          email,
          company,
          `+1212555${1000 + n}`,
          profile,
          n % 2 === 0 ? 'CTO' : 'Head of Sales',
          'old',
          null,
          stamp,
        ],
        ...[stamp, `agent ${n}`],
      )
      call.run(keyOf(n), 'first call')
      member.run(keyOf(n), 'spring')
    }
    for (let n = 0; n < repeated; n += 1) {
      const { first, family, company, profile } = personOf(n)
      const stamp = '2026-05-01T10:00:00.000Z'
      lead.run(
        ...[
          repeatOf(n),
          `${first} ${family}`,
          null,
          `${company} Inc.`,
          null,
          profile,
          null,
          'new, old',
          `Dear ${first}`,
        ],
        ...[stamp, stamp, 'again'],
      )
      call.run(repeatOf(n), 'second call')
      member.run(repeatOf(n), 'spring')
      member.run(repeatOf(n), 'summer')
    }
    for (let n = repeated; n < repeated + doubtful; n += 1) {
      const { first, family, company } = personOf(n)
      const stamp = '2026-03-01T10:00:00.000Z'
      lead.run(
        ...[doubtfulOf(n), `${first.charAt(0)}. ${family}`, null, company, null, null, null, null, null, stamp, stamp],
        'maybe',
      )
    }
  })()
  db.close()

  const opening = <Result>(work: (opened: Database.Database) => Result): Result => {
    const opened = new Database(main, { fileMustExist: true })
    try {
      return work(opened)
    } finally {
      opened.close()
    }
  }
  const rows = (sql: string) => opening((opened) => opened.prepare<[], Record<string, unknown>>(sql).all())
  return {
    folder,
    main,
    rows,
    edit(change) {
      writeFileSync(stateFile, change(readFileSync(stateFile, 'utf8')))
    },
    write: (sql) => opening((opened) => void opened.exec(sql)),
    content: () =>
      Object.fromEntries(
        ['leads', 'calls', 'campaign_members'].map((table) => [
          table,
          rows(`SELECT rowid AS place, * FROM ${table} ORDER BY rowid`).map((row) => JSON.stringify(row)),
        ]),
      ),
    remove: () => removeFolder(folder),
  }
}
