/** What somebody typed into the desired state and has not saved yet: it outlives a walk through other views of the page. */
import { signal } from '@preact/signals'

export interface Draft {
  readonly text: string
  /** The file that it was begun from. */
  readonly base: { readonly text: string; readonly version: string }
}

export const draft = signal<Draft | undefined>(undefined)

/**
 * What a save has just made of the file, until the page has been told so too: without it the editor would go back to the
 * older text for a moment, and what is typed in that moment would be typed into the older text.
 */
export const saved = signal<{ readonly replaced: string; readonly file: Draft['base'] } | undefined>(undefined)

/** Keeps what was typed; a text that is the file's again is none. */
export function keepDraft(text: string, base: Draft['base']): void {
  draft.value = text === base.text ? undefined : { text, base }
}

/** Has the browser ask before the page is left with something that is not saved. */
export function guardDraft(): void {
  addEventListener('beforeunload', (event) => {
    if (draft.peek() !== undefined) event.preventDefault()
  })
}
