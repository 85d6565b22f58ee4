/**
 * The shape of `desired-state.yaml`. Section and key names are a contract with owners and never change; keys may be
 * added. Parsing normalizes: shorthands become objects, durations milliseconds, sizes bytes, percentages numbers.
 */
import { z } from 'zod'
import { fieldTypes } from '../values/field-type.ts'

const durationUnitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const sizeUnits = { B: 1, KB: 1000, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const

function unitOf<Units extends Record<string, number>>(units: Units, name: string | undefined): number {
  return units[name ?? ''] ?? 1
}

/** `30s`, `5m`, `24h`, `7d`: milliseconds. */
export const durationSchema = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d|w)$/, 'must be a duration such as 30s, 5m, 24h or 7d')
  .transform((text) => {
    const [, amount, unit] = /^([\d.]+)([a-z]+)$/.exec(text) ?? []
    return Math.round(Number(amount) * unitOf(durationUnitsMs, unit))
  })

/** `256MB`, `1GiB`: bytes. */
export const sizeSchema = z
  .string()
  .regex(/^\d+(\.\d+)?(B|KB|MB|GB|KiB|MiB|GiB)$/, 'must be a size such as 256MB or 1GiB')
  .transform((text) => {
    const [, amount, unit] = /^([\d.]+)([A-Za-z]+)$/.exec(text) ?? []
    return Math.round(Number(amount) * unitOf(sizeUnits, unit))
  })

/** `95%` or `95`: a number from 0 to 100. */
export const percentSchema = z
  .union([z.number(), z.string().regex(/^\d+(\.\d+)?%$/, 'must be a percentage such as 95%')])
  .transform((value) => (typeof value === 'number' ? value : Number(value.slice(0, -1))))
  .pipe(z.number().min(0).max(100))

/** Names of tables, fields, databases: what SQLite, GraphQL and file names can all carry. */
export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,62}$/,
    'must start with a letter and hold only letters, digits, _ and - (63 at most)',
  )

/** Names that become SQL columns and GraphQL fields. */
export const fieldNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,62}$/,
    'must be snake_case: a lower-case letter, then lower-case letters, digits and _ (63 at most)',
  )

/** A secret is never written in the file, only where it is found. */
export const secretSchema = z.union(
  [z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }), z.strictObject({ file: z.string().min(1) })],
  'must be a reference, { env: NAME } or { file: path }; a secret is never written in this file',
)

/** Five or six cron fields; checked for meaning when the kind that uses it is present. */
const cronSchema = z.string().regex(/^(\S+\s+){4,5}\S+$/, 'must be a cron line such as "0 3 * * *"')
const timezoneSchema = z.string().refine((zone) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}, 'must be an IANA time zone such as Europe/Berlin')

const riskSchema = z.enum(['low', 'medium', 'high', 'critical'])
const gateSchema = z.enum(['auto', 'approve', 'approve-twice'])

