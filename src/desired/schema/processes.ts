/** Services that are kept running and jobs that must succeed in time. */
import { z } from 'zod'
import {
  commandSchema,
  cronSchema,
  durationSchema,
  intervalSchema,
  manageSchema,
  nameSchema,
  pathSchema,
  secretSchema,
  sizeSchema,
  timezoneSchema,
} from './scalars.ts'

const environmentSchema = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable'),
    z.union([z.string(), secretSchema], 'must be text, or a reference { env: NAME } or { file: path }'),
  )
  .default({})
  .describe('Environment variables of the program; secrets as `{ env: NAME }` or `{ file: path }`.')

const directorySchema = pathSchema
  .describe('The folder that the program starts in; the workspace when left out.')
  .optional()

const dependencySchema = z
  .string()
  .regex(/^(database|table)\/[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'must be a service, database/NAME or table/NAME')

const probeWays = ['http', 'tcp', 'exec', 'heartbeat', 'log'] as const

const probeSchema = z
  .strictObject({
    http: z
      .url({ protocol: /^https?$/, error: 'must be a web address (http or https)' })
      .meta({
        description: 'A web address that must answer with a status from 200 to 399.',
        examples: ['http://127.0.0.1:9101/health'],
      })
      .optional(),
    tcp: z
      .string()
      .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, {
        error: 'must be host:port such as 127.0.0.1:9101',
        abort: true,
      })
      .refine((text) => {
        const port = Number(text.slice(text.lastIndexOf(':') + 1))
        return port >= 1 && port <= 65_535
      }, 'must have a port from 1 to 65535')
      .meta({ description: 'A host and port that must accept a connection.', examples: ['127.0.0.1:9101'] })
      .optional(),
    exec: commandSchema.describe('A command that must end with status 0.').optional(),
    heartbeat: pathSchema.describe('A file that the program touches; it must be younger than `maxAge`.').optional(),
    log: pathSchema.describe('A log file that the program writes; it must be younger than `maxAge`.').optional(),
    maxAge: intervalSchema.describe('The greatest age of the heartbeat or log file.').optional(),
    every: intervalSchema.prefault('10s').describe('How often it is probed.'),
    timeout: intervalSchema.prefault('5s').describe('How long one probe may take.'),
    failures: z
      .int()
      .min(1)
      .default(3)
      .describe('How many probes in a row must fail before the service counts as dead.'),
    startup: durationSchema
      .prefault('30s')
      .describe('How long after a start failing probes do not count, unless one has succeeded.'),
  })
  .refine(
    (probe) => probeWays.filter((way) => probe[way] !== undefined).length === 1,
    'must have exactly one of http, tcp, exec, heartbeat and log',
  )
  .refine(
    (probe) => (probe.maxAge !== undefined) === (probe.heartbeat !== undefined || probe.log !== undefined),
    'must have maxAge with heartbeat and log, and only there',
  )

export const serviceSchema = z
  .strictObject({
    command: commandSchema
      .meta({
        description: 'Program and arguments of a service that Trueup starts.',
        examples: [['python3', 'scraper.py']],
      })
      .optional(),
    systemd: z
      .string()
      .regex(/^[A-Za-z0-9:_.@-]+\.(service|timer|socket|target)$/, 'must be a unit such as campaign-brain.service')
      .describe('A systemd unit that is adopted.')
      .optional(),
    pidFile: pathSchema
      .describe('A file with the process id of a service that others start. It may lie outside the workspace.')
      .optional(),
    pattern: z
      .string()
      .min(1)
      .max(500)
      .describe('Text that the command line of a service holds which others start.')
      .optional(),
    manage: manageSchema.default('enforce').describe('`enforce` starts and restarts it; `observe` only reports.'),
    restart: z
      .enum(['always', 'on-failure', 'never'])
      .default('always')
      .describe('Whether it is started again after it ended.'),
    environment: environmentSchema,
    directory: directorySchema,
    dependsOn: z
      .array(z.union([nameSchema, dependencySchema], 'must be a service, database/NAME or table/NAME'))
      .default([])
      .meta({
        description:
          'Services that must be ready, and databases and tables that must be there, before this one starts.',
        examples: [['database/main']],
      }),
    grace: durationSchema.prefault('30s').describe('How long it may take to end after SIGTERM before SIGKILL.'),
    onChange: z
      .enum(['approve', 'restart'])
      .default('approve')
      .describe(
        'What happens when its declaration changes: ask before the restart, or restart. Of several services that change, one restarts at a time, the next when the one before is ready.',
      ),
    probe: probeSchema.describe('How it is told whether the service lives.').optional(),
    backoff: z
      .strictObject({
        from: intervalSchema.prefault('10s').describe('The pause before it is started again after it failed once.'),
        to: intervalSchema.prefault('5m').describe('The longest pause; each failure in a row doubles it up to this.'),
        reset: intervalSchema
          .prefault('10m')
          .describe('After running so long without a failure the pauses start anew.'),
      })
      .prefault({})
      .describe('How long it pauses before it is started again; each pause varies by 10 %.'),
    log: z
      .strictObject({
        size: sizeSchema.prefault('10MB').describe('At this size a log file is put aside.'),
        files: z.int().min(1).max(100).default(10).describe('How many log files are kept, the current one included.'),
      })
      .prefault({})
      .describe('What is kept of its output, in `.trueup/logs`.'),
    limits: z
      .strictObject({
        memory: sizeSchema
          .meta({ description: 'The most memory, of all its processes.', examples: ['256MB'] })
          .optional(),
        processes: z.int().min(1).describe('The most processes.').optional(),
        descriptors: z
          .int()
          .min(16)
          .describe('The most open files of each process; the system itself refuses more.')
          .optional(),
      })
      .describe('What it may use; beyond it, the service is restarted.')
      .optional(),
  })
  .refine(
    (service) =>
      [service.command, service.systemd, service.pidFile, service.pattern].filter((way) => way !== undefined).length ===
      1,
    'must have exactly one of command, systemd, pidFile and pattern',
  )

export const jobSchema = z
  .strictObject({
    manage: manageSchema.default('enforce').describe('`enforce` runs it; `observe` only reports.'),
    schedule: cronSchema.meta({ description: 'When it runs, as a cron line.', examples: ['0 6 * * *'] }).optional(),
    timezone: timezoneSchema.default('UTC').describe('The time zone of the schedule.'),
    command: commandSchema.describe('Program and arguments of a job that Trueup runs.').optional(),
    environment: environmentSchema,
    directory: directorySchema,
    succeedWithin: intervalSchema
      .meta({ description: 'The longest time between two successes.', examples: ['26h'] })
      .optional(),
    overlap: z.enum(['forbid', 'allow']).default('forbid').describe('Whether a run may start while one still runs.'),
    catchUp: z
      .enum(['once', 'none'])
      .default('once')
      .describe('Whether runs missed while Trueup was down are made up for by one.'),
    maxRuntime: intervalSchema.describe('How long one run may take before it is ended.').optional(),
    ping: z
      .union(
        [
          z.strictObject({ file: pathSchema.describe('The file whose modification time is the last success.') }),
          z.strictObject({
            url: z
              .literal(true)
              .describe('A secret web address that the job asks for; `trueup service list` shows it.'),
          }),
        ],
        'must be { file: path } or { url: true }',
      )
      .describe('How a job that others run shows that it succeeded.')
      .optional(),
  })
  .refine(
    (job) => job.command !== undefined || job.ping !== undefined,
    'must have a command, or a ping by which others report',
  )
