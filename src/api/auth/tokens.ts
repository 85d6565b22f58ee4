/**
 * The tokens of a workspace, kept in one private file that holds only hashes. A token is shown once, when it is made; a
 * revoked or expired one is refused at once, also when another process revoked it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { type Clock, isoOf } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'

const tokenSchema = z.strictObject({
  id: z.string(),
  /** SHA-256 of the whole token, hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  subject: z.string(),
  role: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  revokedAt: z.iso.datetime().nullable(),
  /** Which of its role's rights it has, such as `leads.read`; null for all. */
  scope: z.array(z.string()).nullable().default(null),
})
const fileSchema = z.strictObject({ version: z.literal(1), tokens: z.array(tokenSchema) })

/** A token without its secret. */
export type TokenRecord = Omit<z.output<typeof tokenSchema>, 'hash'>
type StoredToken = z.output<typeof tokenSchema>

export interface NewToken {
  /** Shown once. */
  readonly token: string
  readonly record: TokenRecord
}

export interface TokenStore {
  /** The token's record while it is valid; undefined for one that is unknown, expired or revoked. */
  verify(token: string): TokenRecord | undefined
  /** The record of a token that is still valid, by id. */
  valid(id: string): TokenRecord | undefined
  create(request: {
    subject: string
    role: string
    expiresInMs?: number | undefined
    scope?: readonly string[] | undefined
  }): NewToken
  /**
   * Another token for the same subject, role, scope and length of life. The old one ends `overlapMs` from now, or when it
   * would have ended anyway. Undefined for one that is unknown, expired or revoked.
   */
  rotate(id: string, overlapMs: number): NewToken | undefined
  /** Undefined when there is none with that id. Revoking twice changes nothing. */
  revoke(id: string): TokenRecord | undefined
  list(): readonly TokenRecord[]
  /**
   * Makes the first admin token if there is no valid one and writes it to `admin.token` (0600) beside the file. Gives
   * its record, and whether it was made now.
   */
  ensureAdminToken(): { readonly record: TokenRecord; readonly path: string; readonly created: boolean }
}

const prefix = 'trueup'
/** The hash of no token. */
const noHash = '0'.repeat(64)

function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Compares two SHA-256 of 32 bytes, in the same time wherever they differ. Throws for what is none. */
export function sameHash(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(one, other)
}

/** Opens the store on a file that need not exist yet; `same` is what hashes are compared by. Throws OperationalError USAGE when the file is not one of tokens. */
export function openTokens(path: string, clock: Clock, same: typeof sameHash = sameHash): TokenStore {
  let known: { readonly stamp: string; readonly tokens: ReadonlyMap<string, StoredToken> } | undefined

  function load(): ReadonlyMap<string, StoredToken> {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    const stamp = stat === undefined ? 'absent' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`
    if (known?.stamp === stamp) return known.tokens
    const tokens = stat === undefined ? [] : parse(readFileSync(path, 'utf8'))
    known = { stamp, tokens: new Map(tokens.map((token) => [token.id, token])) }
    return known.tokens
  }

  function parse(text: string): readonly StoredToken[] {
    let content: unknown
    try {
      content = JSON.parse(text)
    } catch {
      content = undefined
    }
    const parsed = fileSchema.safeParse(content)
    if (parsed.success) return parsed.data.tokens
    throw new OperationalError('USAGE', `${path} is no file of tokens.`, {
      hint: 'Move it away; a new admin token is made at the next start, and other tokens must be made again.',
    })
  }

  function save(tokens: Iterable<StoredToken>): void {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writePrivate(path, `${JSON.stringify({ version: 1, tokens: [...tokens] }, null, 2)}\n`)
    known = undefined
  }

  function isValid(token: StoredToken): boolean {
    const expired = token.expiresAt !== null && Date.parse(token.expiresAt) <= clock.nowMs()
    return token.revokedAt === null && !expired
  }

  function mint({ subject, role, expiresInMs, scope }: Parameters<TokenStore['create']>[0]) {
    const id = randomBytes(6).toString('hex')
    const token = `${prefix}_${id}_${randomBytes(32).toString('base64url')}`
    const stored: StoredToken = {
      id,
      hash: hashOfToken(token),
      subject,
      role,
      createdAt: isoOf(clock.nowMs()),
      expiresAt: expiresInMs === undefined ? null : isoOf(clock.nowMs() + expiresInMs),
      revokedAt: null,
      scope: scope === undefined ? null : [...scope],
    }
    return { token, stored }
  }

  const adminPath = join(dirname(path), 'admin.token')
  /** The token that `admin.token` holds, while it is valid. */
  const writtenToken = (): TokenRecord | undefined =>
    existsSync(adminPath) ? store.verify(readFileSync(adminPath, 'utf8').trim()) : undefined

  const store: TokenStore = {
    verify(token) {
      const [name, id] = token.split('_')
      const found = name === prefix && id !== undefined ? load().get(id) : undefined
      // An unknown id takes the same work as a known one, so that time does not tell which ids there are.
      const isSame = same(Buffer.from(found?.hash ?? noHash, 'hex'), Buffer.from(hashOfToken(token), 'hex'))
      return isSame && found !== undefined && isValid(found) ? recordOf(found) : undefined
    },
    valid(id) {
      const found = load().get(id)
      return found !== undefined && isValid(found) ? recordOf(found) : undefined
    },
    create(request) {
      const made = mint(request)
      save([...load().values(), made.stored])
      return { token: made.token, record: recordOf(made.stored) }
    },
    rotate(id, overlapMs) {
      const old = load().get(id)
      if (old === undefined || !isValid(old)) return undefined
      const { subject, role, scope, createdAt, expiresAt } = old
      const expiresInMs = expiresAt === null ? undefined : Date.parse(expiresAt) - Date.parse(createdAt)
      const made = mint({ subject, role, expiresInMs, ...(scope === null ? {} : { scope }) })
      const endsMs = Math.min(clock.nowMs() + overlapMs, expiresAt === null ? Infinity : Date.parse(expiresAt))
      const ending = { ...old, expiresAt: isoOf(endsMs) }
      const isAdmins = writtenToken()?.id === id
      save([...[...load().values()].map((token) => (token.id === id ? ending : token)), made.stored])
      if (isAdmins) writePrivate(adminPath, `${made.token}\n`)
      return { token: made.token, record: recordOf(made.stored) }
    },
    revoke(id) {
      const tokens = load()
      const found = tokens.get(id)
      if (found === undefined) return undefined
      const revoked = { ...found, revokedAt: found.revokedAt ?? isoOf(clock.nowMs()) }
      save([...tokens.values()].map((token) => (token.id === id ? revoked : token)))
      return recordOf(revoked)
    },
    list: () => [...load().values()].map(recordOf),
    ensureAdminToken() {
      const written = writtenToken()
      if (written?.role === 'admin') return { record: written, path: adminPath, created: false }
      const { token, record } = store.create({ subject: 'admin', role: 'admin' })
      writePrivate(adminPath, `${token}\n`)
      return { record, path: adminPath, created: true }
    },
  }
  return store
}

function recordOf({ hash: _hash, ...record }: StoredToken): TokenRecord {
  return record
}

/** Replaces a file in one step, so that a crash leaves the old or the new one; readable by its owner alone. */
function writePrivate(path: string, text: string): void {
  const draft = `${path}.${process.pid}.tmp`
  rmSync(draft, { force: true })
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true })
  chmodSync(draft, 0o600)
  renameSync(draft, path)
}