const windowSchema = z
  .strictObject({
    deny: riskSchema.optional(),
    allow: riskSchema.optional(),
    days: z
      .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
      .min(1)
      .optional(),
    between: z
      .string()
      .regex(/^([01]\d|2[0-4]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$/, 'must be a span such as "22:00-06:00"')
      .default('00:00-24:00'),
    timezone: timezoneSchema.default('UTC'),
  })
  .refine((window) => (window.deny === undefined) !== (window.allow === undefined), 'must have either deny or allow')

/** Every key has its default, so that a file without a policy is a careful one. */
export const policySchema = z.strictObject({
  mode: z.enum(['observe', 'enforce']).default('enforce'),
  resync: durationSchema.default(600_000),
  approvals: z
    .strictObject({
      low: gateSchema.default('auto'),
      medium: gateSchema.default('auto'),
      high: gateSchema.default('approve'),
      critical: gateSchema.default('approve-twice'),
      expireAfter: durationSchema.default(259_200_000),
    })
    .prefault({}),
  blastRadius: z.strictObject({ rows: z.int().min(1).default(500), percent: percentSchema.default(5) }).prefault({}),
  rollback: z.strictObject({ errorPercent: percentSchema.default(5) }).prefault({}),
  windows: z.array(windowSchema).default([]),
  checkpoints: z.strictObject({ keep: durationSchema.default(2_592_000_000) }).prefault({}),
})

const databaseSchema = z.strictObject({
  path: z.string().min(1),
  manage: z.enum(['enforce', 'observe']).default('enforce'),
  /** How often the quick and the full integrity check run. */
  integrity: z
    .strictObject({ quick: durationSchema.default(3_600_000), full: durationSchema.default(86_400_000) })
    .prefault({}),
  /** The size from which the file is reported as too large. */
  sizeMax: sizeSchema.optional(),
  /** How long nothing may have been written before the data counts as stale. */
  freshWithin: durationSchema.optional(),
})

const directionSchema = z.enum(['both', 'push', 'pull'])
const conflictSchema = z.enum(['most_recent', 'local_wins', 'airtable_wins', 'highest_quality', 'manual'])

const airtableSchema = z.strictObject({
  token: secretSchema,
  base: z.string().regex(/^app[A-Za-z0-9]{14}$/, 'must be an Airtable base id: "app" and 14 letters or digits'),
  endpoint: z.union([z.literal('sandbox'), z.url({ protocol: /^https?$/ })]).optional(),
  requestsPerSecond: z.number().positive().max(50).default(5),
  monthlyCalls: z.int().positive().optional(),
})

const airtableFieldTypes = [
  'singleLineText',
  'multilineText',
  'richText',
  'email',
  'url',
  'phoneNumber',
  'barcode',
  'singleSelect',
  'multipleSelects',
  'number',
  'percent',
  'currency',
  'checkbox',
  'rating',
  'date',
  'dateTime',
  'duration',
  'multipleAttachments',
  'multipleRecordLinks',
  'formula',
  'rollup',
  'count',
  'multipleLookupValues',
  'createdTime',
  'lastModifiedTime',
  'createdBy',
  'lastModifiedBy',
  'autoNumber',
  'button',
  'singleCollaborator',
  'multipleCollaborators',
  'externalSyncSource',
  'aiText',
] as const

const fieldAirtableSchema = z
  .union([
    z.string().min(1),
    z.strictObject({
      field: z.string().min(1),
      type: z.enum(airtableFieldTypes).optional(),
      direction: directionSchema.default('both'),
      /** What happens when a local value is no choice of the Airtable field. */
      unknownChoices: z.enum(['refuse', 'add']).default('refuse'),
    }),
  ])
  .transform((value) =>
    typeof value === 'string' ? { field: value, direction: 'both' as const, unknownChoices: 'refuse' as const } : value,
  )

/** `email`, or `{ phone: { region: US } }`, or a list of these: rules in the order they are applied. */
const standardizeSchema = z
  .union([
    z.string(),
    z.record(z.string(), z.record(z.string(), z.unknown())),
    z.array(z.union([z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))])).min(1),
  ])
  .transform((value) =>
    (Array.isArray(value) ? value : [value]).flatMap((entry) =>
      typeof entry === 'string'
        ? [{ rule: entry, options: {} }]
        : Object.entries(entry).map(([rule, options]) => ({ rule, options })),
    ),
  )

const fieldQualitySchema = z.strictObject({
  minLength: z.int().min(0).optional(),
  maxLength: z.int().min(1).optional(),
  mentions: z.array(fieldNameSchema).optional(),
  forbids: z.array(z.string().min(1)).optional(),
  notInFuture: z.boolean().optional(),
  notBefore: z.string().optional(),
  pattern: z.string().optional(),
})

const fieldSchema = z.strictObject({
  type: z.enum(fieldTypes),
  required: z.boolean().default(false),
  unique: z.boolean().default(false),
  default: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  onUpdate: z.literal('now').optional(),
  choices: z.array(z.string().min(1)).min(1).optional(),
  /** Digits after the point, for `number`. */
  precision: z.int().min(0).max(8).optional(),
  renamedFrom: z.string().min(1).optional(),
  /** Asks for the removal of the column; gated by what it would lose. */
  absent: z.boolean().default(false),
  airtable: fieldAirtableSchema.optional(),
  standardize: standardizeSchema.default([]),
  conflicts: conflictSchema.optional(),
  quality: fieldQualitySchema.optional(),
  description: z.string().optional(),
})

