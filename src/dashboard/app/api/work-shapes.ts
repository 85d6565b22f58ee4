/** What the API says of the work that is under way, parsed at the border of the page. */
import * as z from 'zod/mini'

const work = z.object({
  id: z.string(),
  title: z.string(),
  resource: z.nullable(z.object({ kind: z.string(), name: z.string() })),
  actionId: z.nullable(z.string()),
  share: z.nullable(z.number()),
  sentence: z.string(),
})
export type Work = z.output<typeof work>

/** One answer of the subscription. */
export const workUnderWay = z.object({ data: z.object({ workUnderWay: z.array(work) }) })
