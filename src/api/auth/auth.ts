/** Who sends a request: a bearer token, or the cookie of a signed-in browser. */
import type { Clock } from '../../clock.ts'
import type { DesiredState } from '../../desired/schema.ts'
import { type Role, rolesOf, scopedRole, type Viewer } from './permissions.ts'
import { createSessions } from './sessions.ts'
import type { TokenRecord, TokenStore } from './tokens.ts'

export const sessionCookie = 'trueup_session'

export interface Auth {
  readonly tokens: TokenStore
  /** Puts the declared roles of a generation in force; they count for requests already signed in. */
  declare(access: DesiredState['access']): void
  /** What is declared of access now. */
  access(): DesiredState['access']
  roles(): ReadonlyMap<string, Role>
  /** Undefined where the request carries nothing valid. A role that no longer exists allows nothing. */
  viewerOf(headers: {
    readonly authorization?: string | undefined
    readonly cookie?: string | undefined
  }): Viewer | undefined
  /** The path and query of a one-time sign-in for a browser. */
  signInPath(tokenId: string): string
  /** Opens a session for a one-time code or a token; its cookie value, and whose it is. */
  signIn(
    credential: { readonly code: string } | { readonly token: string },
  ): { readonly session: string; readonly viewer: Viewer } | undefined
  signOut(cookieHeader: string | undefined): void
}

/** Opens authentication over a token store. */
export function createAuth(tokens: TokenStore, access: DesiredState['access'], clock: Clock): Auth {
  const sessions = createSessions(clock)
  let declared = access
  let roles = rolesOf(access)

  function viewer(record: TokenRecord | undefined, via: Viewer['via']): Viewer | undefined {
    if (record === undefined) return undefined
    const role = roles.get(record.role) ?? { name: record.role, can: new Set(), unmasked: new Set() }
    return { subject: record.subject, role: scopedRole(role, record.scope), tokenId: record.id, via }
  }

  return {
    tokens,
    declare(next) {
      declared = next
      roles = rolesOf(next)
    },
    access: () => declared,
    roles: () => roles,
    viewerOf({ authorization, cookie }) {
      if (authorization !== undefined) {
        const token = /^Bearer ([A-Za-z0-9_-]{10,200})$/i.exec(authorization)?.[1]
        return token === undefined ? undefined : viewer(tokens.verify(token), 'token')
      }
      const session = cookieValue(cookie)
      const tokenId = session === undefined ? undefined : sessions.tokenOf(session)
      return tokenId === undefined ? undefined : viewer(tokens.valid(tokenId), 'session')
    },
    signInPath: (tokenId) => `/sign-in?code=${sessions.issueCode(tokenId)}`,
    signIn(credential) {
      const record =
        'code' in credential ? tokens.valid(sessions.redeem(credential.code) ?? '') : tokens.verify(credential.token)
      const signedIn = viewer(record, 'session')
      return signedIn === undefined ? undefined : { session: sessions.open(signedIn.tokenId), viewer: signedIn }
    },
    signOut(cookieHeader) {
      const session = cookieValue(cookieHeader)
      if (session !== undefined) sessions.close(session)
    },
  }
}

function cookieValue(header: string | undefined): string | undefined {
  return new RegExp(`(?:^|;\\s*)${sessionCookie}=([A-Za-z0-9_-]+)`).exec(header ?? '')?.[1]
}
