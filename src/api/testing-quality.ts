/** A quality port for the tests of the API: it tells the same of every table, and keeps what it was asked. */
import type { LeadQualityView, QualityPort, QualityReportView } from './quality-port.ts'

export interface TestingQuality extends QualityPort {
  /** The keys of each reading. */
  readonly readings: (readonly string[])[]
}

export const testingReportOfQuality: QualityReportView = {
  table: 'leads',
  rows: 4,
  score: 87.5,
  fields: [{ field: 'email', score: 75, checks: [] }],
  issues: [
    {
      id: 'email.completeness',
      field: 'email',
      severity: 'medium',
      message: 'email: 50 % of 4 rows are filled, 95 % are asked for',
      affected: { count: 2, sample: ['a', 'b'] },
      suggestion: 'Fill email.',
      mendedBy: null,
    },
  ],
  checks: [],
}

export function createTestingQuality(): TestingQuality {
  const readings: (readonly string[])[] = []
  const view: LeadQualityView = {
    score: 90,
    fields: [{ field: 'email', score: 50 }],
    issues: [{ check: 'email.format', field: 'email', severity: 'medium', reason: 'is not an e-mail address' }],
  }
  return {
    readings,
    tables: () => ['leads'],
    report: async (table) => ({ ...testingReportOfQuality, table }),
    async leads(_table, keys) {
      readings.push(keys)
      return new Map(keys.map((key) => [key, view]))
    },
    trend: () => [{ atMs: 1000, score: 80, rows: 4, failing: [{ check: 'email.completeness', count: 3 }] }],
  }
}
