/** The choice that an undo needs where records were changed since; the dialog of the shell shows it. */
import { signal } from '@preact/signals'
import type { UndoConflict } from '../api/undo-shapes.ts'

/** What `undo` is told beside its id. */
export interface UndoChoice {
  readonly onConflict?: 'SKIP' | 'FORCE'
  readonly keepTheirs?: readonly string[]
  readonly take?: readonly string[]
}

export interface UndoQuestion {
  readonly what: string
  readonly conflicts: readonly UndoConflict[]
  /** Records that were changed since and are not among those shown. */
  readonly unlisted: number
  readonly notes: readonly string[]
}

export const undoQuestion = signal<
  (UndoQuestion & { readonly answer: (choice: UndoChoice | null) => void }) | undefined
>(undefined)

/** Null where the person went back. */
export function askUndoChoice(asked: UndoQuestion): Promise<UndoChoice | null> {
  return new Promise((resolve) => {
    undoQuestion.value = {
      ...asked,
      answer(choice) {
        undoQuestion.value = undefined
        resolve(choice)
      },
    }
  })
}

export type Side = 'keep' | 'take'

/**
 * Names what is taken record by record, so that no record is taken that the person did not see; only those that the list
 * has no place for go by the rule alone.
 */
export function choiceOf(
  { conflicts, unlisted }: Pick<UndoQuestion, 'conflicts' | 'unlisted'>,
  rest: Side,
  own: ReadonlyMap<string, Side>,
): UndoChoice {
  const keys = [...new Set(conflicts.map(({ key }) => key))]
  const on = (side: Side) => keys.filter((key) => (own.get(key) ?? rest) === side)
  return {
    onConflict: rest === 'take' && unlisted > 0 ? 'FORCE' : 'SKIP',
    keepTheirs: on('keep'),
    take: on('take'),
  }
}
