/** Pages of a list: the order is kept as it was at the first page, the values are read when a page is asked for. */
import type { Clock } from '../../clock.ts'
import type { Random } from '../../random.ts'
import { refusals } from '../http/refusal.ts'
import { isId, mintId } from '../ids.ts'

/** How long an iterator is kept after its last use [?]. */
const iteratorLifetimeMs = 10 * 60_000
/** Iterators kept at once; the oldest gives way [?]. */
const iteratorsMax = 200

interface Iterator {
  readonly tableId: string
  readonly recordIds: readonly string[]
  usedAtMs: number
}

export class Iterators {
  readonly #clock: Clock
  readonly #random: Random
  /** In order of last use. */
  readonly #open = new Map<string, Iterator>()

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** Keeps an order; gives the offset at which it goes on with `recordId`. */
  open(tableId: string, recordIds: readonly string[], recordId: string): string {
    const id = mintId('itr', this.#random)
    this.#open.set(id, { tableId, recordIds, usedAtMs: this.#clock.monotonicMs() })
    const oldest = this.#open.keys().next().value
    if (this.#open.size > iteratorsMax && oldest !== undefined) this.#open.delete(oldest)
    return `${id}/${recordId}`
  }

  /**
   * The ids from an offset on, and the name of the iterator to go on with.
   *
   * @throws ApiRefusal 422 for an offset of a wrong form or table [O], and for an iterator that is gone [D].
   */
  resume(tableId: string, offset: string): { iterator: string; rest: readonly string[] } {
    const [id = '', recordId = '', ...more] = offset.split('/')
    if (!isId('itr', id) || !isId('rec', recordId) || more.length > 0) throw refusals.invalidOffset(offset)
    const iterator = this.#open.get(id)
    const now = this.#clock.monotonicMs()
    if (iterator === undefined || now - iterator.usedAtMs > iteratorLifetimeMs) {
      this.#open.delete(id)
      throw refusals.iteratorGone()
    }
    const position = iterator.recordIds.indexOf(recordId)
    if (iterator.tableId !== tableId || position < 0) throw refusals.invalidOffset(offset)
    iterator.usedAtMs = now
    this.#open.delete(id)
    this.#open.set(id, iterator)
    return { iterator: id, rest: iterator.recordIds.slice(position) }
  }

  /** Lets every iterator expire now. */
  expireAll(): void {
    this.#open.clear()
  }
}
