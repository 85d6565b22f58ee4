/** Who asks, and the tokens of the workspace. */
import type { Auth } from '../auth/auth.ts'
import { actorOf, beyond, permissions, scopedRole, type Viewer } from '../auth/permissions.ts'
import type { TokenRecord } from '../auth/tokens.ts'
import type { EnginePort } from '../ports.ts'
import { type Builder, forAnyone, refusal, requires } from './builder.ts'
import type { ApiContext } from './context.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { hasTag, type Results } from './results.ts'

export function addAccess(builder: Builder, engine: EnginePort, auth: Auth, results: Results) {
  const ViewerRef = builder.objectRef<Viewer>('Viewer').implement({
    description: 'Who asks.',
    fields: (t) => ({
      subject: t.exposeString('subject'),
      role: t.string({ resolve: ({ role }) => role.name }),
      permissions: t.field({
        type: ['String'],
        resolve: ({ role }) => permissions.filter((permission) => role.can.has(permission)),
      }),
    }),
  })
  const Token = builder.objectRef<TokenRecord>('Token').implement({
    description: 'A token without its secret.',
    fields: (t) => ({
      id: t.exposeID('id'),
      subject: t.exposeString('subject'),
      role: t.exposeString('role'),
      scope: t.field({
        type: ['String'],
        nullable: true,
        description: 'Which of the rights of its role it has; null for all.',
        resolve: ({ scope }) => scope,
      }),
      createdAt: t.field({ type: 'DateTime', resolve: (token) => token.createdAt }),
      expiresAt: t.field({ type: 'DateTime', nullable: true, resolve: (token) => token.expiresAt }),
      revokedAt: t.field({ type: 'DateTime', nullable: true, resolve: (token) => token.revokedAt }),
    }),
  })

  builder.queryFields((t) => ({
    viewer: t.field({
      ...forAnyone,
      description: 'Who asks: subject, role and permissions of the token.',
      type: ViewerRef,
      resolve: (_root, _args, { viewer }) => viewer,
    }),
    tokens: t.field({
      ...requires('tokens.manage'),
      description: 'All tokens, revoked ones too; the secret parts are stored nowhere.',
      type: [Token],
      resolve: () => [...auth.tokens.list()],
    }),
  }))

  const Created = builder
    .objectRef<{ is: 'token-created'; token: string; record: TokenRecord }>('TokenCreated')
    .implement({
      description: 'The token is shown this once.',
      isTypeOf: (value) => hasTag(value, 'token-created'),
      fields: (t) => ({
        token: t.exposeString('token'),
        record: t.field({ type: Token, resolve: (one) => one.record }),
      }),
    })
  const Revoked = builder.objectRef<{ is: 'token-revoked'; record: TokenRecord }>('TokenRevoked').implement({
    description: 'The token has ended.',
    isTypeOf: (value) => hasTag(value, 'token-revoked'),
    fields: (t) => ({ record: t.field({ type: Token, resolve: (one) => one.record }) }),
  })
  const Rotated = builder
    .objectRef<{ is: 'token-rotated'; token: string; record: TokenRecord; replaces: string }>('TokenRotated')
    .implement({
      description: 'The new token is shown this once; the old one holds for the overlap.',
      isTypeOf: (value) => hasTag(value, 'token-rotated'),
      fields: (t) => ({
        token: t.exposeString('token'),
        record: t.field({ type: Token, resolve: (one) => one.record }),
        replaces: t.exposeID('replaces'),
      }),
    })
  const CreateInput = builder.inputType('CreateTokenInput', {
    fields: (t) => ({
      subject: t.string({
        required: true,
        description: 'The person or program; approvals by two tokens of one subject count as one.',
        validate: { regex: /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/ },
      }),
      role: t.string({ required: true }),
      scope: t.stringList({
        description: 'Which of the rights of its role it has, such as `leads.read` or `state.*`; left out: all.',
        validate: { minLength: 1, maxLength: permissions.length },
      }),
      expiresInDays: t.int({ validate: { min: 1, max: 3650 } }),
    }),
  })
  const RotateInput = builder.inputType('RotateTokenInput', {
    fields: (t) => ({
      id: t.id({ required: true }),
      overlapHours: t.int({ defaultValue: 24, description: 'How long both hold.', validate: { min: 0, max: 720 } }),
    }),
  })
  const RevokeInput = builder.inputType('RevokeTokenInput', { fields: (t) => ({ id: t.id({ required: true }) }) })

  /** Throws Forbidden where the token could do more than who makes it. */
  function assertGrantable(context: ApiContext, roleName: string, scope: readonly string[] | null): void {
    const role = auth.roles().get(roleName)
    const more = role === undefined ? [] : beyond(context.viewer.role, scopedRole(role, scope))
    if (more.length > 0) throw refusal(context, `giving ${more.join(', ')}, which it has not itself`)
  }
  const noToken = (id: string) => ({ is: 'not-found' as const, message: `There is no valid token ${id}.` })

  builder.mutationFields((t) => ({
    createToken: t.errorUnionField({
      ...requires('tokens.manage'),
      description: 'Of a role that may do no more than who asks.',
      types: [Created, ForbiddenError, InputInvalidError],
      union: { name: 'CreateTokenResult' },
      args: { input: t.arg({ type: CreateInput, required: true }) },
      resolve: async (_root, { input: { subject, role, scope, expiresInDays } }, context) => {
        if (!auth.roles().has(role)) {
          const known = [...auth.roles().keys()].join(', ')
          throw new InputInvalidError([{ path: ['input', 'role'], message: `is no role; there are ${known}` }])
        }
        const unknown = scope?.find((right) => !isRight(right))
        if (unknown !== undefined) {
          const message = `names ${unknown}, which is no right; there are ${permissions.join(', ')}`
          throw new InputInvalidError([{ path: ['input', 'scope'], message }])
        }
        assertGrantable(context, role, scope ?? null)
        const expiresInMs = expiresInDays == null ? undefined : expiresInDays * 86_400_000
        const created = auth.tokens.create({ subject, role, expiresInMs, scope: scope ?? undefined })
        await note('created', created.record, context)
        return { is: 'token-created' as const, ...created }
      },
    }),
    rotateToken: t.errorUnionField({
      ...requires('tokens.manage'),
      description:
        'Makes another token of the same subject, role, scope and length of life, and ends the old one after the overlap.',
      types: [Rotated, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: 'RotateTokenResult' },
      args: { input: t.arg({ type: RotateInput, required: true }) },
      resolve: async (_root, { input: { id, overlapHours } }, context) => {
        const old = auth.tokens.valid(id)
        if (old === undefined) return noToken(id)
        assertGrantable(context, old.role, old.scope)
        const made = auth.tokens.rotate(id, (overlapHours ?? 24) * 3_600_000)
        if (made === undefined) return noToken(id)
        await note('rotated', made.record, context)
        return { is: 'token-rotated' as const, ...made, replaces: id }
      },
    }),
    revokeToken: t.errorUnionField({
      ...requires('tokens.manage'),
      description: 'Ends a token at once, with the sessions that it opened.',
      types: [Revoked, results.NotFound, ForbiddenError],
      union: { name: 'RevokeTokenResult' },
      args: { input: t.arg({ type: RevokeInput, required: true }) },
      resolve: async (_root, { input: { id } }, context) => {
        const record = auth.tokens.revoke(id)
        if (record === undefined) return { is: 'not-found' as const, message: `There is no token ${id}.` }
        await note('revoked', record, context)
        return { is: 'token-revoked' as const, record }
      },
    }),
  }))

  function note(is: 'created' | 'rotated' | 'revoked', { id, subject, role }: TokenRecord, { viewer }: ApiContext) {
    return engine.recordTokenChange({ is, tokenId: id, subject, role, actor: actorOf(viewer) })
  }
}

/** Whether a text names a right, or all of a noun. */
function isRight(text: string): boolean {
  return permissions.some((permission) => permission === text || `${permission.split('.')[0]}.*` === text)
}
