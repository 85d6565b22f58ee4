/**
 * What people ask of the next look at a mirrored table: to push, pull, or compare all. Kept until a look has done it, so that
 * neither a failure nor a crash loses it, and what is asked for during a look is for the one after it.
 */
import type { TableStore } from './store/store.ts'

const askedName = 'asked'
const askedCountName = 'asked-count'
export type AskedKind = 'push' | 'pull' | 'full'

/** Notes what a person asked for, until a look has taken it up; gives its mark. Twice the same are two requests. */
export function noteAsked(store: TableStore, what: AskedKind): string {
  return store.transaction(() => {
    const number = Number(store.get(askedCountName) ?? '0') + 1
    const mark = `${what}:${number}`
    store.set(askedCountName, String(number))
    store.set(askedName, [...marksAsked(store), mark].join(' '))
    return mark
  })
}

/** Whether no look has taken up yet what was asked for. */
export function isAsked(store: TableStore, mark: string): boolean {
  return marksAsked(store).includes(mark)
}

function marksAsked(store: TableStore): readonly string[] {
  return (store.get(askedName) ?? '').split(' ').filter((one) => one !== '')
}

/** What a look has to do beyond what is due, and the marks that it takes up by that. */
export interface Asked {
  readonly push: boolean
  readonly pull: boolean
  readonly full: boolean
  readonly marks: readonly string[]
}

export function askedOf(store: TableStore): Asked {
  const marks = marksAsked(store)
  const has = (what: AskedKind) => marks.some((mark) => mark.startsWith(`${what}:`))
  return { push: has('push'), pull: has('pull') || has('full'), full: has('full'), marks }
}

/** Forgets only what this look took up: what was asked for meanwhile is for the next one. */
export function takeAsked(store: TableStore, { marks }: Asked): void {
  if (marks.length === 0) return
  store.transaction(() => {
    store.set(
      askedName,
      marksAsked(store)
        .filter((mark) => !marks.includes(mark))
        .join(' '),
    )
  })
}
