/** What the API needs of reports. The composition root implements it. */
import type { Health } from './health-report.ts'
import type { HealthReport } from './report.ts'

export interface ReportPort {
  /** Of the time since a moment. */
  report(sinceMs: number): Promise<HealthReport>
  /** What the last looks found at once, and all of it where that is wanted: the past takes longer to gather. */
  open(sinceMs: number): Promise<{ readonly health: Health; readonly whole: () => Promise<HealthReport> }>
}
