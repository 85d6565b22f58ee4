/** The quality of tables and records. */
import { OperationalError } from '../../errors.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import type {
  LeadQualityView,
  QualityCheckView,
  QualityIssueView,
  QualityPort,
  QualityReportView,
  QualitySuggestionView,
  QualityTrendView,
} from '../quality-port.ts'
import { batched } from './batch.ts'
import { type Builder, requires } from './builder.ts'
import type { Repositories } from './context.ts'
import type { addEnums } from './enums.ts'
import { addQualityDecisions, addQualityDecisionTypes } from './lead-quality.ts'
import type { LeadTypes } from './lead-types.ts'
import type { Refusals } from './lead-writes.ts'
import type { Results } from './results.ts'

/** A report is made only when something of it is asked for, and once. */
interface AskedReport {
  readonly table: string
  readonly report: () => Promise<QualityReportView>
}

/** Suggestions are worked out only when they are asked for. */
type AskedLeadQuality = LeadQualityView & {
  readonly table: string
  readonly key: string
  readonly suggestionsOf: (key: string) => Promise<readonly QualitySuggestionView[] | undefined>
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
const suggestionsMax = 1000
const suggestionsShown = 50
const weekMs = 7 * 86_400_000

interface QualityParts {
  readonly enums: ReturnType<typeof addEnums>
  readonly results: Results
  readonly refusals: Refusals
  readonly repositories: Repositories
}

export function addQuality(
  builder: Builder,
  port: QualityPort,
  nowMs: () => number,
  { enums, results, refusals, repositories }: QualityParts,
) {
  const decisions = addQualityDecisionTypes(builder, port, repositories)
  const Check = builder.objectRef<QualityCheckView>('QualityCheck').implement({
    description: 'A declared check with how many rows fail it.',
    fields: (t) => ({
      id: t.exposeString('id'),
      field: t.exposeString('field', { nullable: true }),
      title: t.exposeString('title', { description: 'What holds where it passes.' }),
      failing: t.exposeInt('failing'),
      waived: t.exposeInt('waived', {
        description: 'Rows that a person said are right as they are; they do not fail.',
      }),
      percent: t.exposeFloat('percent', { description: 'The share of rows that pass.' }),
      target: t.exposeFloat('target', { nullable: true, description: 'The share that is asked for.' }),
    }),
  })
  const Field = builder.objectRef<QualityReportView['fields'][number]>('FieldQuality').implement({
    description: 'The score of one field with its checks.',
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
    description: 'How many records failed a check.',
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
      waivers: t.field({
        type: [decisions.Waiver],
        description: 'What people said is right, oldest first; also what holds no more.',
        resolve: async ({ table }) => (await port.waivers(table)).map((waiver) => ({ ...waiver, table })),
      }),
      suggestions: t.field({
        type: [decisions.Suggestion],
        description: 'Values that would mend single records, check by check.',
        args: { check: t.arg.string(), limit: t.arg.int({ validate: { min: 1, max: suggestionsMax } }) },
        resolve: async ({ table }, { check, limit }) => {
          const found = await port.suggestions(table, { check: check ?? undefined, limit: limit ?? suggestionsShown })
          return found.map((suggestion) => ({ ...suggestion, table }))
        },
      }),
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
    description: 'How well one field of the record does in its checks.',
    fields: (t) => ({ field: t.exposeString('field'), score: t.exposeFloat('score') }),
  })
  const LeadIssue = builder.objectRef<LeadQualityView['issues'][number]>('LeadQualityIssue').implement({
    description: 'A check that the record fails.',
    fields: (t) => ({
      check: t.exposeString('check'),
      field: t.exposeString('field', { nullable: true }),
      severity: t.field({ type: enums.Severity, resolve: ({ severity }) => severity }),
      reason: t.exposeString('reason', { description: 'Why, after the name of the field.' }),
    }),
  })
  const LeadQuality = builder.objectRef<AskedLeadQuality>('LeadQuality').implement({
    description: 'How one record stands, from 0 to 100, and why.',
    fields: (t) => ({
      score: t.exposeFloat('score'),
      fields: t.field({ type: [LeadField], resolve: ({ fields }) => [...fields] }),
      issues: t.field({ type: [LeadIssue], resolve: ({ issues }) => [...issues] }),
      waived: t.field({
        type: [decisions.Waiver],
        description: 'What fails and was said to be right; it counts for nothing.',
        resolve: ({ table, waived }) => waived.map((waiver) => ({ ...waiver, table })),
      }),
      suggestions: t.field({
        type: [decisions.Suggestion],
        description: 'Values that would mend it.',
        resolve: async ({ table, key, suggestionsOf }) =>
          ((await suggestionsOf(key)) ?? []).map((suggestion) => ({ ...suggestion, table })),
      }),
    }),
  })
  return {
    /** Gives the records of a table their quality. */
    addTo(types: LeadTypes, repository: LeadRepository): void {
      const { table } = repository
      if (!port.tables().includes(table.name)) return
      addQualityDecisions(builder, repository, { port, results, refusals, types: decisions })
      const qualityOf = batched((keys) => port.leads(table.name, keys))
      const suggestionsOf = batched((keys) => port.suggestionsFor(table.name, keys))
      builder.objectField(types.Record, 'dataQuality', (t) =>
        t.field({
          ...requires('leads.read'),
          type: LeadQuality,
          description: 'What its declared checks say of it.',
          nullable: true,
          resolve: async ({ key }) => {
            const quality = await qualityOf(key)
            return quality === undefined ? null : { ...quality, table: table.name, key, suggestionsOf }
          },
        }),
      )
    },
  }
}
