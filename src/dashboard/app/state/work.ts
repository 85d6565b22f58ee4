/** The work that is under way, as the controller tells it second by second. */
import { signal } from '@preact/signals'
import { subscriptions } from '../api/documents.ts'
import { type Work, workUnderWay } from '../api/work-shapes.ts'
import { refreshSoon } from './live.ts'
import { listenTo } from './stream.ts'

export const works = signal<readonly Work[]>([])

/** Begins to listen. */
export function startWork(): void {
  listenTo(subscriptions.work, {
    next(text) {
      const read = workUnderWay.safeParse(JSON.parse(text))
      // A role that may not see it is told so.
      if (!read.success) return
      const now = read.data.data.workUnderWay
      const before = works.peek()
      works.value = now
      // What has ended changed something.
      if (before.some(({ id }) => !now.some((one) => one.id === id))) refreshSoon()
    },
    broken() {
      works.value = []
    },
  })
}
