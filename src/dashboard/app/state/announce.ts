/** The last answer to something that was done here; it is shown above the view and read out by a screen reader. */
import { signal } from '@preact/signals'
import { messageOf } from '../api/client.ts'
import type { Outcome } from '../api/shapes.ts'
import { noteFailure, refreshSoon } from './live.ts'

export interface Announcement {
  readonly tone: 'good' | 'bad'
  readonly text: string
  readonly details?: readonly string[]
  readonly link?: { readonly to: string; readonly text: string }
}

export const announcement = signal<Announcement | undefined>(undefined)

export function announce(next: Announcement): void {
  announcement.value = next
}

/** What a refusal means to a person. */
export function refusal(outcome: Outcome): Announcement {
  const details = [
    ...(outcome.whatChanged ?? []),
    ...(outcome.fieldErrors ?? []).map(({ field, message }) => (field === null ? message : `${field}: ${message}`)),
    ...(outcome.hint === undefined ? [] : [outcome.hint]),
  ]
  const text = outcome.message ?? 'It was refused.'
  switch (outcome.__typename) {
    case 'PlanStale':
      return {
        tone: 'bad',
        text: 'Nothing was approved: what you saw has changed since. Look at it again as it is now.',
        details: [text, ...details],
      }
    case 'PlanExpired':
      return {
        tone: 'bad',
        text: 'Nothing was approved: it was shown too long ago. Look at it again as it is now.',
        details: [text, ...details],
      }
    case 'SelfApprovalForbidden':
      return {
        tone: 'bad',
        text: 'Nothing was approved: you asked for this yourself, so another person has to approve it.',
        details: [text],
      }
    case 'Forbidden':
      return { tone: 'bad', text: `Your role does not allow this. ${text}`, details }
    default:
      return { tone: 'bad', text, details }
  }
}

/** Does something that a button asks for, says how it went, and has the page look again. */
export async function act(work: () => Promise<Announcement | undefined>): Promise<void> {
  try {
    const said = await work()
    if (said !== undefined) announce(said)
  } catch (error) {
    noteFailure(error)
    announce({ tone: 'bad', text: messageOf(error) })
  }
  refreshSoon()
}
