/** The small values of `desired-state.yaml`: durations, sizes, percentages, names, secrets, schedules. */
import { z } from 'zod'
import { cronProblem } from '../cron.ts'

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** The number before the unit times what the unit stands for; the schema's pattern has admitted the text. */
function amountOf(text: string, units: Readonly<Record<string, number>>): number {
  const unit = text.replace(/^[\d.]+/, '')
  return Math.round(Number.parseFloat(text) * (units[unit] ?? Number.NaN))
}

const durationTextSchema = z.string().regex(/^\d{1,9}(\.\d{1,3})?(ms|s|m|h|d|w)$/, {
  error: 'must be a duration such as 30s, 5m, 24h or 7d',
  abort: true,
})

const durationMsOf = (text: string): number => amountOf(text, durationUnitsMs)

/** `30s`, `5m`, `24h`, `7d`: milliseconds. */
export const durationSchema = durationTextSchema.transform(durationMsOf).meta({ title: 'duration' })

/** A duration that something is repeated after; zero would be a busy loop. */
export const intervalSchema = durationTextSchema
  .refine((text) => durationMsOf(text) >= 100, 'must be at least 100ms')
  .transform(durationMsOf)
  .meta({ title: 'duration' })

/** `256MB`, `1GiB`: bytes. */
export const sizeSchema = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,3})?(B|KB|MB|GB|KiB|MiB|GiB)$/, 'must be a size such as 256MB or 1GiB')
  .transform((text) => amountOf(text, sizeUnits))
  .meta({ title: 'size' })

const percentRange = 'must be from 0% to 100%'

/** `95%` or `95`: a number from 0 to 100. */
export const percentSchema = z
  .union(
    [
      z.number().min(0, percentRange).max(100, percentRange),
      z
        .string()
        .regex(/^\d{1,3}(\.\d{1,6})?%$/, { error: 'must be a percentage such as 95%', abort: true })
        .refine((text) => Number.parseFloat(text) <= 100, percentRange),
    ],
    'must be a percentage such as 95%',
  )
  .transform((value) => (typeof value === 'number' ? value : Number.parseFloat(value)))
  .meta({ title: 'percentage' })

/** Names of tables, databases, services: what SQLite, GraphQL and file names can all carry. */
export const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,62}$/,
    'must start with a letter and hold only letters, digits, _ and - (63 at most)',
  )

/** The name of the workspace, which no program has to take as an identifier. */
export const workspaceNameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/,
    'must start with a letter or digit and hold only letters, digits, _, . and - (63 at most)',
  )

/** Names that become SQL columns and GraphQL fields. */
export const fieldNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,62}$/,
    'must be snake_case: a lower-case letter, then lower-case letters, digits and _ (63 at most)',
  )

/** Text that must say something. */
export const textSchema = z.string().trim().min(1, 'must not be empty')

/** Any file or folder; the loader checks that it stays inside the workspace. */
export const pathSchema = z.string().min(1, 'must be a path').max(4096)

const environmentNameSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable such as AIRTABLE_API_KEY')

/** A secret is never written in the file, only where it is found. */
export const secretSchema = z
  .union(
    [
      z.strictObject({
        env: environmentNameSchema.describe('The environment variable that holds the secret.'),
      }),
      z.strictObject({
        file: pathSchema.describe(
          'A file that holds nothing but the secret, for example /run/secrets/airtable. It may lie outside the workspace.',
        ),
      }),
    ],
    'must be a reference, { env: NAME } or { file: path }; a secret is never written in this file',
  )
  .meta({ title: 'secret' })

/** Five or six cron fields (six: seconds first). */
export const cronSchema = z
  .string()
  .superRefine((line, context) => {
    const problem = cronProblem(line)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })
  .meta({ title: 'cron line' })

/** True for the zones that this Node knows. */
function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

export const timezoneSchema = z
  .string()
  .refine(isTimezone, 'must be an IANA time zone such as Europe/Berlin or UTC')
  .meta({ title: 'time zone' })

/** A program and its arguments; no shell is involved. */
export const commandSchema = z
  .array(z.string())
  .min(1, 'must name a program')
  .refine((words) => words[0] !== '', { message: 'must name a program; the first word is empty', path: [0] })
  .meta({ title: 'command' })

export const manageSchema = z.enum(['enforce', 'observe'])
