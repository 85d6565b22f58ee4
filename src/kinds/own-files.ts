/**
 * Kinds that remember things in files of ours: trouble with such a file (a full disk, a damaged file) is told as what it
 * is, with the folder to look at, and never as a defect of the program.
 */
import type { Kind } from '../engine/kind.ts'
import type { JsonObject } from '../json.ts'
import { toDatabaseError } from '../targets/sqlite/database-error.ts'

/** The kind as it is, but errors that SQLite gives without a name of a file are those of our files in `folder`. */
export function namingOwnFiles<Spec extends JsonObject, State>(
  folder: string,
  kind: Kind<Spec, State>,
): Kind<Spec, State> {
  const named = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work()
    } catch (error) {
      throw toDatabaseError(error, folder)
    }
  }
  return {
    ...kind,
    observe: (resource, scope, context) => named(() => kind.observe(resource, scope, context)),
    checkpoint: (action, context) => named(() => kind.checkpoint(action, context)),
    apply: (action, context) => named(() => kind.apply(action, context)),
    probe: (action, context) => named(() => kind.probe(action, context)),
    planUndo: (action, context, rows) => named(() => kind.planUndo(action, context, rows)),
  }
}
