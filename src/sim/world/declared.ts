/** The desired state of the simulated workspace, and the ways in which its owner changes it. */
import type { JsonObject } from '../../json.ts'
import type { Random } from '../../random.ts'

export const baseId = 'appSimulated00001'
export const remoteTable = 'Leads'

export interface Declaration {
  readonly mode: 'enforce' | 'observe'
  readonly low: 'auto' | 'approve'
  readonly medium: 'auto' | 'approve' | 'approve-twice'
  readonly high: 'approve' | 'approve-twice'
  readonly conflicts: 'most_recent' | 'local_wins' | 'airtable_wins' | 'highest_quality' | 'manual'
  readonly deletions: 'approve' | 'propagate' | 'ignore'
  /** More affected records than this wait for approval. */
  readonly blastRows: number
  /** Actions of high risk and above are held from this hour of the day on, for two hours; undefined: never. */
  readonly deniedFrom: number | undefined
  readonly standardizes: boolean
  /** Whether the column `city` is declared. */
  readonly hasCity: boolean
  /** Requests to Airtable in a second. */
  readonly pace: number
  /** How often everything is looked at anew although nothing was told. */
  readonly resync: '10m' | '12h'
  /** How long an approval holds, in seconds; the same for the whole life of a world. */
  readonly expireAfterS: number
  /** Changes the command of a service. */
  readonly round: number
}

const firstDeclaration: Declaration = {
  mode: 'enforce',
  low: 'auto',
  medium: 'auto',
  high: 'approve',
  conflicts: 'most_recent',
  deletions: 'propagate',
  blastRows: 6,
  deniedFrom: undefined,
  standardizes: true,
  hasCity: false,
  pace: 5,
  resync: '10m',
  expireAfterS: 60,
  round: 0,
}

/** How one world begins. */
export function declarationOf(random: Random): Declaration {
  const chosen = <One>(some: readonly One[], otherwise: One): One =>
    some[Math.floor(random.next() * some.length)] ?? otherwise
  return {
    ...firstDeclaration,
    low: chosen(['auto', 'auto', 'auto', 'approve'] as const, 'auto'),
    medium: chosen(['auto', 'approve', 'approve-twice'] as const, 'auto'),
    high: chosen(['approve', 'approve-twice'] as const, 'approve'),
    conflicts: chosen(['most_recent', 'local_wins', 'airtable_wins', 'manual'] as const, 'manual'),
    deletions: chosen(['approve', 'propagate', 'propagate', 'ignore'] as const, 'approve'),
    blastRows: 3 + Math.floor(random.next() * 8),
    deniedFrom: random.next() < 0.2 ? startHour : undefined,
    pace: chosen([2, 3, 5] as const, 5),
    resync: random.next() < 0.4 ? '12h' : '10m',
    expireAfterS: chosen([8, 20, 60] as const, 60),
  }
}

/** The hour at which a world begins. */
export const startHour = 6
export const backoffFromMs = 10_000
export const maxRuntimeMs = 60_000
export const deniedHours = 2

/** Its text: JSON, which is YAML. */
export function textOf(declaration: Declaration): string {
  return JSON.stringify(stateOf(declaration), null, 1)
}

function stateOf(declaration: Declaration): JsonObject {
  const { deniedFrom } = declaration
  return {
    apiVersion: 'trueup/v1',
    name: 'simulated',
    policy: {
      mode: declaration.mode,
      resync: declaration.resync,
      approvals: {
        low: declaration.low,
        medium: declaration.medium,
        high: declaration.high,
        critical: 'approve-twice',
        expireAfter: `${declaration.expireAfterS}s`,
      },
      blastRadius: { rows: declaration.blastRows, percent: 60 },
      ...(deniedFrom === undefined
        ? {}
        : {
            windows: [
              {
                deny: 'medium',
                between: `${hourText(deniedFrom)}-${hourText(deniedFrom + deniedHours)}`,
                timezone: 'UTC',
              },
            ],
          }),
    },
    databases: { main: { path: 'data/main.db' }, cache: { path: 'data/cache.db', manage: 'observe' } },
    airtable: {
      token: { env: 'AIRTABLE_API_KEY' },
      base: baseId,
      endpoint: 'http://127.0.0.1:1',
      requestsPerSecond: declaration.pace,
      monthlyCalls: 10_000_000,
    },
    tables: { leads: leadsOf(declaration) },
    services: {
      collector: {
        command: ['collector', `round-${declaration.round}`],
        probe: { heartbeat: 'run/collector.beat', maxAge: '1m', every: '10s' },
      },
      sender: { command: ['sender'], restart: 'on-failure', dependsOn: ['collector'], grace: '5s' },
    },
    jobs: { nightly: { schedule: '*/5 * * * *', command: ['nightly'], maxRuntime: `${maxRuntimeMs / 1000}s` } },
  }
}

function leadsOf({ conflicts, deletions, standardizes, hasCity }: Declaration): JsonObject {
  const standardize = (rule: string) => (standardizes ? { standardize: rule } : {})
  return {
    database: 'main',
    key: 'id',
    airtable: {
      table: remoteTable,
      key: 'Lead ID',
      conflicts,
      deletions,
      push: { every: '1m' },
      pull: { every: '1m' },
    },
    fields: {
      full_name: { type: 'text', required: true, airtable: 'Full Name' },
      email: { type: 'email', unique: true, airtable: 'Email', ...standardize('email') },
      company: { type: 'text', airtable: 'Company' },
      score: { type: 'integer', airtable: 'Score' },
      website: { type: 'url', ...standardize('url') },
      ...(hasCity ? { city: { type: 'text' } } : {}),
    },
  }
}

function hourText(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`
}
