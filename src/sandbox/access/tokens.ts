/** Who may do what: the tokens that the sandbox knows, and the people behind them. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { refusals } from '../http/refusal.ts'

export interface SandboxUser {
  readonly id: string
  readonly email: string
  readonly name: string
}

/** Scopes of a personal access token [D]. */
const scopes = [
  'data.records:read',
  'data.records:write',
  'schema.bases:read',
  'schema.bases:write',
  'webhook:manage',
  'user.email:read',
] as const
export type Scope = (typeof scopes)[number]

/** What the person may do in a base, weakest first [D]. */
const permissionLevels = ['none', 'read', 'comment', 'edit', 'create'] as const
export type PermissionLevel = (typeof permissionLevels)[number]

export interface TokenProfile {
  readonly token: string
  readonly user: SandboxUser
  readonly scopes: readonly Scope[]
  readonly permissionLevel: PermissionLevel
  /** Base ids it reaches. */
  readonly bases: 'all' | readonly string[]
  readonly revoked: boolean
  /** Metadata of a base answers 404 NOT_FOUND, as for API keys without access to the metadata API in 2022 [R]. */
  readonly metadataHidden: boolean
}

const sandboxUser: SandboxUser = {
  id: 'usrSandboxOwner00',
  email: 'owner@sandbox.invalid',
  name: 'Sandbox Owner',
}
/** The person at the sandbox's own page. */
export const pageUser: SandboxUser = {
  id: 'usrSandboxPage000',
  email: 'colleague@sandbox.invalid',
  name: 'Sandbox Colleague',
}

const everything = {
  user: sandboxUser,
  scopes,
  permissionLevel: 'create',
  bases: 'all',
  revoked: false,
  metadataHidden: false,
} as const satisfies Omit<TokenProfile, 'token'>

/** A token that may do everything but what is overridden. */
export function tokenProfile(token: string, overrides: Partial<Omit<TokenProfile, 'token'>> = {}): TokenProfile {
  return { ...everything, ...overrides, token }
}

/** Ready-made restrictions: `tokenProfile('patReader', tokenRestrictions.readOnly)`. */
export const tokenRestrictions = {
  /** The token lacks the writing scopes: 403 INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND. */
  readOnlyScopes: { scopes: ['data.records:read', 'schema.bases:read'] },
  /** The person may only read: 403 INVALID_PERMISSIONS. */
  readOnly: { permissionLevel: 'read' },
  /** May write records, but neither read nor change the schema. */
  noSchema: { scopes: ['data.records:read', 'data.records:write', 'webhook:manage'] },
  noWebhook: { scopes: ['data.records:read', 'data.records:write', 'schema.bases:read', 'schema.bases:write'] },
  revoked: { revoked: true },
} as const satisfies Record<string, Partial<Omit<TokenProfile, 'token'>>>

/** The tokens by name. Without a list, every token that is not empty may do everything. */
export class TokenBook {
  readonly #profiles: Map<string, TokenProfile>
  readonly #anyone: boolean

  constructor(profiles: readonly TokenProfile[] | undefined) {
    this.#profiles = new Map((profiles ?? []).map((profile) => [profile.token, profile]))
    this.#anyone = profiles === undefined
  }

  /** Adds or replaces a token. */
  set(profile: TokenProfile): void {
    this.#profiles.set(profile.token, profile)
  }

  /** @throws ApiRefusal 401 for a missing, unknown or revoked token. */
  authenticate(authorization: string | undefined): TokenProfile {
    const token = bearerOf(authorization)
    const known = token === undefined ? undefined : this.#profiles.get(token)
    if (known !== undefined && !known.revoked) return known
    if (known === undefined && this.#anyone && token !== undefined) return tokenProfile(token)
    throw refusals.authenticationRequired()
  }
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1]
}

/** Compares two secrets in constant time. */
export function sameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** @throws ApiRefusal 403 when the token lacks the scope. */
export function demandScope(profile: TokenProfile, scope: Scope): void {
  if (!profile.scopes.includes(scope)) throw refusals.notFoundOrNotPermitted()
}

/** @throws ApiRefusal 403 "You are not permitted …" when the person's level in the base is too low. */
export function demandLevel(profile: TokenProfile, level: PermissionLevel, what?: string): void {
  if (permissionLevels.indexOf(profile.permissionLevel) < permissionLevels.indexOf(level))
    throw refusals.notPermitted(what)
}
