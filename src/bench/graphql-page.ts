/**
 * Measures a page of 50 leads with 12 fields and cursors through the API against the least that could give the same
 * bytes: node:http, one prepared statement, JSON.stringify. Servers are processes of their own, taken in turns.
 *
 *     node dist/bench/graphql-page.js [--rows 100000] [--seconds 3] [--rounds 4]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Database from 'better-sqlite3'
import { createAuth } from '../api/auth/auth.ts'
import { openTokens } from '../api/auth/tokens.ts'
import { createApi } from '../api/http/server.ts'
import { createTestingAlerts } from '../api/testing-alerts.ts'
import { createTestingBackups } from '../api/testing-backups.ts'
import { createTestingEngine } from '../api/testing-engine.ts'
import { createTestingMetrics } from '../api/testing-metrics.ts'
import { createTestingPrograms } from '../api/testing-programs.ts'
import { createTestingQuality } from '../api/testing-quality.ts'
import { createTestingReports } from '../api/testing-report.ts'
import { createTestingSync } from '../api/testing-sync.ts'
import { createTestingWork } from '../api/testing-work.ts'
import { systemClock } from '../clock.ts'
import { encodeCursor, type LeadOrder } from '../leads/cursor.ts'
import { createLeadRepository } from '../leads/repository.ts'
import { leadTableOf } from '../leads/table.ts'
import { testingDesiredState, testingTableSql } from '../leads/testing-table.ts'
import { openLog } from '../log.ts'
import { systemRandom } from '../random.ts'

const fields = [
  'full_name',
  'email',
  'company',
  'phone',
  'website',
  'status',
  'verified',
  'employees',
  'score',
  'date_messaged',
  'created_at',
  'updated_at',
]
const order: LeadOrder = { column: 'updated_at', direction: 'desc' }
const query = `query Page($first: Int!) { leads(first: $first, filter: { status: { eq: contacted } },
  orderBy: { field: updated_at, direction: DESC }) { edges { cursor node { id ${fields.join(' ')} } } pageInfo { hasNextPage endCursor } } }`
const connections = 8

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '4' },
    serve: { type: 'string' },
    folder: { type: 'string' },
  },
})

function fill(path: string, rows: number): void {
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  db.exec(testingTableSql)
  db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO leads SELECT printf('00000000-0000-4000-8000-%012d', i), 'First Last ' || i, 'person' || i || '@company' || (i % 5000) || '.com',
      'Company ' || (i % 5000), '+1415555' || printf('%04d', i % 10000), 'https://company' || (i % 5000) || '.com',
      iif(i % 4 = 0, 'contacted', 'auto_send'), '["vip"]', i % 2, i % 900, i / 7.0, '2026-01-02', NULL,
      strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + i, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + (i * 7919) % ${rows}, 'unixepoch'), NULL FROM n`)
  db.exec(
    `CREATE UNIQUE INDEX leads_id ON leads (id); CREATE INDEX leads_status_updated ON leads (status, updated_at, id)`,
  )
  db.close()
}

/** The same bytes without anything between the database and the socket. */
async function serveRaw(folder: string): Promise<number> {
  const db = new Database(join(folder, 'leads.db'), { readonly: true })
  const statement = db.prepare<[string, number], Record<string, string | number | null>>(
    `SELECT rowid AS "@row", id, ${fields.join(', ')} FROM leads WHERE id IS NOT NULL AND status = ? ORDER BY updated_at DESC, id DESC LIMIT ?`,
  )
  const server = createServer((incoming, response) => {
    let body = ''
    incoming.on('data', (part: Buffer) => {
      body += part.toString()
    })
    incoming.on('end', () => {
      const { first }: { first: number } = JSON.parse(body).variables
      const rows = statement.all('contacted', first + 1)
      const edges = rows.slice(0, first).map(({ '@row': rowId, verified, ...row }) => ({
        cursor: encodeCursor(order, { value: row.updated_at ?? null, key: row.id ?? null, rowId: Number(rowId) }),
        node: { ...row, verified: verified === 1 },
      }))
      const pageInfo = { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor }
      const text = JSON.stringify({ data: { leads: { edges, pageInfo } } })
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.end(text)
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

async function serveApi(folder: string): Promise<number> {
  const state = testingDesiredState()
  const db = new Database(join(folder, 'leads.db'), { readonly: true })
  const spec = state.tables.leads
  if (spec === undefined) throw new Error('the testing state has leads')
  const leads = createLeadRepository(leadTableOf('leads', spec), {
    isErased: () => false,
    eraser: { erase: async () => ({ is: 'not-found' }) },
    reads: { acquire: async () => db },
    writer: { submit: async () => ({ is: 'waiting', actionId: '', reasons: [] }) },
    standardize: () => ({ is: 'canonical' }),
    clock: systemClock,
    random: systemRandom,
  })
  const auth = createAuth(openTokens(join(folder, 'tokens.json'), systemClock), state.access, systemClock)
  auth.tokens.ensureAdminToken()
  const engine = createTestingEngine()
  const api = createApi({
    engine,
    sync: createTestingSync(),
    quality: createTestingQuality(),
    programs: createTestingPrograms(),
    backups: createTestingBackups(),
    metrics: createTestingMetrics(),
    alerts: createTestingAlerts(),
    reports: createTestingReports(engine),
    work: createTestingWork(),
    auth,
    clock: systemClock,
    log: openLog('silent'),
    repositories: new Map([['leads', leads]]),
  })
  return (await api.listen(0, '127.0.0.1')).port
}

interface Running {
  readonly name: string
  readonly child: ChildProcess
  readonly port: number
}

function start(name: string, folder: string): Promise<Running> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--serve', name, '--folder', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the server ${name} ended`)))
    child.stdout?.once('data', (text: Buffer) => resolve({ name, child, port: Number(text.toString()) }))
  })
}

/** Posts until the time is over on every connection; requests a second, and the size of an answer. */
async function load(
  port: number,
  token: string,
  seconds: number,
): Promise<{ perSecond: number; requests: number; bytes: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const body = JSON.stringify({ query, variables: { first: 50 } })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    accept: 'application/json',
    authorization: `Bearer ${token}`,
  }
  let bytes = 0
  const once = () =>
    new Promise<void>((resolve, reject) => {
      const sent = request(
        { host: '127.0.0.1', port, method: 'POST', path: '/graphql', agent, headers },
        (response) => {
          let size = 0
          response.on('data', (part: Buffer) => {
            size += part.length
          })
          response.on('end', () => {
            if (response.statusCode !== 200 || size < 1000)
              reject(new Error(`answer ${response.statusCode}, ${size} bytes`))
            bytes = size
            resolve()
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  const startMs = performance.now()
  let done = 0
  const loop = async () => {
    while (performance.now() - startMs < seconds * 1000) {
      await once()
      done += 1
    }
  }
  await Promise.all(Array.from({ length: connections }, loop))
  const perSecond = done / ((performance.now() - startMs) / 1000)
  agent.destroy()
  return { perSecond, requests: done, bytes }
}

/** Processor time of a process so far, in milliseconds; the unit of Linux's figures is a hundredth of a second. */
function processorMs({ child }: Running): number {
  const parts = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(parts[11]) + Number(parts[12])) * 10
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'graphql-page-'))
  fill(join(folder, 'leads.db'), Number(values.rows))
  const servers = await Promise.all(['raw', 'api'].map((name) => start(name, folder)))
  const token = openTokens(join(folder, 'tokens.json'), systemClock).create({ subject: 'bench', role: 'editor' }).token
  try {
    const rates = new Map<string, number[]>()
    const costs = new Map<string, number[]>()
    for (let round = -1; round < Number(values.rounds); round++) {
      for (const running of servers) {
        const { name, port } = running
        const beforeMs = processorMs(running)
        const { perSecond, requests, bytes } = await load(port, token, round < 0 ? 1.5 : Number(values.seconds))
        if (round < 0) {
          console.log(`${name}: ${bytes} bytes an answer`)
          continue
        }
        rates.set(name, [...(rates.get(name) ?? []), perSecond])
        costs.set(name, [...(costs.get(name) ?? []), (processorMs(running) - beforeMs) / requests])
      }
    }
    // The client may be slower than the server: processor time then tells more than requests a second.
    const [rawRate, rawCost] = [median(rates.get('raw') ?? []), median(costs.get('raw') ?? [])]
    for (const [name, all] of rates) {
      const [rate, cost] = [median(all), median(costs.get(name) ?? [])]
      console.log(
        `${name}: ${rate.toFixed(0)} requests/s, ratio ${(rate / rawRate).toFixed(2)}; ` +
          `${cost.toFixed(2)} ms processor time a request, ratio ${(rawCost / cost).toFixed(2)}`,
      )
    }
  } finally {
    for (const { child } of servers) child.kill()
    rmSync(folder, { recursive: true })
  }
}

if (values.serve === undefined) await measure()
else process.stdout.write(String(await (values.serve === 'raw' ? serveRaw : serveApi)(values.folder ?? '')))
