/**
 * The floor of pages through an API: node:http, one prepared statement and JSON.stringify, without authentication, limits,
 * cursors or masking. A process of its own, which prints its port.
 *
 *     node dist/bench/raw-pages.js FILE
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import Database from 'better-sqlite3'
import { z } from 'zod'

const columns = [
  'id',
  'full_name',
  'email',
  'company',
  'title',
  'phone',
  'linkedin_url',
  'company_website',
  'engagement_status',
  'verified',
  'created_at',
  'updated_at',
]
const selection = columns.map((column) => `leads.${column}`).join(', ')
const searched = ['full_name', 'email', 'company', 'title', 'location']

/** Every statement gives up to `LIMIT` leads; the operands are bound as they come. */
const statements = {
  page: `SELECT ${selection} FROM leads ORDER BY id LIMIT ?`,
  after: `SELECT ${selection} FROM leads WHERE id > ? ORDER BY id LIMIT ?`,
  filter: `SELECT ${selection} FROM leads WHERE company LIKE ? ORDER BY id LIMIT ?`,
  count: 'SELECT count(*) AS n FROM leads WHERE company LIKE ?',
  search: `SELECT ${selection} FROM words JOIN leads ON leads.rowid = words.rowid WHERE words MATCH ? ORDER BY rank LIMIT ?`,
} as const

const askedSchema = z.object({
  name: z.enum(['page', 'after', 'filter', 'count', 'search']),
  operands: z.array(z.union([z.string(), z.number()])),
})
export type RawName = z.output<typeof askedSchema>['name']

// Nothing is written to the file; SQLite would not let a read-only connection fill the index either, which is in memory.
const db = new Database(process.argv[2] ?? '', { fileMustExist: true })
db.exec(`ATTACH ':memory:' AS side`)
db.exec(
  `CREATE VIRTUAL TABLE side.words USING fts5(${searched.join(', ')}, tokenize='unicode61 remove_diacritics 2');
   INSERT INTO side.words (rowid, ${searched.join(', ')}) SELECT rowid, ${searched.join(', ')} FROM main.leads`,
)
const prepared = new Map(Object.entries(statements).map(([name, sql]) => [name, db.prepare<unknown[]>(sql)]))

const server = createServer((incoming, response) => {
  let body = ''
  incoming.on('data', (part: Buffer) => {
    body += part.toString()
  })
  incoming.on('end', () => {
    const { name, operands } = askedSchema.parse(JSON.parse(body))
    const rows = prepared.get(name)?.all(...operands)
    response.setHeader('content-type', 'application/json; charset=utf-8')
    response.end(JSON.stringify({ data: { leads: { nodes: rows } } }))
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`)
