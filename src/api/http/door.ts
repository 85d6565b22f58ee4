/** Who may come in: by which name the server is spoken to, from where, and as whom. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { DesiredState } from '../../desired/schema.ts'
import type { Log } from '../../log.ts'
import type { Auth } from '../auth/auth.ts'
import type { FetchKeys } from '../auth/key-set.ts'
import type { Viewer } from '../auth/permissions.ts'
import { createProxyIdentity, type ProxyAnswer } from '../auth/proxy-identity.ts'
import { type Addresses, createAddresses } from './addresses.ts'
import { type HostRules, hostRules } from './hosts.ts'

/** Who asks, and until when that holds. */
export interface Visitor {
  readonly viewer: Viewer
  readonly isStillValid: () => boolean
}

export type Refusal = Extract<ProxyAnswer, { is: 'refused' }>

export interface DoorOptions {
  readonly auth: Auth
  readonly clock: Clock
  readonly log: Log
  /** Further names it answers to by plain http, with their ports. */
  readonly hosts?: readonly string[]
  readonly fetchKeys?: FetchKeys
}

export interface Door {
  readonly rules: HostRules
  readonly addresses: Addresses
  /** Whether the request came by the declared public https address. */
  isSecure(request: IncomingMessage): boolean
  /** Undefined for a stranger. */
  visitorOf(request: IncomingMessage): Promise<Visitor | Refusal | undefined>
}

/**
 * What of the declared access stands before any token.
 * @param bound where the server listens
 * @param isInForce whether this door still is the one that is asked
 */
export function openDoor(
  access: DesiredState['access'],
  bound: { readonly host: string; readonly port: number },
  { pathOf, ...options }: DoorOptions & { readonly pathOf: (file: string) => string },
  isInForce: (door: Door) => boolean,
): Door {
  const { auth, clock } = options
  const { publicUrl, proxy } = access
  const addresses = createAddresses(proxy?.addresses ?? [])
  const proxied = createProxyIdentity(proxy, { ...options, pathOf })
  const secureHost = publicUrl?.startsWith('https:') === true ? new URL(publicUrl).host : undefined

  /** A token of Trueup counts first; what a proxy says, before a cookie: it knows who sits there now. */
  async function visitorOf(request: IncomingMessage): Promise<Visitor | Refusal | undefined> {
    const { headers } = request
    const byToken =
      headers.authorization === undefined ? undefined : auth.viewerOf({ authorization: headers.authorization })
    if (byToken !== undefined) return { viewer: byToken, isStillValid: () => auth.viewerOf(headers) !== undefined }
    const answer = await proxied.viewerOf(headers, addresses.isProxy(request), auth.roles())
    if (answer.is === 'refused') return answer
    if (answer.is === 'viewer') {
      const { viewer, untilMs } = answer
      // Another generation may give them less: then they sign in anew, which their browser does by itself.
      return { viewer, isStillValid: () => clock.nowMs() < untilMs && isInForce(door) }
    }
    const viewer = auth.viewerOf(headers)
    return viewer === undefined ? undefined : { viewer, isStillValid: () => auth.viewerOf(headers) !== undefined }
  }

  const door: Door = {
    rules: hostRules(bound.host, bound.port, { publicUrl, hosts: options.hosts ?? [] }),
    addresses,
    isSecure: ({ headers }) => secureHost !== undefined && headers.host?.toLowerCase() === secureHost,
    visitorOf,
  }
  return door
}
