/** The people who made and changed records. */
import type { SandboxUser } from '../access/tokens.ts'
import type { SandboxDatabase } from './open.ts'

export class UserStore {
  readonly #database: SandboxDatabase

  constructor(database: SandboxDatabase) {
    this.#database = database
  }

  remember(user: SandboxUser): void {
    this.#database
      .prepare(
        `INSERT INTO users (id, email, name) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name
         WHERE email <> excluded.email OR name <> excluded.name`,
      )
      .run(user.id, user.email, user.name)
  }

  find(idOrEmail: string): SandboxUser | undefined {
    return this.#database
      .prepare<[string, string], SandboxUser>('SELECT id, email, name FROM users WHERE id = ? OR email = ? LIMIT 1')
      .get(idOrEmail, idOrEmail)
  }
}
