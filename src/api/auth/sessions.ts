/** Sessions of browsers: kept in memory only, bound to a token, gone with it. Opened by a one-time code or a token. */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'

export interface Sessions {
  /** A code that opens one session of the token within ten minutes. */
  issueCode(tokenId: string): string
  /** The token of a code, once; undefined for a wrong, used or old one. */
  redeem(code: string): string | undefined
  /** Opens a session; the value of its cookie. */
  open(tokenId: string): string
  /** The token of a session that is still open. */
  tokenOf(cookie: string): string | undefined
  close(cookie: string): void
}

const codeLifeMs = 600_000
/** A session ends this long after it was opened. */
export const sessionLifeMs = 43_200_000
const sessionsMax = 1000

/** Only hashes are kept, so that a dump of the memory's maps opens nothing, and a look-up tells nothing by its time. */
function named(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function createSessions(clock: Clock): Sessions {
  const codes = new Map<string, { readonly tokenId: string; readonly untilMs: number }>()
  const sessions = new Map<string, { readonly tokenId: string; readonly untilMs: number }>()
  const add = (map: typeof sessions, tokenId: string, lifeMs: number): string => {
    const secret = randomBytes(32).toString('base64url')
    for (const [name, { untilMs }] of map) if (untilMs <= clock.monotonicMs()) map.delete(name)
    const [oldest] = map.keys()
    if (map.size >= sessionsMax && oldest !== undefined) map.delete(oldest)
    map.set(named(secret), { tokenId, untilMs: clock.monotonicMs() + lifeMs })
    return secret
  }
  const find = (map: typeof sessions, secret: string): string | undefined => {
    const found = map.get(named(secret))
    return found !== undefined && found.untilMs > clock.monotonicMs() ? found.tokenId : undefined
  }
  return {
    issueCode: (tokenId) => add(codes, tokenId, codeLifeMs),
    redeem(code) {
      const tokenId = find(codes, code)
      codes.delete(named(code))
      return tokenId
    },
    open: (tokenId) => add(sessions, tokenId, sessionLifeMs),
    tokenOf: (cookie) => find(sessions, cookie),
    close: (cookie) => {
      sessions.delete(named(cookie))
    },
  }
}
