/**
 * Who a declared reverse proxy says comes: by a signed token that it passes on, or by plain headers, which are believed from
 * its own addresses alone. Nothing is allowed that is not declared: a person whom no grant fits is refused.
 */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Clock } from '../../clock.ts'
import type { DesiredState } from '../../desired/schema.ts'
import { messageOf } from '../../errors.ts'
import { type FetchKeys, KeysUnavailable, openKeySet } from './key-set.ts'
import type { Role, Viewer } from './permissions.ts'

type Proxy = NonNullable<DesiredState['access']['proxy']>
type Jwt = NonNullable<Proxy['jwt']>
type Headers = Readonly<Record<string, string | string[] | undefined>>

export type ProxyAnswer =
  /** The request carries nothing of a proxy: a token or a cookie may say who it is. */
  | { readonly is: 'none' }
  | { readonly is: 'viewer'; readonly viewer: Viewer; readonly untilMs: number }
  | { readonly is: 'refused'; readonly status: 401 | 403 | 503; readonly message: string; readonly reason: string }

export interface ProxyIdentity {
  /** @param isFromProxy whether the connection comes from a declared address. */
  viewerOf(headers: Headers, isFromProxy: boolean, roles: ReadonlyMap<string, Role>): Promise<ProxyAnswer>
}

const none: ProxyAnswer = { is: 'none' }
/** Who is known by plain headers is known for this one request; a stream that it opens ends after a while. */
const headersHoldMs = 3_600_000
/** Larger ones are passed on by no proxy. */
const tokenLengthMax = 16_384

/** @param pathOf where a declared path leads. */
export function createProxyIdentity(
  proxy: Proxy | undefined,
  ports: { readonly clock: Clock; readonly pathOf: (file: string) => string; readonly fetchKeys?: FetchKeys },
): ProxyIdentity {
  const { clock, pathOf, fetchKeys = fetch } = ports
  if (proxy === undefined) return { viewerOf: async () => none }
  const { jwt, headers: plain } = proxy

  function granted({ subject, groups, untilMs }: Person, roles: ReadonlyMap<string, Role>): ProxyAnswer {
    const grant = proxy?.roles.find((one) =>
      one.group === undefined ? one.subject?.toLowerCase() === subject.toLowerCase() : groups.includes(one.group),
    )
    const role = grant === undefined ? undefined : roles.get(grant.role)
    if (role === undefined || role.can.size === 0)
      return refused(
        403,
        'You are known, but nothing is granted to you here; ask who keeps `access.proxy.roles`.',
        'no role',
      )
    return { is: 'viewer', untilMs, viewer: { subject, role, tokenId: `proxy:${subject.toLowerCase()}`, via: 'proxy' } }
  }

  const keys = jwt === undefined ? undefined : openKeySet(jwt.keys, pathOf, fetchKeys)
  return {
    async viewerOf(headers, isFromProxy, roles) {
      if (jwt !== undefined && keys !== undefined) {
        const token = tokenOf(headers[jwt.header])
        if (token === undefined) return none
        const person = await personOfToken(token, jwt, keys, clock)
        return 'status' in person ? person : granted(person, roles)
      }
      if (plain === undefined || !isFromProxy) return none
      const given = one(headers[plain.subject])?.trim()
      if (given === undefined || given === '') return none
      if (!isSubject(given)) return refused(401, 'The proxy says no name that can be one.', 'a subject that is none')
      const listed = plain.groups === undefined ? undefined : one(headers[plain.groups])
      const groups = listed?.split(',').map((group) => group.trim()) ?? []
      return granted({ subject: given, groups, untilMs: clock.nowMs() + headersHoldMs }, roles)
    },
  }
}

interface Person {
  readonly subject: string
  readonly groups: readonly string[]
  readonly untilMs: number
}

/** A header that was sent twice says nothing. */
function one(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Undefined where there is none: also where the header holds a token of Trueup. */
function tokenOf(header: string | string[] | undefined): string | undefined {
  const token = one(header)
    ?.replace(/^Bearer /i, '')
    .trim()
  return token === undefined || token === '' || token.startsWith('trueup_') ? undefined : token
}

async function personOfToken(token: string, jwt: Jwt, keys: JWTVerifyGetKey, clock: Clock) {
  if (token.length > tokenLengthMax) return refused(401, notValid, 'it is too long')
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...jwt.algorithms],
      issuer: jwt.issuer,
      audience: [...jwt.audience],
      clockTolerance: jwt.clockSkew / 1000,
      currentDate: new Date(clock.nowMs()),
      requiredClaims: ['exp'],
    })
    return personIn(payload, jwt)
  } catch (error) {
    if (error instanceof KeysUnavailable)
      return refused(
        503,
        'Who you are cannot be checked now: the keys of the sign-in are not to be had.',
        error.message,
      )
    if (error instanceof errors.JWKSTimeout)
      return refused(503, 'The keys of the sign-in do not arrive in time.', error.message)
    if (error instanceof errors.JOSEError) return refused(401, notValid, `${error.code}: ${error.message}`)
    // Whatever else it throws at hostile bytes: nobody comes in by it.
    return refused(401, notValid, messageOf(error))
  }
}

const notValid = 'The token of the sign-in is not valid here, or no more; sign in again.'

function personIn(payload: JWTPayload, jwt: Jwt): Person | Extract<ProxyAnswer, { is: 'refused' }> {
  const subject = claimOf(payload, jwt.subject)
  if (typeof subject !== 'string' || !isSubject(subject)) return refused(401, notValid, `no claim ${jwt.subject}`)
  // Providers that let people type any address say so.
  if (jwt.subject === 'email' && payload.email_verified !== undefined && payload.email_verified !== true)
    return refused(401, 'Your e-mail address is not verified.', 'email_verified is not true')
  const groups = claimOf(payload, jwt.groups)
  const listed = typeof groups === 'string' ? [groups] : Array.isArray(groups) ? groups.filter(isText) : []
  return { subject, groups: listed, untilMs: (payload.exp ?? 0) * 1000 + jwt.clockSkew }
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** A claim by its name; where there is none, dots lead into objects, as in `realm_access.roles`. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name]
  return name.split('.').reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    return Object.getOwnPropertyDescriptor(value, step)?.value
  }, payload)
}

/** The name goes into the record: text without control characters, of a length that a name has. */
function isSubject(text: string): boolean {
  return /^[^\p{C}\s][^\p{C}]{0,199}$/u.test(text)
}

function refused(status: 401 | 403 | 503, message: string, reason: string) {
  return { is: 'refused', status, message, reason } as const
}
