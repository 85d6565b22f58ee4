/** An alert port for the tests of the API: one alert that fires, and what is asked is kept. */
import { OperationalError } from '../errors.ts'
import type { AlertPort } from './alert-port.ts'

export function createTestingAlerts(): AlertPort & { readonly calls: unknown[] } {
  const calls: unknown[] = []
  return {
    calls,
    alerts: () => [
      {
        ...{ key: 'ops | backupAge > 26h | nightly', rule: 'backupAge > 26h', instance: 'nightly', severity: 'high' },
        ...{ channel: 'ops', state: 'firing', value: 97_200, valueText: '27 h', sinceMs: 0, toldAtMs: 0 },
        ...{ next: 'Look at `trueup backup list`.', silenced: false },
      },
    ],
    rules: () => [{ when: 'backupAge > 26h', forMs: 0, severity: 'high', channel: 'ops' }],
    channels: () => [{ name: 'ops', kind: 'webhook', waiting: 0, nextAtMs: null, problem: null }],
    deliveries: () => [{ atMs: 0, channel: 'ops', outcome: 'delivered', items: 1, detail: 'told', tookMs: 5 }],
    silences: () => [],
    async test(channel) {
      calls.push({ test: channel })
      if (channel !== 'ops') throw new OperationalError('NOT_FOUND', `no channel of alerts is named ${channel}`)
    },
    silence(request) {
      calls.push(request)
      return { id: 's1', ...request }
    },
    liftSilence: (id) => id === 's1',
  }
}
