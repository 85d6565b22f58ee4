/** A record that was changed after an action, as people are told of it: what it was, was made and is, and who changed it. */
import { isoOf } from '../clock.ts'
import type { Ledger } from './ledger.ts'
import { keyText } from './resource.ts'
import type { UndoConflict } from './undo-rows.ts'

export interface UndoConflictView extends Omit<UndoConflict, 'by' | 'isUnbroken'> {
  /** The action that is undone. */
  readonly actionId: string
  /** The later action that wrote it; null where another program did, or where that is not known. */
  readonly changedBy: {
    readonly actionId: string
    /** Who asked for it; `controller` where nobody did. */
    readonly actor: string
    readonly resource: string
    readonly summary: string
    /** ISO 8601. */
    readonly at: string
  } | null
}

/** The views of the conflicts of one action. */
export function conflictViews(
  conflicts: readonly UndoConflict[],
  actionId: string,
  ledger: Ledger,
): readonly UndoConflictView[] {
  return conflicts.map(({ by, isUnbroken: _, ...rest }) => {
    const last = by.at(-1)
    const writer = last === undefined ? undefined : ledger.record(last)
    return {
      ...rest,
      actionId,
      changedBy:
        writer === undefined
          ? null
          : {
              actionId: writer.action.id,
              actor: writer.action.requestedBy ?? 'controller',
              resource: keyText(writer.action.resource),
              summary: writer.action.summary,
              at: isoOf(writer.changedAtMs),
            },
    }
  })
}
