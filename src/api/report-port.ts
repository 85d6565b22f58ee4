/** What the API needs of reports. The composition root implements it. */
import type { MaintenanceReport } from './report.ts'

export interface ReportPort {
  /** Of the time since a moment. */
  report(sinceMs: number): Promise<MaintenanceReport>
}
