/** The shapes of figures about records: quality, statistics, health. */
import * as z from 'zod/mini'
import { resourceKey } from './shapes.ts'

const text = z.string()
const maybe = z.nullable(z.string())
const number = z.number()

const check = { id: text, title: text, percent: number, failing: number, target: z.nullable(number) }
export const statistics = z.object({
  statistics: z.array(
    z.object({
      table: text,
      total: number,
      filled: z.array(z.object({ field: text, count: number, percent: number })),
      values: z.array(z.object({ field: text, value: maybe, count: number })),
    }),
  ),
})
export type TableStatistics = z.output<typeof statistics>['statistics'][number]
export const quality = z.extend(statistics, {
  quality: z.array(
    z.object({
      table: text,
      score: number,
      rows: number,
      fields: z.array(z.object({ field: text, score: number, checks: z.array(z.object(check)) })),
      checks: z.array(z.object({ ...check, field: maybe })),
      issues: z.array(
        z.object({
          id: text,
          field: maybe,
          severity: text,
          affected: number,
          message: text,
          suggestion: text,
          sample: z.array(text),
          mendedBy: z.nullable(resourceKey),
        }),
      ),
      trend: z.array(z.object({ at: text, score: number, rows: number })),
    }),
  ),
})
export type TableQuality = z.output<typeof quality>['quality'][number]

export const health = z.object({
  healthReport: z.object({
    status: text,
    figures: z.object({
      components: number,
      checks: number,
      checksFailed: number,
      issues: number,
      affectedRecords: number,
    }),
    components: z.array(
      z.object({
        name: text,
        status: text,
        checkedAt: maybe,
        checks: z.array(z.object({ name: text, status: text, message: text })),
      }),
    ),
  }),
})
