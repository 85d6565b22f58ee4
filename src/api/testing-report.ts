/** A report port for the tests of the API. */
import type { ReportPort } from './report-port.ts'

export function createTestingReports(): ReportPort {
  return {
    report: async (fromMs) => ({
      ...{ workspace: 'testing', fromMs, toMs: 86_400_000, verdict: 'All is true.', status: 'ok' },
      sections: [
        { title: 'Needs a person', empty: 'Nothing needs a person.', lines: [] },
        {
          title: 'What was done',
          empty: 'Nothing.',
          lines: [{ about: 'repaired', text: '<b>3</b> rows of ann@acme.example' }],
        },
      ],
    }),
  }
}
