/** The parts of a sandbox that its calls share. */
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { TokenBook } from './access/tokens.ts'
import type { FaultBook } from './faults/fault-book.ts'
import type { LimitGate } from './limits/limit-gate.ts'
import type { Iterators } from './records/iterators.ts'
import type { RequestLog } from './request-log.ts'
import type { Catalog } from './store/catalog.ts'
import type { SandboxDatabase } from './store/open.ts'
import type { RecordStore } from './store/records.ts'
import type { UserStore } from './store/users.ts'
import type { WebhookStore } from './store/webhooks.ts'

/**
 * Where documentation and recordings disagree: `2025` answers 403 for an unknown table, `2022` answers 404
 * TABLE_NOT_FOUND as it was recorded.
 */
export type Behaviour = '2025' | '2022'

export interface SandboxCore {
  readonly database: SandboxDatabase
  readonly clock: Clock
  readonly random: Random
  readonly catalog: Catalog
  readonly records: RecordStore
  readonly users: UserStore
  readonly webhooks: WebhookStore
  readonly iterators: Iterators
  readonly tokens: TokenBook
  readonly limits: LimitGate
  readonly faults: FaultBook
  readonly requests: RequestLog
  readonly behaviour: Behaviour
}
