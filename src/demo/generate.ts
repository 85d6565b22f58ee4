/**
 * Generates a whole workspace as a small sales operation leaves it: four SQLite databases in the shapes of their agents,
 * JSON lead files and a desired state. Equal options give equal content, whatever the machine and the day.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import { writeAirtableBase } from './airtable-base.ts'
import { writeCacheDatabase } from './cache-database.ts'
import { writeCampaignsDatabase } from './campaigns-database.ts'
import { type CorruptionScenario, corruptDatabase } from './corrupt.ts'
import { writeJsonFiles } from './json-files.ts'
import { writeMainDatabase } from './main-database.ts'
import type { MessLevel } from './mess.ts'
import { PlantedCounts, type PlantedReport } from './planted.ts'
import type { Scenario } from './scenario.ts'
import { writeScraperDatabase } from './scraper-database.ts'
import { serviceFiles, withoutPrograms } from './service-files.ts'
import { planWorkspace } from './workspace-plan.ts'

export interface GenerateOptions {
  /** Folder of the workspace; made where it is absent. */
  readonly into: string
  /** Rows of the main table, 1 to 20,000,000; the other files follow in proportion. */
  readonly rows: number
  readonly seed: number
  readonly mess: MessLevel
  /** Default: mixed. */
  readonly scenario?: Scenario
  /** How the main database is damaged in the scenario `corrupted`; default: zero-page. */
  readonly damage?: CorruptionScenario
  /** Tells the moment at which the workspace was left. Without it that is a fixed day, so that content never depends on today. */
  readonly clock?: Clock
  /** Also writes what a new sandbox begins with, as colleagues left it: data/airtable-base.json. */
  readonly writeAirtableBase?: boolean
  /**
   * Also writes the sample services and declares them. Without it nothing in the workspace changes by itself.
   */
  readonly services?: boolean
  /** Also writes planted.json into the folder. */
  readonly writePlanted?: boolean
}

export interface Generated {
  /** Paths relative to the folder, in the order they were written. */
  readonly files: readonly string[]
  readonly planted: PlantedReport
}

/** 20 November 2025, noon, UTC: past on any machine that runs this, so that no true date lies in the future. */
const usualMomentMs = Date.UTC(2025, 10, 20, 12)
const rowsMax = 20_000_000

/** Paths of the generated databases, relative to the workspace. */
export const databasePaths = {
  main: 'data/leads.db',
  cache: 'data/leads_cache.db',
  scraper: 'data/scraper/leads.db',
  campaigns: 'data/campaigns.db',
} as const
export const jsonFolder = 'data/json'
/** What a new sandbox of the workspace begins with. */
export const airtableBaseFile = 'data/airtable-base.json'
export const stateFile = 'desired-state.yaml'

/** The desired state of the demo workspace: the file at the top level of the package. */
export function demoDesiredState(): string {
  return readFileSync(new URL('../../desired-state.yaml', import.meta.url), 'utf8')
}

/**
 * Writes the workspace, in memory that does not grow with its rows. Nothing that exists is overwritten.
 * @throws OperationalError USAGE where an option is out of range or one of the files is there already.
 * @example await generateWorkspace({ into: '/tmp/leads', rows: 5000, seed: 1, mess: 'heavy' })
 */
export async function generateWorkspace(options: GenerateOptions): Promise<Generated> {
  const { into, rows, seed, mess, scenario = 'mixed' } = options
  if (!Number.isInteger(rows) || rows < 1 || rows > rowsMax) {
    throw new OperationalError('USAGE', `rows must be a whole number from 1 to ${rowsMax}, not ${rows}`)
  }
  if (!Number.isSafeInteger(seed)) throw new OperationalError('USAGE', `the seed must be a whole number, not ${seed}`)
  const taken = [...Object.values(databasePaths), jsonFolder, airtableBaseFile, stateFile, 'planted.json'].find(
    (path) => existsSync(join(into, path)),
  )
  if (taken !== undefined) {
    throw new OperationalError('USAGE', `${join(into, taken)} exists already`, {
      hint: 'Choose an empty folder; generated data never replaces a file.',
    })
  }

  const plan = planWorkspace({ rows, seed, mess, scenario, nowMs: options.clock?.nowMs() ?? usualMomentMs })
  const planted = new PlantedCounts()
  mkdirSync(into, { recursive: true })
  await writeMainDatabase(join(into, databasePaths.main), plan, planted.tallyOf('main'))
  await writeCacheDatabase(join(into, databasePaths.cache), plan, planted.tallyOf('cache'))
  await writeScraperDatabase(join(into, databasePaths.scraper), plan, planted.tallyOf('scraper'))
  await writeCampaignsDatabase(join(into, databasePaths.campaigns), plan, planted.tallyOf('campaigns'))
  const jsonFiles = await writeJsonFiles(join(into, jsonFolder), plan, planted.tallyOf('json'))
  const files: string[] = [...Object.values(databasePaths), ...jsonFiles.map((path) => join(jsonFolder, path))]
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(into, path)), { recursive: true })
    writeFileSync(join(into, path), text, { flag: 'wx' })
    files.push(path)
  }
  if (options.writeAirtableBase || scenario === 'conflicted') {
    writeAirtableBase(join(into, airtableBaseFile), plan, planted.tallyOf('airtable'))
    files.push(airtableBaseFile)
  }
  if (options.services) for (const { path, text } of serviceFiles()) write(path, text)
  const state = options.services ? demoDesiredState() : withoutPrograms(demoDesiredState())
  write(stateFile, scenario === 'conflicted' ? decidedByPeople(state) : state)
  if (scenario === 'corrupted') {
    const damage = options.damage ?? 'zero-page'
    corruptDatabase(join(into, databasePaths.main), damage, seed)
    planted.tallyOf('main')(`corruption-${damage}`)
  }
  const report = planted.report()
  if (options.writePlanted) write('planted.json', `${JSON.stringify(report, null, 2)}\n`)
  return { files, planted: report }
}

/** What both sides say otherwise is shown to a person, and not decided by a policy. */
function decidedByPeople(state: string): string {
  return state.replaceAll(/\bconflicts: (most_recent|airtable_wins)/g, 'conflicts: manual')
}
