/** A program port for the tests of the API: one service and one job, and what is asked of them is kept. */
import { OperationalError } from '../errors.ts'
import type { JobView, ProgramPort, ServiceView } from './program-port.ts'

export interface TestingPrograms extends ProgramPort {
  readonly calls: unknown[]
}

/** The token that the testing job reports by. */
export const testingPingToken = '0123456789abcdef0123456789abcdef'

export function createTestingPrograms(): TestingPrograms {
  const calls: unknown[] = []
  const service: ServiceView = {
    name: 'scraper',
    driver: 'command',
    managed: true,
    state: 'running',
    summary: 'running since 1970',
    pid: 4711,
    startedAtMs: 0,
    processes: 2,
    memoryBytes: 25_000_000,
    cpuMs: 1500,
    starts: 3,
    crashes: 2,
    failures: 0,
    nextTryAtMs: null,
    lastExits: [{ atMs: 0, code: 1, ranMs: 2000, reason: 'exit 1' }],
    logPath: '/tmp/scraper.log',
  }
  const job: JobView = {
    name: 'daily',
    managed: true,
    state: 'Ok',
    summary: 'Ok',
    schedule: '0 6 * * *',
    timezone: 'UTC',
    nextRunAtMs: 21_600_000,
    lastSuccessAtMs: 0,
    lateFromMs: null,
    runs: [],
    skipped: [],
    pingPath: `/ping/${testingPingToken}`,
  }
  return {
    calls,
    services: () => [service],
    jobs: () => [job],
    output: (name) => (name === 'scraper' ? 'hello\n' : undefined),
    async *follow(name, signal) {
      if (name !== 'scraper') throw new OperationalError('NOT_FOUND', `nothing is named ${name}`)
      yield 'hello\n'
      yield 'again\n'
      await new Promise((done) => signal.addEventListener('abort', done))
    },
    async request(request) {
      calls.push(request)
      const known = request.request === 'run' ? job.name : service.name
      return request.name === known
        ? { is: 'requested', actionId: 'a1', message: `${request.request} ${request.name}` }
        : { is: 'not-found', message: `nothing is named ${request.name}` }
    },
    ping(token, outcome) {
      calls.push({ token, outcome })
      return token === testingPingToken
    },
    figures: () => [{ name: 'service_up', labels: { service: 'scraper' }, value: 1 }],
  }
}
