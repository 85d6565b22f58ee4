/** The health report: how well everything is, and what happened meanwhile, as data and as text. */
import { type Clock, isoOf } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import type { Health, HealthComponent, HealthIssue } from '../health-report.ts'
import { type HealthReport, type ReportLine, type ReportSection, reportMarkdown } from '../report.ts'
import type { ReportPort } from '../report-port.ts'
import { type Builder, requires } from './builder.ts'
import type { Enums } from './enums.ts'
import type { ResourceTypes } from './resources.ts'
import { isoOrNull } from './scalars.ts'

const dayMs = 86_400_000

/** What the last looks found, and all of it once a field of the rest is asked for. */
interface Asked {
  readonly health: Health
  readonly whole: () => Promise<HealthReport>
}

export function addReports(
  builder: Builder,
  reports: ReportPort,
  clock: Clock,
  { enums, resources }: { readonly enums: Enums; readonly resources: ResourceTypes },
): void {
  const Component = builder.objectRef<HealthComponent>('HealthComponent').implement({
    description: 'A resource as the health report shows it.',
    fields: (t) => ({
      name: t.exposeString('name'),
      status: t.field({ type: enums.CheckStatus, resolve: (one) => one.status }),
      checks: t.field({ type: [resources.Check], resolve: (one) => [...one.checks] }),
      checkedAt: t.field({ type: 'DateTime', nullable: true, resolve: (one) => isoOrNull(one.checkedAtMs) }),
    }),
  })
  const Issue = builder.objectRef<HealthIssue>('HealthIssue').implement({
    description: 'What is wrong, and what to do about it.',
    fields: (t) => ({
      id: t.exposeID('id'),
      component: t.exposeString('component'),
      severity: t.field({ type: enums.Severity, resolve: (one) => one.severity }),
      category: t.field({ type: enums.Category, resolve: (one) => one.category }),
      message: t.exposeString('message'),
      affected: t.field({ type: resources.Affected, resolve: (one) => one.affected }),
      suggestion: t.exposeString('suggestion', { description: 'What mends it.' }),
      actionId: t.exposeID('actionId', { nullable: true }),
    }),
  })
  const Figures = builder.objectRef<Health['figures']>('HealthFigures').implement({
    description: 'The report in numbers.',
    fields: (t) => ({
      components: t.exposeInt('components'),
      checks: t.exposeInt('checks'),
      checksFailed: t.exposeInt('checksFailed'),
      issues: t.exposeInt('issues'),
      affectedRecords: t.exposeInt('affectedRecords'),
    }),
  })
  const Line = builder.objectRef<ReportLine>('ReportLine').implement({
    description: 'One line of the report.',
    fields: (t) => ({ about: t.exposeString('about'), text: t.exposeString('text') }),
  })
  const Section = builder.objectRef<ReportSection>('ReportSection').implement({
    description: 'Lines of one subject; `empty` is said where there are none.',
    fields: (t) => ({
      title: t.exposeString('title'),
      empty: t.exposeString('empty', { description: 'What is said where there is no line.' }),
      lines: t.field({ type: [Line], resolve: ({ lines }) => [...lines] }),
    }),
  })
  const Report = builder.objectRef<Asked>('HealthReport').implement({
    description:
      'How well everything is (status, the checks of every component, issues with what to do, figures), what needs a person, what happened in a period, what comes next.',
    fields: (t) => ({
      workspace: t.string({ resolve: async ({ whole }) => (await whole()).workspace }),
      from: t.field({ type: 'DateTime', resolve: async ({ whole }) => isoOf((await whole()).fromMs) }),
      to: t.field({ type: 'DateTime', resolve: async ({ whole }) => isoOf((await whole()).toMs) }),
      verdict: t.string({ resolve: async ({ whole }) => (await whole()).verdict }),
      status: t.field({ type: enums.CheckStatus, resolve: ({ health }) => health.status }),
      components: t.field({ type: [Component], resolve: ({ health }) => [...health.components] }),
      issues: t.field({ type: [Issue], resolve: ({ health }) => [...health.issues] }),
      figures: t.field({ type: Figures, resolve: ({ health }) => health.figures }),
      sections: t.field({
        type: [Section],
        complexity: 50,
        description: 'For reading: what needs a person first.',
        resolve: async ({ whole }) => [...(await whole()).sections],
      }),
      markdown: t.string({
        complexity: 50,
        description: 'All of it for reading.',
        resolve: async ({ whole }) => reportMarkdown(await whole()),
      }),
    }),
  })
  builder.queryField('healthReport', (t) =>
    t.field({
      ...requires('state.read'),
      type: Report,
      description:
        'Of the time since a moment; of the last day where none is given. `/report` is the same for printing.',
      args: { since: t.arg({ type: 'DateTime' }) },
      resolve: async (_root, { since }) => {
        const sinceMs = since == null ? clock.nowMs() - dayMs : Date.parse(since)
        if (Number.isNaN(sinceMs))
          throw new OperationalError('USAGE', 'a moment is written as 2026-11-23T08:30:00.000Z')
        const { health, whole } = await reports.open(sinceMs)
        let gathered: Promise<HealthReport> | undefined
        return {
          health,
          whole: () => {
            gathered ??= whole()
            return gathered
          },
        }
      },
    }),
  )
}
