/** A report port for the tests of the API: its health is that of the testing engine. */
import { healthOf } from './health-report.ts'
import type { EnginePort } from './ports.ts'
import type { HealthReport } from './report.ts'
import type { ReportPort } from './report-port.ts'

export function createTestingReports(engine: Pick<EnginePort, 'resources'>): ReportPort {
  const open: ReportPort['open'] = async (fromMs) => {
    const health = healthOf(await engine.resources())
    const whole = async (): Promise<HealthReport> => ({
      ...health,
      ...{ workspace: 'testing', fromMs, toMs: 86_400_000, verdict: 'All is true.' },
      sections: [
        { title: 'Needs a person', empty: 'Nothing needs a person.', lines: [] },
        {
          title: 'What was done',
          empty: 'Nothing.',
          lines: [{ about: 'repaired', text: '<b>3</b> rows of ann@acme.example' }],
        },
      ],
    })
    return { health, whole }
  }
  return { open, report: async (sinceMs) => (await open(sinceMs)).whole() }
}
