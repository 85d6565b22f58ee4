/** Calls of each workspace and month. */
import type { SandboxDatabase } from './open.ts'

export class UsageStore {
  readonly #database: SandboxDatabase

  constructor(database: SandboxDatabase) {
    this.#database = database
  }

  calls(workspaceId: string, month: string): number {
    const row = this.#database
      .prepare<[string, string], { calls: number }>('SELECT calls FROM usage WHERE workspace_id = ? AND month = ?')
      .get(workspaceId, month)
    return row?.calls ?? 0
  }

  add(workspaceId: string, month: string): void {
    this.#database
      .prepare(
        `INSERT INTO usage (workspace_id, month, calls) VALUES (?, ?, 1)
         ON CONFLICT (workspace_id, month) DO UPDATE SET calls = calls + 1`,
      )
      .run(workspaceId, month)
  }
}
