/** Tells of the work that is under way: what is over within a second is not worth a word. */
import type { WorkPort, WorkView } from '../api/work-port.ts'
import type { Clock } from '../clock.ts'
import type { Engine } from '../engine/engine.ts'
import { perSecondOf, type TimeLeft, timeLeftOf } from '../engine/pace.ts'
import { parseKey } from '../engine/resource.ts'
import { ageText } from '../engine/verdict.ts'
import type { Work, WorkUnit } from '../engine/work-book.ts'
import { canonicalJson } from '../json.ts'

const toldAfterMs = 1_000
const everyMs = 1_000

export function createWorkPort({ work: book }: Pick<Engine, 'work'>, clock: Clock): WorkPort {
  const underWay = () => {
    const moment = clock.monotonicMs()
    return book
      .now()
      .filter(({ begunAt }) => moment - begunAt >= toldAfterMs)
      .map((work) => viewOf(work, moment))
  }
  return {
    underWay,
    async *watch(signal) {
      let last: string | undefined
      while (!signal.aborted) {
        const now = underWay()
        const text = canonicalJson(now.map(({ sentence }) => sentence))
        if (text !== last) yield now
        last = text
        await (book.now().length === 0 ? begun(signal) : clock.sleep(everyMs, signal))
      }
    },
  }

  /** Until something begins. */
  function begun(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stop()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const stop = book.onChange(done)
      signal.addEventListener('abort', done)
    })
  }
}

function viewOf(work: Work, moment: number): WorkView {
  const { pace, resource, actionId, begunAt: _, ...rest } = work
  const left = pace === undefined ? undefined : timeLeftOf(pace, moment)
  const perSecond = pace === undefined ? undefined : perSecondOf(pace)
  return {
    ...rest,
    resource: parseKey(resource) ?? null,
    actionId: actionId ?? null,
    done: pace?.done ?? null,
    total: pace === undefined || pace.total === 0 ? null : pace.total,
    perSecond: perSecond ?? null,
    left: left ?? null,
    sentence: sentenceOf(work, { left, perSecond, moment }),
  }
}

/** `Look at table/leads: 120,000 of 1,000,000 (12 %), 8,000 a second, about 2 min left`. */
function sentenceOf(
  { title, begunAt, unit, pace }: Work,
  { left, perSecond, moment }: { left: TimeLeft | undefined; perSecond: number | undefined; moment: number },
): string {
  const since = `for ${ageText(moment - begunAt)}`
  if (pace === undefined) return `${title}, ${since}`
  const { done, total } = pace
  const far =
    total === 0
      ? `${amount(done, unit)} so far`
      : `${amount(done, unit)} of ${amount(total, unit)} (${Math.floor((done / total) * 100)} %)`
  const fast = perSecond === undefined ? since : `${amount(perSecond, unit)} a second`
  return [`${title}: ${far}`, fast, ...(left === undefined ? [] : [leftText(left)])].join(', ')
}

function leftText({ fromMs, toMs }: TimeLeft): string {
  const [from, to] = [ageText(fromMs), ageText(toMs)]
  return from === to ? `about ${to} left` : `${from} to ${to} left`
}

function amount(count: number, unit: WorkUnit): string {
  if (unit === 'records') return Math.round(count).toLocaleString('en')
  return count < 1_000_000
    ? `${Math.ceil(count / 1000)} kB`
    : `${Math.round(count / 1_000_000).toLocaleString('en')} MB`
}
