/** A quality port for the tests of the API: it tells the same of every table, and keeps what it was asked. */
import type {
  LeadQualityView,
  QualityPort,
  QualityReportView,
  QualitySuggestionView,
  QualityWaiverView,
} from './quality-port.ts'

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
    waived: [],
  }
  const waivers: QualityWaiverView[] = []
  const suggestionOf = (key: string): QualitySuggestionView => ({
    ...{ id: 's1', key, check: 'email.typo', field: 'email', why: 'the mail service is spelled so' },
    before: 'ann@gmial.com',
    after: 'ann@gmail.com',
  })
  return {
    readings,
    tables: () => ['leads'],
    report: async (table) => ({ ...testingReportOfQuality, table }),
    async leads(_table, keys) {
      readings.push(keys)
      return new Map(keys.map((key) => [key, view]))
    },
    waivers: async () => waivers,
    waiverAction: async () => 'w1',
    async waive(_table, key, checks, { actor, reason }) {
      const unknown = checks.find((check) => !check.startsWith('email.'))
      if (unknown !== undefined)
        return { is: 'invalid', problems: [{ path: ['checks'], message: `${unknown} is no check of its rows` }] }
      const at = '2026-11-26T12:00:00.000Z'
      waivers.push(
        ...checks.map((check) => ({ id: `${key} ${check}`, key, check, by: actor, at, reason, holds: true })),
      )
      return { is: 'waived', key, checks, actionId: 'w1' }
    },
    suggestions: async () => [suggestionOf('a')],
    suggestionsFor: async (_table, keys) =>
      new Map(keys.filter((key) => key === 'a').map((key) => [key, [suggestionOf(key)]])),
    trend: () => [{ atMs: 1000, score: 80, rows: 4, failing: [{ check: 'email.completeness', count: 3 }] }],
  }
}
