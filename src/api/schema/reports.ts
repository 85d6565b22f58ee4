/** The maintenance report, as data and as text. */
import { type Clock, isoOf } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { type MaintenanceReport, type ReportLine, type ReportSection, reportMarkdown } from '../report.ts'
import type { ReportPort } from '../report-port.ts'
import { type Builder, requires } from './builder.ts'
import type { Enums } from './enums.ts'

const dayMs = 86_400_000

export function addReports(builder: Builder, reports: ReportPort, clock: Clock, enums: Enums): void {
  const Line = builder.objectRef<ReportLine>('ReportLine').implement({
    fields: (t) => ({ about: t.exposeString('about'), text: t.exposeString('text') }),
  })
  const Section = builder.objectRef<ReportSection>('ReportSection').implement({
    fields: (t) => ({
      title: t.exposeString('title'),
      empty: t.exposeString('empty', { description: 'What is said where there is no line.' }),
      lines: t.field({ type: [Line], resolve: ({ lines }) => [...lines] }),
    }),
  })
  const Report = builder.objectRef<MaintenanceReport>('MaintenanceReport').implement({
    description: 'What happened in a period, what needs a person, what comes next.',
    fields: (t) => ({
      workspace: t.exposeString('workspace'),
      from: t.field({ type: 'DateTime', resolve: ({ fromMs }) => isoOf(fromMs) }),
      to: t.field({ type: 'DateTime', resolve: ({ toMs }) => isoOf(toMs) }),
      verdict: t.exposeString('verdict'),
      status: t.field({ type: enums.CheckStatus, resolve: ({ status }) => status }),
      sections: t.field({ type: [Section], resolve: ({ sections }) => [...sections] }),
      markdown: t.string({ resolve: reportMarkdown }),
    }),
  })
  builder.queryField('maintenanceReport', (t) =>
    t.field({
      ...requires('state.read'),
      type: Report,
      description:
        'Of the time since a moment; of the last day where none is given. `/report` is the same for printing.',
      args: { since: t.arg({ type: 'DateTime' }) },
      complexity: 100,
      resolve: (_root, { since }) => {
        const sinceMs = since == null ? clock.nowMs() - dayMs : Date.parse(since)
        if (Number.isNaN(sinceMs))
          throw new OperationalError('USAGE', 'a moment is written as 2026-11-23T08:30:00.000Z')
        return reports.report(sinceMs)
      },
    }),
  )
}
