/** The shapes of what the API answers about the desired state. */
import * as z from 'zod/mini'
import { action, drift, outcome, resourceKey } from './shapes.ts'

const text = z.string()
const number = z.number()
const place = { line: number, column: number, path: text, message: text }
const problem = z.object({ file: text, ...place })

export const desiredState = z.object({
  desiredState: z.object({
    generation: number,
    acceptedAt: text,
    text,
    textIsWhole: z.boolean(),
    version: text,
    waiting: z.nullable(text),
    problems: z.array(problem),
  }),
})
export type DesiredState = z.output<typeof desiredState>['desiredState']

export const generations = z.object({
  generations: z.object({
    hasMore: z.boolean(),
    generations: z.array(z.object({ number, at: text, state: text, text })),
  }),
})
export type Generation = z.output<typeof generations>['generations']['generations'][number]

export const check = z.object({
  validateDesiredState: z.object({
    problems: z.array(problem),
    warnings: z.array(z.object(place)),
    changes: z.array(z.object({ path: text, change: text, from: z.nullable(text) })),
    waits: z.nullable(text),
  }),
})
export type Check = z.output<typeof check>['validateDesiredState']

export const applied = z.object({
  applyDesiredState: z.extend(outcome, {
    generation: z.optional(number),
    reason: z.optional(text),
    drift: z.optional(z.array(drift)),
    plan: z.optional(z.nullable(z.object({ id: text, actions: z.array(action) }))),
    problems: z.optional(z.array(problem)),
    text: z.optional(text),
    version: z.optional(text),
  }),
})
export const planNow = z.object({
  plan: z.object({ actions: z.array(z.object({ summary: text, resource: resourceKey })) }),
  driftReport: z.object({ drift: z.array(z.object({ path: text, resource: resourceKey })) }),
})

/** What a text would lead to, beside what stands without it. */
export interface Preview {
  readonly of: string
  readonly actions: readonly z.output<typeof action>[]
  readonly drift: readonly z.output<typeof drift>[]
  readonly now: z.output<typeof planNow>
}
