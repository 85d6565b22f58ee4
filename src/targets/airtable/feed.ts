/**
 * The change feed of a base over the payloads of one webhook. It is either complete or says so: whatever hints at a payload
 * that was missed (a jump in the numbers, a hook that died, a poll that came too late) marks all tables for a comparison.
 */
import type { Clock } from '../../clock.ts'
import { AirtableError } from './airtable-error.ts'
import type { FeedState, FeedStore, Suspicion } from './feed-store.ts'
import type { AirtableBase, CallOptions, ChangeFeed, FeedReading, PayloadPage } from './ports.ts'
import { createTurns } from './turns.ts'

/** Payloads are deleted after 7 days (documented); a day before that nothing is taken for granted, in milliseconds. */
const pollAtLeastMs = 6 * 86_400_000
/** How often the list of webhooks takes the place of a poll, to prove hook and cursor, in milliseconds. */
const verifyMs = 86_400_000
/** Entries that tell that the hook is of no use any more (documented). */
const deadHook: ReadonlySet<string> = new Set(['INVALID_HOOK', 'INVALID_FILTERS'])

export interface FeedSettings {
  readonly base: Pick<AirtableBase, 'payloads' | 'webhooks'>
  readonly store: FeedStore
  readonly clock: Clock
  /** Called when a poll brought something. */
  readonly notify: () => void
}

/** Opens the feed of one base. */
export function createFeed(settings: FeedSettings): ChangeFeed {
  const { store, clock } = settings
  const turns = createTurns()
  /** Number of gaps when the comparison of a table was last asked for. */
  const asked = new Map<string, number>()

  const isFresh = (state: FeedState, maxAgeMs: number) => {
    const ageMs = state.polledMs === undefined ? Number.POSITIVE_INFINITY : clock.nowMs() - state.polledMs
    return ageMs >= 0 && ageMs < maxAgeMs
  }

  /** Only asking for payloads keeps the hook alive, so that the list may stand in for it for a while only. */
  const isVerifyDue = ({ drainedMs, verifiedMs = 0 }: FeedState) => {
    if (drainedMs === undefined || Math.abs(clock.nowMs() - drainedMs) >= pollAtLeastMs / 2) return false
    return Math.abs(clock.nowMs() - verifiedMs) >= verifyMs
  }

  const poll = async (options: CallOptions & { readonly maxAgeMs: number }): Promise<FeedReading> => {
    const state = store.state()
    if (state.webhook === undefined) return { is: 'without', reason: state.without ?? 'no webhook was made yet' }
    if (isFresh(state, options.maxAgeMs)) return { is: 'current', calls: 0 }
    const round = roundOf(settings, state.webhook, options)
    if (isVerifyDue(state)) await round.verify()
    else await round.drain()
    return round.end()
  }

  return {
    webhook() {
      const { webhook, polledMs } = store.state()
      return webhook === undefined ? undefined : { id: webhook, lastPollMs: polledMs }
    },
    adopt({ id }) {
      if (store.state().webhook === id) return
      store.adopt(id, clock.nowMs())
    },
    doWithout(reason) {
      const state = store.state()
      if (state.webhook === undefined && state.without === reason) return
      store.drop(reason, clock.nowMs())
    },
    poll: (options) => turns.take(() => poll(options)),
    pending: (tableId) => store.pending(tableId),
    settle: (tableId, settled) => store.settle(tableId, settled),
    needsScan(tableId) {
      if (store.isScanned(tableId)) return undefined
      const { gap, gaps } = store.state()
      asked.set(tableId, gaps)
      // After a clock was set back, a comparison that begins now would seem to precede the gap.
      store.clampGap(clock.nowMs())
      return gap ?? 'the table was not compared whole yet'
    },
    scanned(tableId, beganMs) {
      const { gapMs, gaps } = store.state()
      // A gap that was found while the table was read may be about what had been read already.
      if (gaps !== (asked.get(tableId) ?? gaps) || beganMs < gapMs) return
      store.scanned(tableId, beganMs)
    },
    schemaIsStale: () => store.schemaIsStale(),
  }
}

