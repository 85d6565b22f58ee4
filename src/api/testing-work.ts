/** A port of the work under way for the tests of the API. */
import type { WorkPort, WorkView } from './work-port.ts'

const work: WorkView = {
  id: '1',
  runId: 'run1',
  resource: { kind: 'table', name: 'leads' },
  verb: 'look',
  title: 'Look at table/leads',
  actionId: null,
  startedAtMs: 0,
  unit: 'records',
  done: 50,
  total: 200,
  perSecond: 10,
  left: { fromMs: 15_000, toMs: 20_000 },
  sentence: 'Look at table/leads: 50 of 200 (25 %)',
}

export function createTestingWork(): WorkPort {
  return {
    underWay: () => [work],
    async *watch() {
      yield [work]
      yield []
    },
  }
}
