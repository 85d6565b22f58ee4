/**
 * `apply` is killed at any moment, again and again. What is begun is ended by the next run, nothing is done twice, and
 * the data end exactly where an undisturbed run takes them.
 */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../src/random.ts'
import { documents, startTrueup, trueup, trueupJson } from '../support/cli.ts'
import {
  applyEverything,
  contentOf,
  generateWorkspaces,
  givenKeys,
  journalOf,
  type Workspace,
  type Workspaces,
  waiting,
} from '../support/workspace.ts'

const seed = Number(process.env.TRUEUP_TEST_SEED ?? Date.now() % 1_000_000)
const random = seededRandom(seed)
/** Chains of kills of each sort; `npm run soak:kill` plays ten. */
const chains = Number(process.env.KILL_CHAINS ?? 1)
process.stderr.write(`kill-apply: TRUEUP_TEST_SEED=${seed}\n`)

let workspaces: Workspaces
/** Nothing done yet. */
let untouched: Workspace
/** Keys that rows have in the sources. */
let given: ReadonlySet<unknown>
/** Applied and everything that was held approved, but not yet applied again. */
let approved: Workspace
/** Where an undisturbed run of approving and applying ends. */
let undisturbed: ReturnType<typeof endOf>
/** Journal entries that one undisturbed apply appends, from either beginning. */
let entries: { readonly untouched: number; readonly approved: number }

beforeAll(async () => {
  workspaces = await generateWorkspaces({ rows: 150, seed: 11 })
  untouched = workspaces.fresh()
  given = givenKeys(untouched)
  const calm = workspaces.fresh()
  await trueup(['apply'], { in: calm.folder })
  const first = journalOf(calm).length()
  await trueup(['approve', ...(await waiting(calm)).map(({ id }) => id)], { in: calm.folder })
  approved = workspaces.copyOf(calm)
  const before = journalOf(calm).length()
  await trueup(['apply'], { in: calm.folder })
  entries = { untouched: first, approved: journalOf(calm).length() - before }
  await applyEverything(calm)
  undisturbed = endOf(calm)
}, 240_000)
afterAll(() => workspaces.remove())

/** All that a run may leave behind: the data, what was imported and how often, and what became of each action. */
function endOf(workspace: Workspace) {
  return {
    main: contentOf(workspace.main, given),
    campaigns: contentOf(workspace.path('data/campaigns.db'), given),
    cache: contentOf(workspace.path('data/leads_cache.db'), given),
    scraper: contentOf(workspace.path('data/scraper/leads.db'), given),
    imported: workspace.rows(
      'SELECT import, outcome, count(*) AS n FROM _trueup_imports GROUP BY import, outcome ORDER BY 1, 2',
    ),
  }
}

/** Entries in the journal now, while Trueup may be writing it. */
function journalLength(workspace: Workspace): number {
  const path = workspace.path('.trueup/journal.db')
  if (!existsSync(path)) return 0
  const db = new Database(path, { readonly: true, timeout: 0 })
  try {
    return db.prepare<[], { n: number | null }>('SELECT max(seq) AS n FROM entries').get()?.n ?? 0
  } catch {
    return 0 // it is being made
  } finally {
    db.close()
  }
}

/** Starts an apply and kills it a little after so many journal entries. False when it was quicker. */
async function applyAndKill(workspace: Workspace, afterEntries: number, delayMs: number): Promise<boolean> {
  const stopAt = journalLength(workspace) + afterEntries
  const running = startTrueup(['apply'], { in: workspace.folder })
  while (!running.hasEnded() && journalLength(workspace) < stopAt) await sleep(3)
  await sleep(delayMs)
  const { status } = await running.kill()
  return status === null
}

/** What holds after any end of Trueup, however sudden. */
function expectSoundJournal(workspace: Workspace): void {
  if (existsSync(workspace.path('.trueup/journal.db'))) {
    expect(journalOf(workspace).check()).toMatchObject({ is: 'whole' })
  }
  expect(workspace.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
}

/** A chain of kills at moments spread over one apply, the last of them run to its end. */
async function killTimes(workspace: Workspace, kills: number, total: number): Promise<number> {
  let done = 0
  for (let kill = 0; kill < kills; kill += 1) {
    const share = Math.floor(random.next() * (total / kills))
    if (await applyAndKill(workspace, share, Math.floor(random.next() * 25))) done += 1
    expectSoundJournal(workspace)
  }
  return done
}

async function expectConverged(workspace: Workspace): Promise<void> {
  await applyEverything(workspace)
  const journal = journalOf(workspace)
  expect(journal.check()).toMatchObject({ is: 'whole' })
  expect(journal.records('intended', 'checkpointed', 'dispatched', 'unknown')).toEqual([])
  expect(endOf(workspace)).toEqual(undisturbed)
  // Converged is the end: nothing more is done.
  const again = await trueupJson(['apply'], documents.apply, { in: workspace.folder })
  expect(again.document.run).toMatchObject({ executed: [], settled: true })
}

test.each(Array.from({ length: chains }, () => 6))(
  'a first apply that is killed %i times ends where an undisturbed one does',
  async (kills) => {
    const workspace = workspaces.copyOf(untouched)
    expect(await killTimes(workspace, kills, entries.untouched)).toBeGreaterThan(0)
    await expectConverged(workspace)
  },
  240_000,
)

test.each(Array.from({ length: chains }, () => 4))(
  'an apply of approved repairs that is killed %i times ends there, too',
  async (kills) => {
    const workspace = workspaces.copyOf(approved)
    expect(await killTimes(workspace, kills, entries.approved)).toBeGreaterThan(0)
    await expectConverged(workspace)
  },
  240_000,
)

test('killed while it writes rows: approvals outlive the crash, and why tells what is left to do', async () => {
  const workspace = workspaces.copyOf(approved)
  const given = journalOf(workspace).records('approved')
  expect(given.length).toBeGreaterThan(0)
  expect(await applyAndKill(workspace, 3, 0)).toBe(true)
  const living = journalOf(workspace).records(
    'approved',
    'intended',
    'checkpointed',
    'dispatched',
    'succeeded',
    'verified',
  )
  expect(living.map(({ action }) => action.id)).toEqual(expect.arrayContaining(given.map(({ action }) => action.id)))
  const why = await trueupJson(['why', 'standardization/leads'], documents.why, { in: workspace.folder })
  expect(why.document.items[0]?.lines.map(({ label }) => label)).toEqual(
    expect.arrayContaining(['resource', 'reason', 'evidence', 'since', 'wake-up', 'next step']),
  )
  await expectConverged(workspace)
}, 240_000)
