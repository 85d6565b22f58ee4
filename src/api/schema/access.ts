/** Who asks, and the tokens of the workspace. */
import type { Auth } from '../auth/auth.ts'
import { actorOf, permissions, type Viewer } from '../auth/permissions.ts'
import type { TokenRecord } from '../auth/tokens.ts'
import type { EnginePort } from '../ports.ts'
import { type Builder, forAnyone, requires } from './builder.ts'
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
      createdAt: t.field({ type: 'DateTime', resolve: (token) => token.createdAt }),
      expiresAt: t.field({ type: 'DateTime', nullable: true, resolve: (token) => token.expiresAt }),
      revokedAt: t.field({ type: 'DateTime', nullable: true, resolve: (token) => token.revokedAt }),
    }),
  })

  builder.queryFields((t) => ({
    viewer: t.field({ ...forAnyone, type: ViewerRef, resolve: (_root, _args, { viewer }) => viewer }),
    tokens: t.field({ ...requires('tokens.manage'), type: [Token], resolve: () => [...auth.tokens.list()] }),
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
    isTypeOf: (value) => hasTag(value, 'token-revoked'),
    fields: (t) => ({ record: t.field({ type: Token, resolve: (one) => one.record }) }),
  })
  const CreateInput = builder.inputType('CreateTokenInput', {
    fields: (t) => ({
      subject: t.string({
        required: true,
        description: 'The person or program; approvals by two tokens of one subject count as one.',
        validate: { regex: /^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/ },
      }),
      role: t.string({ required: true }),
      expiresInDays: t.int({ validate: { min: 1, max: 3650 } }),
    }),
  })
  const RevokeInput = builder.inputType('RevokeTokenInput', { fields: (t) => ({ id: t.id({ required: true }) }) })

  builder.mutationFields((t) => ({
    createToken: t.errorUnionField({
      ...requires('tokens.manage'),
      types: [Created, ForbiddenError, InputInvalidError],
      union: { name: 'CreateTokenResult' },
      args: { input: t.arg({ type: CreateInput, required: true }) },
      resolve: async (_root, { input: { subject, role, expiresInDays } }, { viewer }) => {
        if (!auth.roles().has(role)) {
          const known = [...auth.roles().keys()].join(', ')
          throw new InputInvalidError([{ path: ['input', 'role'], message: `is no role; there are ${known}` }])
        }
        const expiresInMs = expiresInDays == null ? undefined : expiresInDays * 86_400_000
        const created = auth.tokens.create({ subject, role, expiresInMs })
        await engine.recordTokenChange({
          is: 'created',
          tokenId: created.record.id,
          subject,
          role,
          actor: actorOf(viewer),
        })
        return { is: 'token-created' as const, ...created }
      },
    }),
    revokeToken: t.errorUnionField({
      ...requires('tokens.manage'),
      types: [Revoked, results.NotFound, ForbiddenError],
      union: { name: 'RevokeTokenResult' },
      args: { input: t.arg({ type: RevokeInput, required: true }) },
      resolve: async (_root, { input: { id } }, { viewer }) => {
        const record = auth.tokens.revoke(id)
        if (record === undefined) return { is: 'not-found' as const, message: `There is no token ${id}.` }
        const { subject, role } = record
        await engine.recordTokenChange({ is: 'revoked', tokenId: id, subject, role, actor: actorOf(viewer) })
        return { is: 'token-revoked' as const, record }
      },
    }),
  }))
}
