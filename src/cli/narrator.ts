/**
 * What a running controller says on its terminal while it works: repairs as they are made, what newly waits for a person,
 * troubles and their end, and what became of an edit of the desired state. The same trouble again is said at its 10th, 100th, …
 * time only.
 */
import type { Clock } from '../clock.ts'
import type { StoredEvent } from '../engine/event-store.ts'
import { templateOf } from '../engine/events.ts'
import { keyText } from '../engine/resource.ts'
import { needsPerson, type StatusView } from '../engine/view.ts'
import type { EditOutcome } from '../workspace/generations.ts'
import type { Terminal } from './terminal.ts'

export interface Narrator {
  event(event: StoredEvent): void
  edit(outcome: EditOutcome): void
  /** Says what it still held back to say it in one line. */
  end(): void
}

/** Reasons that other lines tell better (a repair, what waits, the edit that changed the mode), or that pass by themselves. */
const toldElsewhere: ReadonlySet<string> = new Set(['ApprovalNeeded', 'Dependency', 'Starting', 'ModeObserve'])

/** Equal repairs within this time are one line, in milliseconds: a first sync makes a hundred of them in a row. */
const togetherMs = 500

/** @param file the desired state as the person named it */
export function createNarrator(terminal: Terminal, file: string, clock: Clock): Narrator {
  const { colour } = terminal
  const troubled = new Set<string>()
  let repairs: { readonly like: string; readonly text: string; count: number } | undefined
  const print = (sign: string, text: string) =>
    terminal.line(`${colour.dim(new Date(clock.nowMs()).toTimeString().slice(0, 8))} ${sign} ${text}`)
  const sayRepairs = () => {
    if (repairs === undefined) return
    const { text, count } = repairs
    repairs = undefined
    print(colour.green('✓'), count === 1 ? text : `${text}${colour.dim(`, and ${count - 1} more like it`)}`)
  }
  const say = (sign: string, text: string) => {
    sayRepairs()
    print(sign, text)
  }
  const repaired = (text: string) => {
    const like = templateOf(text)
    if (repairs?.like === like) {
      repairs.count += 1
      return
    }
    sayRepairs()
    repairs = { like, text, count: 1 }
    clock.after(togetherMs, sayRepairs)
  }

  return {
    end: sayRepairs,
    event(event) {
      const key = keyText(event.resource)
      const text = `${key}: ${event.message}${event.count > 1 ? colour.dim(` (${event.count} times)`) : ''}`
      if (event.reason === 'Repaired') repaired(`${key}: ${event.message}`)
      else if (event.level === 'info') {
        if (event.reason !== 'Stale' && troubled.delete(key)) say(colour.green('·'), text)
      } else if (!toldElsewhere.has(event.reason) && isRound(event.count)) {
        troubled.add(key)
        say(event.level === 'error' ? colour.red('✗') : colour.yellow('!'), text)
      }
    },
    edit(outcome) {
      switch (outcome.is) {
        case 'invalid':
          for (const problem of outcome.problems) say(colour.red('✗'), problem)
          say(' ', `Generation ${outcome.inForce} of ${file} stays in force. Mend the place and save again.`)
          return
        case 'waiting':
          say(colour.yellow('○'), `${file}: generation ${outcome.number} waits for a person: ${outcome.why}`)
          return
        case 'accepted':
          say(colour.green('✓'), `${file}: generation ${outcome.number} is in force${changesText(outcome.changes)}`)
      }
    },
  }
}

/** Says what waits for a person in a status, each repair once. */
export function createWaitingTeller({ colour, line }: Terminal): (view: StatusView) => void {
  const told = new Map<string, readonly string[]>()
  return (view) => {
    const key = keyText(view.resource)
    const known = told.get(key) ?? []
    const waiting = view.actions.filter(needsPerson)
    told.set(
      key,
      waiting.map(({ id }) => id),
    )
    for (const { id, summary, gate } of waiting)
      if (!known.includes(id))
        line(`${colour.yellow('○')} ${key}: ${summary} ${colour.dim(`${id}: ${gate.reasons[0]?.message ?? ''}`)}`)
  }
}

const changesShown = 5

function changesText(changes: Extract<EditOutcome, { is: 'accepted' }>['changes']): string {
  if (changes.length === 0) return ''
  const shown = changes.slice(0, changesShown).map(({ path, change }) => `${path} ${change}`)
  const more = changes.length > changesShown ? ` and ${changes.length - changesShown} more` : ''
  return `: ${shown.join(', ')}${more}`
}

/** 1, 10, 100, … */
function isRound(count: number): boolean {
  return Number.isInteger(Math.log10(count))
}
