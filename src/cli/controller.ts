/** Commands that change something go through the API of the controller that runs on the workspace, if one does. */
import type { UndoResult } from '../engine/undo-request.ts'
import type { JsonObject } from '../json.ts'

/** What became of one id. */
export interface Answered {
  readonly id: string
  readonly is: 'done' | 'refused'
  readonly message: string
}

export interface Controller {
  readonly address: string
  approve(ids: readonly string[], comment: string | undefined): Promise<readonly Answered[]>
  reject(ids: readonly string[], reason: string): Promise<readonly Answered[]>
  undo(id: string): Promise<readonly UndoResult[]>
  /** Asks for a look at all, and waits until it has settled. */
  query(text: string, variables: JsonObject): Promise<unknown>
}
export const controllerOf = async (_options: unknown): Promise<Controller | undefined> => undefined
