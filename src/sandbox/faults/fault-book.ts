/** The faults that are set, and whether one strikes a request. */
import type { Random } from '../../random.ts'
import { type DataFault, dataFaults, type Fault, type FaultInput, faultSchema, type RouteName } from './fault.ts'

export interface FaultState extends Fault {
  readonly id: number
  /** Matching requests so far. */
  readonly seen: number
  /** How often it struck. */
  readonly struck: number
}

export interface FaultTarget {
  readonly method: string
  readonly path: string
  readonly route: RouteName | undefined
}

const ofData: ReadonlySet<string> = new Set(dataFaults)
/** These wait for an action that makes payloads, so a request alone does not use them up. */
const payloadFaults: ReadonlySet<string> = new Set<DataFault>(['split-payloads', 'duplicate-payloads'])

export class FaultBook {
  readonly #random: Random
  #faults: FaultState[] = []
  #lastId = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Sets a fault; gives its number. @throws ZodError for a fault of a wrong form. */
  add(input: FaultInput): number {
    this.#lastId += 1
    this.#faults.push({ ...faultSchema.parse(input), id: this.#lastId, seen: 0, struck: 0 })
    return this.#lastId
  }

  all(): readonly FaultState[] {
    return [...this.#faults]
  }

  clear(): void {
    this.#faults = []
  }

  /** The faults that strike a request, in the order in which they were set; at most one of the reply besides latency. */
  strike(target: FaultTarget): Fault[] {
    const struck: Fault[] = []
    let reply = false
    for (const fault of [...this.#faults]) {
      if (payloadFaults.has(fault.kind) || !matches(fault, target)) continue
      const spoils = !ofData.has(fault.kind) && fault.kind !== 'latency'
      if ((spoils && reply) || !this.#use(fault)) continue
      reply ||= spoils
      struck.push(fault)
    }
    return struck
  }

  /** Whether a fault of payloads strikes the action at hand. */
  takes(kind: 'split-payloads' | 'duplicate-payloads'): boolean {
    return this.#faults.some((fault) => fault.kind === kind && this.#use(fault))
  }

  /** Counts a matching request; true when the fault strikes. */
  #use(fault: FaultState): boolean {
    const seen = fault.seen + 1
    const due = seen > fault.after && (fault.times === undefined || fault.struck < fault.times)
    const strikes = due && (fault.probability >= 1 || this.#random.next() < fault.probability)
    const state = { ...fault, seen, struck: fault.struck + Number(strikes) }
    this.#faults = this.#faults.map((other) => (other.id === fault.id ? state : other))
    return strikes
  }
}

function matches(fault: Fault, target: FaultTarget): boolean {
  if (fault.route !== undefined && fault.route !== target.route) return false
  if (fault.method !== undefined && fault.method !== target.method) return false
  return fault.path === undefined || target.path.includes(fault.path)
}
