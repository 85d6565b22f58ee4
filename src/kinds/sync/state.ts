/** What a look at a mirrored table found. */
import type { Observation } from '../../engine/observation.ts'
import type { CallUsage } from '../../targets/airtable/ports.ts'
import type { PairStatus } from './store/pair.ts'
import type { Survey } from './survey.ts'

export type SyncState =
  /** Something must come first: the table here, the table or key field there. */
  | { readonly is: 'unready'; readonly message: string }
  | {
      readonly is: 'surveyed'
      readonly survey: Survey
      readonly localCount: number
      readonly remoteCount: number
      readonly statuses: Readonly<Partial<Record<PairStatus, number>>>
      /** Why changes are asked for in a costlier way; undefined with a webhook. */
      readonly withoutWebhook: string | undefined
      /** When all records were last read. */
      readonly scannedMs: number | undefined
      /** Pushes wait for the interval until then; undefined while they do not. */
      readonly pushHeldUntilMs: number | undefined
      readonly usage: CallUsage
      /** How long after this look another one is due: for the next pull, or for pushes that wait. */
      /** How often changes are asked for now: as declared, or less where the month's calls are scarce. */
      readonly askEveryMs: number
      readonly lookAgainAfterMs: number
    }

export type SyncObservation = Observation<SyncState>
