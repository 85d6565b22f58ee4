/** Who may use the API, and how they show who they are. */
import { z } from 'zod'
import { durationSchema, fieldNameSchema, nameSchema, pathSchema } from './scalars.ts'

const headerNameSchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'must be the name of a header, such as X-Auth-Request-Email')
  .refine(
    (name) => !['cookie', 'host', 'origin', 'x-forwarded-for'].includes(name.toLowerCase()),
    'has a meaning of its own; choose another header',
  )
  .transform((name) => name.toLowerCase())

const claimSchema = z
  .string()
  .min(1, 'must name a claim')
  .max(200)
  .meta({ examples: ['email', 'realm_access.roles'] })

/** Signatures that only the maker of the tokens can make: with a shared secret, whoever checks could make them, too. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const

const keysSchema = z.union(
  [
    z.strictObject({
      url: z
        .string()
        .regex(
          /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])[^\s]*$/,
          'must be an https address; http only on this machine',
        )
        .meta({
          description: 'Where the provider shows its key set (JWKS).',
          examples: ['https://login.example.com/.well-known/jwks.json'],
        }),
    }),
    z.strictObject({
      file: pathSchema.describe('A key set (JWKS) in a file of the workspace; read anew when it changes.'),
    }),
  ],
  'must be { url } or { file }',
)

const jwtSchema = z.strictObject({
  header: headerNameSchema
    .prefault('Authorization')
    .describe('The header that holds the token; `Bearer ` before it is taken off.'),
  keys: keysSchema.describe('The public keys that tokens are checked with.'),
  issuer: z.string().min(1, 'must not be empty').describe('What the claim `iss` must be.'),
  audience: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)], 'must be a text or a list of texts')
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .describe('What the claim `aud` must hold one of.'),
  algorithms: z
    .array(z.enum(algorithms))
    .min(1, 'must name at least one')
    .prefault(['RS256', 'ES256'])
    .describe('The signatures that are taken. Shared secrets (HS256) and `none` never are.'),
  clockSkew: durationSchema
    .refine((ms) => ms <= 300_000, 'must be at most 5m')
    .prefault('30s')
    .describe('How far the clocks of provider and machine may differ.'),
  subject: claimSchema.prefault('sub').describe('The claim that says who it is.'),
  groups: claimSchema.prefault('groups').describe('The claim that lists the groups of the person; dots go into it.'),
})

const headersSchema = z.strictObject({
  subject: headerNameSchema.describe('The header in which the proxy says who it is.'),
  groups: headerNameSchema.describe('The header in which it lists their groups, with commas between.').optional(),
})

const grantSchema = z
  .strictObject({
    group: z.string().min(1, 'must not be empty').describe('Who is in this group.').optional(),
    subject: z.string().min(1, 'must not be empty').describe('This person alone.').optional(),
    role: nameSchema.describe('The role that they have.'),
  })
  .refine((grant) => (grant.group === undefined) !== (grant.subject === undefined), 'must have either group or subject')

const proxySchema = z
  .strictObject({
    addresses: z
      .array(z.string().regex(/^[0-9A-Fa-f:.]+(\/\d{1,3})?$/, 'must be an address or a network such as 10.0.0.0/8'))
      .default([])
      .meta({
        description:
          'Where the proxy connects from. What it says in `X-Forwarded-For` and in `headers` is believed; nobody else.',
        examples: [['127.0.0.1', '10.0.0.0/8']],
      }),
    jwt: jwtSchema.describe('A signed token (OIDC) that the proxy passes on.').optional(),
    headers: headersSchema
      .describe('Plain headers of a proxy that lets nobody else set them; believed from `addresses` alone.')
      .optional(),
    roles: z
      .array(grantSchema)
      .default([])
      .describe('Who has which role; the first that fits counts. Whom none fits is refused.'),
  })
  .refine(
    (proxy) => proxy.jwt === undefined || proxy.headers === undefined,
    'must have either jwt or headers, not both',
  )

export const accessSchema = z.strictObject({
  tokens: z
    .strictObject({
      file: pathSchema.default('.trueup/tokens.json').describe('The file that holds the hashes of the tokens.'),
    })
    .prefault({})
    .describe('API tokens; only their hashes are stored.'),
  roles: z
    .record(
      nameSchema,
      z.strictObject({
        can: z
          .array(
            z
              .string()
              .regex(
                /^[a-z][a-zA-Z-]*\.([a-z][a-zA-Z-]*|\*)$/,
                'must be a right such as leads.read, or leads.* for all of a kind',
              ),
          )
          .meta({ description: 'What the role may do.', examples: [['leads.read']] }),
        unmasked: z
          .array(fieldNameSchema)
          .default([])
          .describe('Fields with personal data that the role sees in full.'),
      }),
    )
    .default({})
    .describe('Roles besides viewer, editor, operator, approver and admin, which are built in.'),
  publicUrl: z
    .string()
    .regex(
      /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?\/?$/,
      'must be an address without a path, such as https://leads.example.com',
    )
    .transform((text) => text.replace(/\/$/, '').toLowerCase())
    .meta({
      description:
        'The address that people use, where a reverse proxy stands before Trueup. Its name is answered to; where it is https, cookies are `Secure`.',
      examples: ['https://leads.example.com'],
    })
    .optional(),
  proxy: proxySchema.describe('A reverse proxy that says who comes.').optional(),
  persistedOperations: z
    .strictObject({
      file: pathSchema.describe(
        'A JSON file of the operations: `{ "SHA-256": "text" }`, or a manifest of Apollo or Relay. It is read anew when it changes.',
      ),
    })
    .describe(
      'Who lacks `schema.read` may run these operations, those of the dashboard and those of the REST paths, and no others. Left out: any operation.',
    )
    .optional(),
})
