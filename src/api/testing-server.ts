/** A running API over a real SQLite file, for tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { systemClock } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { LeadDuplicates } from '../leads/duplicates.ts'
import type { LeadHistory } from '../leads/history.ts'
import { createLeadRepository, type LeadRepository } from '../leads/repository.ts'
import { createLeadSearch } from '../leads/search/search.ts'
import { leadTableOf } from '../leads/table.ts'
import { testingDesiredState, testingTableSql } from '../leads/testing-table.ts'
import { directWriter, noEraser } from '../leads/testing-writer.ts'
import { type Log, openLog } from '../log.ts'
import { systemRandom } from '../random.ts'
import { standardizer } from '../values/standardizer.ts'
import type { AlertPort } from './alert-port.ts'
import { type Auth, createAuth } from './auth/auth.ts'
import { type NewToken, openTokens } from './auth/tokens.ts'
import type { BackupPort } from './backup-port.ts'
import type { ApiLimits } from './http/rate-limits.ts'
import { type Api, createApi } from './http/server.ts'
import type { MetricPort } from './metric-port.ts'
import type { EnginePort } from './ports.ts'
import type { ProgramPort } from './program-port.ts'
import type { QualityPort } from './quality-port.ts'
import type { ReportPort } from './report-port.ts'
import type { SyncPort } from './sync-port.ts'
import { createTestingAlerts } from './testing-alerts.ts'
import { createTestingBackups } from './testing-backups.ts'
import { createTestingEngine, type TestingEngine } from './testing-engine.ts'
import { createTestingMetrics } from './testing-metrics.ts'
import { createTestingPrograms } from './testing-programs.ts'
import { createTestingQuality, type TestingQuality } from './testing-quality.ts'
import { createTestingReports } from './testing-report.ts'
import { createTestingSync, type TestingSync } from './testing-sync.ts'
import { createTestingWork } from './testing-work.ts'
import type { WorkPort } from './work-port.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/**
 * What an answer holds, to be looked into by name and place as the test that asked expects it: what is not there fails the
 * test where it goes on.
 */
export type Found = { readonly [name: string]: Found } & readonly Found[]

export interface QueryResult {
  readonly data?: Found
  readonly errors?: readonly { message: string; path?: unknown; extensions?: Record<string, unknown> }[]
}

export interface TestingServer {
  readonly api: Api
  readonly db: Database.Database
  readonly engine: TestingEngine
  readonly sync: TestingSync
  readonly quality: TestingQuality
  readonly auth: Auth
  readonly admin: NewToken
  readonly port: number
  readonly url: string
  /** Its workspace. */
  readonly folder: string
  send(sent: Sent): Promise<Answer>
  query(text: string, variables?: object, token?: string): Promise<QueryResult>
  /** Opens a subscription; its values are read one by one. */
  subscribe(
    text: string,
    token?: string,
  ): Promise<{ readonly status: number; next(): Promise<QueryResult | undefined>; close(): void }>
  /** A new token of a role. */
  tokenOf(role: string): string
  swap(next: DesiredState): void
  close(): Promise<void>
}

export interface TestingOptions {
  /** Makes the tables; those of the testing desired state where it is left out. */
  readonly sql?: string
  /** Stands between the API and a port. */
  readonly wrap?: <Port extends object>(port: Port) => Port
  readonly duplicates?: LeadDuplicates
  readonly history?: LeadHistory
  readonly limits?: Partial<ApiLimits>
  readonly log?: Log
}

