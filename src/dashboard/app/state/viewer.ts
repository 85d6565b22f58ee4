/** Who looks at the page, and what they may do. Buttons that would be refused are not shown. */
import { signal } from '@preact/signals'

export interface Viewer {
  readonly subject: string
  readonly role: string
  readonly permissions: readonly string[]
}

export const viewer = signal<Viewer | undefined>(undefined)

export function may(permission: string): boolean {
  return viewer.value?.permissions.includes(permission) === true
}
