/** The quality of tables and records. */
import { OperationalError } from '../../errors.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import type {
  LeadQualityView,
  QualityCheckView,
  QualityIssueView,
  QualityPort,
  QualityReportView,
  QualityTrendView,
} from '../quality-port.ts'
import { batched } from './batch.ts'
import { type Builder, requires } from './builder.ts'
import type { addEnums } from './enums.ts'
import type { LeadTypes } from './lead-types.ts'

/** A report is made only when something of it is asked for, and once. */
interface AskedReport {
  readonly table: string
  readonly report: () => Promise<QualityReportView>
}

function asked(table: string, port: QualityPort): AskedReport {
  let made: Promise<QualityReportView> | undefined
  return {
    table,
    report: () => {
      made ??= port.report(table)
      return made
    },
  }
}

const trendMax = 800
const weekMs = 7 * 86_400_000

export function addQuality(
  builder: Builder,
  port: QualityPort,
  nowMs: () => number,
  enums: ReturnType<typeof addEnums>,
) {
  const Check = builder.objectRef<QualityCheckView>('QualityCheck').implement({
    description: 'A declared check with how many rows fail it.',
    fields: (t) => ({
      id: t.exposeString('id'),
      field: t.exposeString('field', { nullable: true }),
      title: t.exposeString('title', { description: 'What holds where it passes.' }),
      failing: t.exposeInt('failing'),
      percent: t.exposeFloat('percent', { description: 'The share of rows that pass.' }),
      target: t.exposeFloat('target', { nullable: true, description: 'The share that is asked for.' }),
    }),
  })
  const Field = builder.objectRef<QualityReportView['fields'][number]>('FieldQuality').implement({
    fields: (t) => ({
      field: t.exposeString('field'),
      score: t.exposeFloat('score'),
      checks: t.field({ type: [Check], resolve: ({ checks }) => [...checks] }),
    }),
  })
  const MendedBy = builder.objectRef<NonNullable<QualityIssueView['mendedBy']>>('MendingResource').implement({
    description: 'The resource whose repairs mend it, as far as they can.',
    fields: (t) => ({ kind: t.exposeString('kind'), name: t.exposeString('name') }),
  })
  const Issue = builder.objectRef<QualityIssueView>('QualityIssue').implement({
    description: 'A check that tells of something.',
    fields: (t) => ({
      id: t.exposeString('id'),
      field: t.exposeString('field', { nullable: true }),
      severity: t.field({ type: enums.Severity, resolve: ({ severity }) => severity }),
      message: t.exposeString('message'),
      affected: t.int({ resolve: ({ affected }) => affected.count }),
      sample: t.field({
        type: ['String'],
        description: 'Keys of affected records, 20 at most.',
        resolve: ({ affected }) => [...affected.sample],
      }),
      suggestion: t.exposeString('suggestion'),
      mendedBy: t.field({ type: MendedBy, nullable: true, resolve: ({ mendedBy }) => mendedBy }),
    }),
  })
  const FailingCount = builder.objectRef<QualityTrendView['failing'][number]>('FailingCount').implement({
    fields: (t) => ({ check: t.exposeString('check'), count: t.exposeInt('count') }),
  })
  const Point = builder.objectRef<QualityTrendView>('QualityPoint').implement({
    description: 'A score of the past: each hour of two days, each day of two years.',
    fields: (t) => ({
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => new Date(atMs).toISOString() }),
      score: t.exposeFloat('score'),
      rows: t.exposeInt('rows'),
      failing: t.field({ type: [FailingCount], resolve: ({ failing }) => [...failing] }),
    }),
  })
  const Report = builder.objectRef<AskedReport>('QualityReport').implement({
    description: 'The quality of a table, from 0 to 100: the weighted share of checks that its rows pass.',
    fields: (t) => ({
      table: t.exposeString('table'),
      rows: t.int({ resolve: async ({ report }) => (await report()).rows }),
      score: t.float({ resolve: async ({ report }) => (await report()).score }),
      fields: t.field({ type: [Field], resolve: async ({ report }) => [...(await report()).fields] }),
      issues: t.field({
        type: [Issue],
        description: 'The gravest first.',
        args: { severity: t.arg({ type: enums.Severity }), field: t.arg.string() },
        resolve: async ({ report }, { severity, field }) =>
          (await report()).issues.filter(
            (issue) => (severity == null || issue.severity === severity) && (field == null || issue.field === field),
          ),
      }),
      checks: t.field({ type: [Check], resolve: async ({ report }) => [...(await report()).checks] }),
      trend: t.field({
        type: [Point],
        description: 'Oldest first; without `since`, of the last week.',
        args: { since: t.arg({ type: 'DateTime' }), limit: t.arg.int({ validate: { min: 1, max: trendMax } }) },
        resolve: async ({ table }, { since, limit }) => {
          const sinceMs = since == null ? nowMs() - weekMs : Date.parse(since)
          return [...(await port.trend(table, sinceMs, limit ?? trendMax))]
        },
      }),
    }),
  })
  builder.queryField('quality', (t) =>
    t.field({
      ...requires('leads.read'),
      type: [Report],
      description: 'Of each table with declared quality, or of one.',
      args: { table: t.arg.string() },
      resolve: (_root, { table }) => {
        const tables = port.tables()
        if (table != null && !tables.includes(table)) {
          throw new OperationalError('NOT_FOUND', `Nothing is declared of the quality of ${table}.`, {
            hint: `Tables with declared quality: ${tables.join(', ') || 'none'}.`,
          })
        }
        return (table == null ? tables : [table]).map((name) => asked(name, port))
      },
    }),
  )

  const LeadField = builder.objectRef<LeadQualityView['fields'][number]>('LeadFieldQuality').implement({
    fields: (t) => ({ field: t.exposeString('field'), score: t.exposeFloat('score') }),
  })
  const LeadIssue = builder.objectRef<LeadQualityView['issues'][number]>('LeadQualityIssue').implement({
    fields: (t) => ({
      check: t.exposeString('check'),
      field: t.exposeString('field', { nullable: true }),
      severity: t.field({ type: enums.Severity, resolve: ({ severity }) => severity }),
      reason: t.exposeString('reason', { description: 'Why, after the name of the field.' }),
    }),
  })
  const LeadQuality = builder.objectRef<LeadQualityView>('LeadQuality').implement({
    description: 'How one record stands, from 0 to 100, and why.',
    fields: (t) => ({
      score: t.exposeFloat('score'),
      fields: t.field({ type: [LeadField], resolve: ({ fields }) => [...fields] }),
      issues: t.field({ type: [LeadIssue], resolve: ({ issues }) => [...issues] }),
    }),
  })
  return {
    /** Gives the records of a table their quality. */
    addTo(types: LeadTypes, { table }: LeadRepository): void {
      if (!port.tables().includes(table.name)) return
      const qualityOf = batched((keys) => port.leads(table.name, keys))
      builder.objectField(types.Record, 'dataQuality', (t) =>
        t.field({
          ...requires('leads.read'),
          type: LeadQuality,
          description: 'What its declared checks say of it.',
          nullable: true,
          resolve: async ({ key }) => (await qualityOf(key)) ?? null,
        }),
      )
    },
  }
}