export async function startTestingServer(
  state: DesiredState = testingDesiredState(),
  {
    sql = testingTableSql,
    wrap = (port) => port,
    duplicates,
    history,
    limits = {},
    log = openLog('silent'),
  }: TestingOptions = {},
): Promise<TestingServer> {
  const folder = mkdtempSync(join(tmpdir(), 'api-'))
  const db: Database.Database = new Database(join(folder, 'leads.db'))
  db.pragma('journal_mode = WAL')
  db.exec(sql)
  const engine = createTestingEngine()
  const sync = createTestingSync()
  const quality = createTestingQuality()
  const tokens = openTokens(join(folder, '.trueup', 'tokens.json'), systemClock)
  const admin = tokens.create({ subject: 'admin', role: 'admin' })
  const auth = createAuth(tokens, state.access, systemClock)
  const searches: { close(): Promise<void> }[] = []

  function repositoriesOf(desired: DesiredState): ReadonlyMap<string, LeadRepository> {
    return new Map(
      Object.entries(desired.tables).map(([name, spec]) => {
        const table = leadTableOf(name, spec)
        const reads = { acquire: async () => db }
        const rules = new Map(
          [...table.fields].map(([field, { spec: fieldSpec }]) => [
            field,
            standardizer(fieldSpec.standardize, { type: fieldSpec.type, choices: fieldSpec.choices }).standardize,
          ]),
        )
        const search = createLeadSearch(table, {
          path: join(folder, 'search.db'),
          reads,
          feed: { position: async () => 0, since: async () => ({ is: 'rows', rowIds: [], cursor: 0 }) },
        })
        searches.push(search)
        const repository = createLeadRepository(table, {
          isErased: () => false,
          duplicates,
          history,
          eraser: noEraser,
          reads,
          search: {
            ...search,
            // The test's table has no change table; every search starts with a fill.
            find: async (text) => {
              await search.refresh()
              return search.find(text)
            },
          },
          writer: directWriter(db),
          standardize: (field, value, context) => rules.get(field)?.(value, context) ?? { is: 'canonical' },
          clock: systemClock,
          random: systemRandom,
        })
        return [name, repository]
      }),
    )
  }

  const api = createApi({
    engine: wrap<EnginePort>(engine),
    sync: wrap<SyncPort>(sync),
    quality: wrap<QualityPort>(quality),
    programs: wrap<ProgramPort>(createTestingPrograms()),
    backups: wrap<BackupPort>(createTestingBackups()),
    metrics: wrap<MetricPort>(createTestingMetrics()),
    alerts: wrap<AlertPort>(createTestingAlerts()),
    reports: wrap<ReportPort>(createTestingReports(engine)),
    work: wrap<WorkPort>(createTestingWork()),
    auth,
    clock: systemClock,
    log,
    limits,
    directory: folder,
    repositories: repositoriesOf(state),
  })
  const { port, url } = await api.listen(0, '127.0.0.1')

  function send({ method = 'GET', path = '/', headers = {}, body }: Sent): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
        response.on('error', reject)
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  async function query(text: string, variables: object = {}, token: string = admin.token): Promise<QueryResult> {
    const answer = await send({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: text, variables }),
    })
    return JSON.parse(answer.text)
  }

  async function subscribe(text: string, token: string = admin.token) {
    const aborter = new AbortController()
    const response = await fetch(`${url}/graphql?query=${encodeURIComponent(text)}`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
      signal: aborter.signal,
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text_ = ''
    return {
      status: response.status,
      async next(): Promise<QueryResult | undefined> {
        for (;;) {
          const end = text_.indexOf('\n\n')
          if (end >= 0) {
            const message = text_.slice(0, end)
            text_ = text_.slice(end + 2)
            const data = /^data: (.+)$/m.exec(message)?.[1]
            if (/^event: next$/m.test(message) && data !== undefined) return JSON.parse(data)
            if (/^event: complete$/m.test(message)) return undefined
            continue
          }
          const part = await reader?.read()
          if (part === undefined || part.done) return undefined
          text_ += part.value
        }
      },
      close: () => aborter.abort(),
    }
  }

  return {
    api,
    db,
    engine,
    sync,
    quality,
    auth,
    admin,
    port,
    url,
    folder,
    send,
    query,
    subscribe,
    tokenOf: (role: string) => tokens.create({ subject: `${role}-person`, role }).token,
    swap: (next: DesiredState) => api.swapSchema({ repositories: repositoriesOf(next), access: next.access }),
    async close() {
      await api.close()
      for (const search of searches) await search.close()
      db.close()
      rmSync(folder, { recursive: true })
    },
  }
}
