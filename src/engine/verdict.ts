/** The state of a workspace in one sentence. */
import { rootsOf } from './same-trouble.ts'
import { needsPerson, type StatusView } from './view.ts'

export interface Verdict {
  readonly status: 'true' | 'working' | 'needs-a-person' | 'broken'
  readonly sentence: string
  readonly waiting: number
  readonly repairable: number
  readonly unreadable: number
  readonly byHand: number
}

/** Sums up what is known. `isServed`: a controller runs, which makes what can be made. Pure. */
export function verdictOf(views: readonly StatusView[], nowMs: number, isServed: boolean): Verdict {
  const actions = views.flatMap((view) => view.actions)
  const waiting = actions.filter(needsPerson).length
  const repairable = actions.filter((action) => action.gate.runnable).length
  const held = actions.length - waiting - repairable
  const because = rootsOf(views).size
  const unreadable = views.filter((view) => view.error !== null).length - because
  const mended = new Set(
    actions.flatMap((action) =>
      action.resolves.map((path) => `${action.resource.kind}/${action.resource.name} ${path}`),
    ),
  )
  const byHand = views
    .flatMap((view) => view.drift)
    .filter(
      (drift) =>
        drift.byHand !== null &&
        drift.severity !== 'low' &&
        !mended.has(`${drift.resource.kind}/${drift.resource.name} ${drift.path}`),
    ).length
  const itself = views.filter(waitsByItself)
  const parts = [
    unreadable > 0
      ? `${unreadable} ${plural(unreadable, 'resource')} cannot be read${because > 0 ? ` and with ${unreadable === 1 ? 'it' : 'them'} ${because} more` : ''}`
      : undefined,
    waiting > 0
      ? `${waiting} ${plural(waiting, 'repair')} ${waiting === 1 ? 'waits' : 'wait'} for a person`
      : undefined,
    repairable > 0
      ? isServed
        ? `${repairable} ${repairable === 1 ? 'is' : 'are'} being repaired`
        : `${repairable} can be made at once`
      : undefined,
    held > 0 ? `${held} ${held === 1 ? 'is' : 'are'} held by a rule, a window or another resource` : undefined,
    byHand > 0 ? `${byHand} ${plural(byHand, 'thing')} only a person can mend` : undefined,
    itself.length > 0
      ? `not as declared: ${itself.slice(0, 3).map(namedWithReason).join(', ')}${itself.length > 3 ? ` and ${itself.length - 3} more` : ''}`
      : undefined,
  ].filter((part) => part !== undefined)
  const looked = views.map((view) => view.fullLookAtMs).filter((moment) => moment !== null)
  const oldest =
    looked.length === views.length && looked.length > 0
      ? `, last full look ${ageText(nowMs - Math.min(...looked))} ago`
      : ''
  const first = parts.length === 0 ? 'Everything is as declared' : parts.join(', ')
  return {
    status:
      unreadable > 0
        ? 'broken'
        : waiting + byHand > 0
          ? 'needs-a-person'
          : repairable + held + itself.length > 0
            ? 'working'
            : 'true',
    sentence: `${first}${oldest}.`,
    waiting,
    repairable,
    unreadable,
    byHand,
  }
}

/** Nothing is planned, nobody is asked and nothing is told to a person, and still it is not as declared: a pause, a start. */
function waitsByItself(view: StatusView): boolean {
  const ready = view.conditions.find(({ type }) => type === 'Ready')
  const isTold = view.error !== null || view.actions.length > 0
  return !isTold && ready?.status === 'false' && view.drift.every(({ byHand }) => byHand === null)
}

function namedWithReason({ resource, conditions }: StatusView): string {
  const ready = conditions.find(({ type }) => type === 'Ready')
  return `${resource.kind}/${resource.name} (${ready?.reason ?? 'unknown'})`
}

function plural(count: number, word: string): string {
  return count === 1 ? word : `${word}s`
}

/** `40 s`, `5 min`, `3 h`, `2 d`. */
export function ageText(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}
