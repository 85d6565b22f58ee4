/**
 * A write whose answer was lost may have been carried out. Sent again as it is, it would take back what somebody has written
 * into the same cells since; so the base is asked first what became of it.
 */
import type { Clock } from '../../clock.ts'
import { AirtableError } from './airtable-error.ts'

/** How often in a row; then the error is the caller's, whose next try begins with the same question. */
const lostMax = 3
/** What is still under way shall have arrived when the base is asked, in milliseconds; doubled each time. */
const pauseMs = 1000

/** Does `work`, and anew where an answer was lost: it begins with asking for what it wrote before. Throws what `work` throws. */
export async function askingAfterLoss<Result>(
  work: () => Promise<Result>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Result> {
  for (let lost = 1; ; lost += 1) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AirtableError && error.mayBeDone) || lost > lostMax || signal.aborted) throw error
      await clock.sleep(pauseMs * 2 ** (lost - 1), signal)
    }
  }
}
