import { userInfo } from 'node:os'

/** The person at this terminal: by name, or by number (`local:uid-10001`) where the machine has no name for them, as in most containers. */
export function localActor(): string {
  return `local:${userName()}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch (error) {
    const isNameless = error instanceof Error && 'code' in error && error.code === 'ERR_SYSTEM_ERROR'
    const uid = process.getuid?.()
    if (!isNameless || uid === undefined) throw error
    return `uid-${uid}`
  }
}