const duplicateRuleSchema = z.union([
  z.strictObject({
    name: nameSchema,
    exact: z.union([fieldNameSchema, z.array(fieldNameSchema).min(1)]).transform((value) => [value].flat()),
    confidence: z.number().min(0).max(1),
  }),
  z.strictObject({
    name: nameSchema,
    fuzzy: z.array(fieldNameSchema).min(1),
    threshold: z.number().min(0).max(1).default(0.85),
  }),
])

const duplicatesSchema = z.strictObject({
  rules: z.array(duplicateRuleSchema).min(1),
  merge: z
    .strictObject({
      strategy: z.enum(['most_recent', 'highest_quality', 'merge', 'manual']).default('most_recent'),
      fields: z
        .record(
          z.string(),
          z.enum(['most_recent', 'oldest', 'longest', 'shortest', 'union', 'min', 'max', 'keep', 'highest_quality']),
        )
        .default({}),
    })
    .prefault({}),
  mergeAutomaticallyFrom: z.number().min(0).max(1).default(0.95),
  /** What is done with a new lead that matches an existing one. */
  onInsert: z.enum(['merge', 'refuse', 'flag']).default('flag'),
})

const tableSchema = z.strictObject({
  database: nameSchema,
  /** The table's name in SQLite where it differs from the entry's. */
  table: z.string().min(1).optional(),
  key: fieldNameSchema,
  renamedFrom: z.string().min(1).optional(),
  absent: z.boolean().default(false),
  airtable: z
    .strictObject({
      table: z.string().min(1),
      key: z.string().min(1),
      push: z
        .strictObject({ on: z.enum(['change', 'interval']).default('change'), every: durationSchema.default(300_000) })
        .prefault({}),
      pull: z
        .strictObject({ every: durationSchema.default(60_000), full: cronSchema.default('0 2 * * *') })
        .prefault({}),
      conflicts: conflictSchema.default('most_recent'),
      deletions: z.enum(['approve', 'propagate', 'ignore']).default('approve'),
    })
    .optional(),
  fields: z
    .record(fieldNameSchema, fieldSchema)
    .refine((fields) => Object.keys(fields).length > 0, 'must declare a field'),
  indexes: z
    .array(
      z.strictObject({
        on: z.array(fieldNameSchema).min(1),
        unique: z.boolean().default(false),
        name: fieldNameSchema.optional(),
      }),
    )
    .default([]),
  quality: z
    .strictObject({
      completeness: z.record(fieldNameSchema, percentSchema).default({}),
      consistent: z
        .union([
          z.strictObject({ by: z.string().min(1), fields: z.array(fieldNameSchema).min(1) }),
          z.array(z.strictObject({ by: z.string().min(1), fields: z.array(fieldNameSchema).min(1) })),
        ])
        .transform((value) => [value].flat())
        .default([]),
      freshWithin: durationSchema.optional(),
    })
    .optional(),
  duplicates: duplicatesSchema.optional(),
})

const importSchema = z.strictObject({
  from: z.union([
    z.strictObject({ database: nameSchema, table: z.string().min(1) }),
    z.strictObject({ files: z.string().min(1) }),
  ]),
  into: nameSchema,
  /** `auto`, or source column to field of the table; columns not named are proposed as by `auto`. */
  map: z.union([z.literal('auto'), z.record(z.string(), fieldNameSchema)]).default('auto'),
})

const commandSchema = z.array(z.string()).min(1)

const probeSchema = z.strictObject({
  http: z.url({ protocol: /^https?$/ }).optional(),
  tcp: z.string().optional(),
  exec: commandSchema.optional(),
  heartbeat: z.string().optional(),
  log: z.string().optional(),
  maxAge: durationSchema.optional(),
  every: durationSchema.default(10_000),
  timeout: durationSchema.default(5000),
  failures: z.int().min(1).default(3),
  startup: durationSchema.optional(),
})

