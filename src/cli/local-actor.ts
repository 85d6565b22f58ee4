import { userInfo } from 'node:os'

/** The person at this terminal. */
export function localActor(): string {
  return `local:${userInfo().username}`
}
