/** What the running controller is at, for who asks how things stand. */
import { z } from 'zod'
import { OperationalError } from '../errors.ts'
import type { CommonOptions } from './command.ts'
import { controllerOf } from './controller.ts'

const workSchema = z.object({
  id: z.string(),
  runId: z.string(),
  resource: z
    .object({ kind: z.string(), name: z.string() })
    .transform(({ kind, name }) => `${kind}/${name}`)
    .nullable(),
  verb: z.string(),
  title: z.string(),
  actionId: z.string().nullable(),
  startedAt: z.string(),
  unit: z.string().transform((unit) => unit.toLowerCase()),
  done: z.number().nullable(),
  total: z.number().nullable(),
  share: z.number().nullable(),
  perSecond: z.number().nullable(),
  left: z.object({ fromSeconds: z.number(), toSeconds: z.number() }).nullable(),
  sentence: z.string(),
})

export type Work = z.output<typeof workSchema>

export type WorkNow =
  | { readonly is: 'known'; readonly work: readonly Work[] }
  /** Who works on the workspace cannot be asked. */
  | { readonly is: 'unknown'; readonly why: string }

const query = `{ workUnderWay { id runId resource { kind name } verb title actionId startedAt unit done total share perSecond
  left { fromSeconds toSeconds } sentence } }`

/** Nothing is under way where no controller runs. That it cannot be asked is no reason to fail: its last looks are known. */
export async function workUnderWay(options: CommonOptions): Promise<WorkNow> {
  try {
    const controller = await controllerOf(options)
    if (controller === undefined) return { is: 'known', work: [] }
    const answer = await controller.request(query, {}, z.object({ workUnderWay: z.array(workSchema) }))
    return { is: 'known', work: answer.workUnderWay }
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return { is: 'unknown', why: error.message }
  }
}