const serviceSchema = z
  .strictObject({
    command: commandSchema.optional(),
    systemd: z.string().min(1).optional(),
    pidFile: z.string().min(1).optional(),
    pattern: z.string().min(1).optional(),
    manage: z.enum(['enforce', 'observe']).default('enforce'),
    restart: z.enum(['always', 'on-failure', 'never']).default('always'),
    environment: z.record(z.string(), z.union([z.string(), secretSchema])).default({}),
    directory: z.string().optional(),
    dependsOn: z.array(z.string()).default([]),
    grace: durationSchema.default(30_000),
    onChange: z.enum(['approve', 'restart']).default('approve'),
    probe: probeSchema.optional(),
    limits: z.strictObject({ memory: sizeSchema.optional(), processes: z.int().min(1).optional() }).optional(),
  })
  .refine(
    (service) =>
      [service.command, service.systemd, service.pidFile, service.pattern].filter((way) => way !== undefined).length ===
      1,
    'must have exactly one of command, systemd, pidFile and pattern',
  )

const jobSchema = z.strictObject({
  schedule: cronSchema.optional(),
  timezone: timezoneSchema.default('UTC'),
  command: commandSchema.optional(),
  environment: z.record(z.string(), z.union([z.string(), secretSchema])).default({}),
  directory: z.string().optional(),
  succeedWithin: durationSchema.optional(),
  overlap: z.enum(['forbid', 'allow']).default('forbid'),
  catchUp: z.enum(['once', 'none']).default('once'),
  maxRuntime: durationSchema.optional(),
  ping: z.strictObject({ file: z.string().min(1) }).optional(),
})

const backupSchema = z.strictObject({
  of: z.array(nameSchema).min(1),
  schedule: cronSchema,
  timezone: timezoneSchema.default('UTC'),
  keep: z
    .strictObject({
      hourly: z.int().min(0).default(0),
      daily: z.int().min(0).default(14),
      weekly: z.int().min(0).default(8),
      monthly: z.int().min(0).default(0),
    })
    .prefault({}),
  encryptTo: z.array(z.union([z.string().startsWith('age1'), secretSchema])).default([]),
  to: z.array(z.string().min(1)).min(1),
})

const channelSchema = z.union([
  z.strictObject({ webhook: secretSchema }),
  z.strictObject({ slack: secretSchema }),
  z.strictObject({ email: z.strictObject({ to: z.array(z.email()).min(1), smtp: secretSchema }) }),
])

const alertsSchema = z.strictObject({
  channels: z.record(nameSchema, channelSchema).default({}),
  rules: z
    .array(
      z.strictObject({
        when: z
          .string()
          .regex(/^[A-Za-z][A-Za-z0-9_.]*\s*(>=|<=|>|<|==)\s*\S+$/, 'must be a comparison such as "errorPercent > 5"'),
        for: durationSchema.optional(),
        to: nameSchema,
        severity: riskSchema.optional(),
      }),
    )
    .default([]),
})

const accessSchema = z.strictObject({
  tokens: z.strictObject({ file: z.string().default('.trueup/tokens.json') }).prefault({}),
  roles: z
    .record(nameSchema, z.strictObject({ can: z.array(z.string()), unmasked: z.array(fieldNameSchema).default([]) }))
    .default({}),
})

export const desiredStateSchema = z.strictObject({
  apiVersion: z.literal('trueup/v1'),
  name: nameSchema,
  policy: policySchema.prefault({}),
  databases: z.record(nameSchema, databaseSchema).default({}),
  airtable: airtableSchema.optional(),
  tables: z.record(nameSchema, tableSchema).default({}),
  imports: z.record(nameSchema, importSchema).default({}),
  services: z.record(nameSchema, serviceSchema).default({}),
  jobs: z.record(nameSchema, jobSchema).default({}),
  backups: z.record(nameSchema, backupSchema).default({}),
  alerts: alertsSchema.optional(),
  access: accessSchema.prefault({}),
})

/** A valid, normalized desired state. Paths and commands have their `${VAR}` references resolved by the loader. */
export type DesiredState = z.output<typeof desiredStateSchema>
export type Policy = DesiredState['policy']
export type DatabaseSpec = DesiredState['databases'][string]
export type TableSpec = DesiredState['tables'][string]
export type FieldSpec = TableSpec['fields'][string]
export type ImportSpec = DesiredState['imports'][string]
export type Risk = z.output<typeof riskSchema>
