/** How fast a piece of work goes, and how long it still takes: nothing is said before enough is known. Pure. */

/** How much was done at a moment. */
interface Mark {
  readonly atMs: number
  readonly done: number
}

/** What was reported of one phase of a piece of work. */
export interface Pace {
  readonly done: number
  /** 0 where it is not known. */
  readonly total: number
  /** When anything was reported last. */
  readonly reportedAtMs: number
  /** Oldest first: the begin of the phase, then some of what was reported, a second apart. */
  readonly marks: readonly Mark[]
}

/** How long it still takes, by the slower and by the faster of the paces that were seen. */
export interface TimeLeft {
  readonly fromMs: number
  readonly toMs: number
}

const markEveryMs = 1_000
/** Beside the begin, the latest half minute. */
const marksMax = 30
/** Less says nothing yet: caches are cold, the first rows are not like the others. */
const knownAfterMs = 3_000
const knownFromShare = 0.02
/** The last quarter of what was seen is how fast it goes now. */
const lateFromShare = 0.75
/** A pace that changed this much tells nothing about the rest. */
const unevenFrom = 3
/** After so long without a word nobody knows whether it goes on. */
const silentAfterMs = 10_000

/** Adds what was reported. Where less is done than before, or of another total, a new phase begins. */
export function reported(before: Pace | undefined, done: number, total: number, atMs: number): Pace {
  const mark: Mark = { atMs, done }
  if (before === undefined || total !== before.total || done < before.done)
    return { done, total, reportedAtMs: atMs, marks: [mark] }
  const [first = mark, ...later] = before.marks
  const isNear = atMs - (later.at(-2) ?? first).atMs < markEveryMs
  const kept = isNear ? later.slice(0, -1) : later
  return { done, total, reportedAtMs: atMs, marks: [first, ...[...kept, mark].slice(-marksMax)] }
}

/** How much is done in a second, as of late; undefined where too little is known. */
export function perSecondOf(pace: Pace): number | undefined {
  return pacesOf(pace)?.late
}

/** Undefined where the total is not known, too little was seen, the pace is too uneven, or nothing was heard for a while. */
export function timeLeftOf(pace: Pace, nowMs: number): TimeLeft | undefined {
  const { done, total, reportedAtMs } = pace
  const paces = pacesOf(pace)
  if (paces === undefined || done >= total || nowMs - reportedAtMs > silentAfterMs) return undefined
  const [slow, fast] = paces.late < paces.overall ? [paces.late, paces.overall] : [paces.overall, paces.late]
  if (fast > slow * unevenFrom) return undefined
  const since = Math.max(0, nowMs - reportedAtMs)
  const left = (perSecond: number) => Math.max(0, ((total - done) / perSecond) * 1000 - since)
  return { fromMs: left(fast), toMs: left(slow) }
}

/** Since the phase began, and of late. */
function pacesOf({ done, total, marks }: Pace): { readonly overall: number; readonly late: number } | undefined {
  const [first] = marks
  const last = marks.at(-1)
  if (first === undefined || last === undefined || marks.length < 3) return undefined
  const moved = last.done - first.done
  if (last.atMs - first.atMs < knownAfterMs || moved <= 0 || moved < total * knownFromShare || done <= 0)
    return undefined
  const from = marks[Math.min(marks.length - 3, Math.floor(marks.length * lateFromShare))] ?? first
  const late = perSecond(from, last)
  return late > 0 ? { overall: perSecond(first, last), late } : undefined
}

function perSecond(from: Mark, to: Mark): number {
  return to.atMs > from.atMs ? ((to.done - from.done) / (to.atMs - from.atMs)) * 1000 : 0
}
