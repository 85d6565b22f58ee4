import type { Workspace } from './workspace.ts'

/** Lets an erased person be written again, and journals who said so. False when there is nothing to lift under that id. */
export function liftSuppression(
  { suppressions, journal }: Pick<Workspace, 'suppressions' | 'journal'>,
  request: { readonly id: string; readonly reason: string; readonly actor: string; readonly atMs: number },
): boolean {
  const { id, reason, actor, atMs } = request
  const lifted = suppressions.lift(id, { by: actor, reason, atMs })
  if (lifted) journal.append([{ type: 'suppression.lifted', actor, actionId: id, body: { reason } }])
  return lifted
}
