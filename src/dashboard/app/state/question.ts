/** One question at a time to the person, with a place for words; the dialog of the shell shows it. */
import { signal } from '@preact/signals'

export interface Question {
  readonly title: string
  readonly text?: string
  readonly details?: readonly string[]
  /** The words that are asked for; none where only yes or no is wanted. */
  readonly label?: string
  readonly isRequired?: boolean
  readonly yes: string
  readonly isDangerous?: boolean
  readonly choices?: readonly string[]
}

export const question = signal<(Question & { readonly answer: (words: string | null) => void }) | undefined>(undefined)

/** The person's words, empty where none were given; null where they went back. */
export function askPerson(asked: Question): Promise<string | null> {
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer(words) {
        question.value = undefined
        resolve(words)
      },
    }
  })
}