/** One poll: what it did and found. */
function roundOf({ base, store, clock, notify }: FeedSettings, webhook: string, options: CallOptions) {
  const { signal, priority = 'poll' } = options
  const call = { signal, priority }
  let calls = 0
  let gap: string | undefined
  let brought = false
  const drop = (reason: string) => {
    gap ??= reason
    store.drop(reason, clock.nowMs())
  }

  const drain = async (): Promise<void> => {
    const { polledMs } = store.state()
    if (polledMs !== undefined && Math.abs(clock.nowMs() - polledMs) > pollAtLeastMs) {
      gap ??= 'changes were not asked for within 6 days'
      store.gap(gap, clock.nowMs())
    }
    for (;;) {
      calls += 1
      const { cursor } = store.state()
      const page = await pageOrNothing(base, webhook, cursor, call)
      if (page === undefined) return drop('the webhook is gone')
      const suspicion = suspicionOf(page, cursor)
      const effect = store.keep(page, suspicion, clock.nowMs())
      brought ||= effect.records > 0 || effect.schemaChanged
      gap ??= suspicion?.reason
      if (suspicion?.isDead === true) return
      if (!page.mightHaveMore || page.payloads.length === 0) break
    }
    store.drained(clock.nowMs())
  }

  /** Looks at the hook from outside, at the price of one poll: whether it lives, and whether there is anything to fetch. */
  const verify = async (): Promise<void> => {
    calls += 1
    const hook = (await base.webhooks(call)).find(({ id }) => id === webhook)
    if (hook === undefined) return drop('the webhook is gone')
    const { cursorForNextPayload: expected, isHookEnabled } = hook
    if (expected !== store.state().cursor || !isHookEnabled) await drain()
    const { cursor, webhook: used } = store.state()
    if (used === undefined) return
    if (cursor < expected) {
      gap ??= lostPayloads
      store.skipTo(expected, lostPayloads, clock.nowMs())
    }
    if (!isHookEnabled) return drop('the webhook was switched off or has expired')
    store.verified(clock.nowMs())
  }

  return {
    verify,
    drain,
    end(): FeedReading {
      if (brought || gap !== undefined) notify()
      return gap === undefined ? { is: 'current', calls } : { is: 'gap', reason: gap, calls }
    },
  }
}

const lostPayloads = 'changes were deleted before they were fetched'

/** Whether a page that was asked for from a cursor on lets suspect that changes were missed. */
function suspicionOf(page: PayloadPage, cursor: number): Suspicion | undefined {
  const errors = page.payloads.flatMap((payload) => (payload.is === 'error' ? [payload.code] : []))
  if (errors.length > 0) {
    const isDead = errors.some((code) => deadHook.has(code))
    return { reason: `the webhook told of an error (${errors.join(', ')})`, isDead }
  }
  // The last payload's number is cursor - 1 (documented), so the first one's is known.
  const first = page.cursor - page.payloads.length
  return first > cursor ? { reason: lostPayloads, isDead: false } : undefined
}

/** A page; undefined when the hook is not there. */
async function pageOrNothing(
  base: FeedSettings['base'],
  webhook: string,
  cursor: number,
  call: CallOptions,
): Promise<PayloadPage | undefined> {
  try {
    return await base.payloads(webhook, cursor, call)
  } catch (error) {
    if (error instanceof AirtableError && error.code === 'AIRTABLE_NOT_FOUND') return undefined
    if (!(error instanceof AirtableError) || error.code !== 'AIRTABLE_FORBIDDEN') throw error
    // For a hook that is gone Airtable may say "forbidden" as it does for other things; the list tells which it is.
    const hooks = await base.webhooks(call)
    if (hooks.some(({ id }) => id === webhook)) throw error
    return undefined
  }
}
