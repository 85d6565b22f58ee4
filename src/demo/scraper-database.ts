/** data/scraper/leads.db: what the scraper found, in the shape of the internal lead database, with raw_data beside it. */
import type { Random } from '../random.ts'
import type { Cell } from '../values/field-type.ts'
import { fillDatabase } from './fill-database.ts'
import { messed } from './mess.ts'
import { dayMs, oddStampOf, stampOf } from './moments.ts'
import type { Tally } from './planted.ts'
import type { Person } from './population.ts'
import { peopleOf } from './source-people.ts'
import { below, pick } from './stream.ts'
import type { WorkspacePlan } from './workspace-plan.ts'

const schema = `
CREATE TABLE leads (
    id TEXT PRIMARY KEY,
    uuid TEXT UNIQUE,
    full_name TEXT NOT NULL,
    linkedin_url TEXT,
    email TEXT,
    company TEXT,
    title TEXT,
    location TEXT,
    industry TEXT,
    company_size TEXT,
    verified BOOLEAN DEFAULT FALSE,
    enriched BOOLEAN DEFAULT FALSE,
    needs_enrichment BOOLEAN DEFAULT TRUE,
    status TEXT DEFAULT 'new',
    source TEXT,
    scraped_at TIMESTAMP,
    enriched_at TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    airtable_id TEXT,
    airtable_synced BOOLEAN DEFAULT FALSE,
    sync_pending BOOLEAN DEFAULT TRUE,
    last_sync_attempt TIMESTAMP,
    sync_error TEXT,
    raw_data TEXT  -- JSON blob for additional fields
);
CREATE TABLE sync_status (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lead_id TEXT REFERENCES leads(id),
    operation TEXT,  -- 'create', 'update', 'delete'
    status TEXT,     -- 'pending', 'success', 'failed'
    attempt_count INTEGER DEFAULT 0,
    last_attempt TIMESTAMP,
    error_message TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE migration_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source_file TEXT,
    leads_migrated INTEGER,
    leads_failed INTEGER,
    migration_date TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    status TEXT,
    error_details TEXT
);
`
const leadColumns = [
  'id',
  'uuid',
  'full_name',
  'linkedin_url',
  'email',
  'company',
  'title',
  'location',
  'industry',
  'company_size',
  'verified',
  'enriched',
  'needs_enrichment',
  'status',
  'source',
  'scraped_at',
  'enriched_at',
  'updated_at',
  'created_at',
  'sync_pending',
  'raw_data',
] as const

const keyAt = (plan: WorkspacePlan) => {
  const keys = plan.streams('scraper-id')
  return (index: number) => keys(index).uuid()
}

/** 1 or 0, or a word of some agent's taste, which SQLite keeps as text in a BOOLEAN column. */
function booleanCell(value: boolean, random: Random, share: number, tally: Tally): Cell {
  if (random.next() >= 0.3 * share) return value ? 1 : 0
  tally('boolean-spelling')
  return value ? pick(random, ['TRUE', 'True', 'yes']) : pick(random, ['FALSE', 'False', 'no'])
}

function stampCell(atMs: number, random: Random, share: number, tally: Tally): Cell {
  if (random.next() >= 0.2 * share) return stampOf(atMs)
  tally('timestamp-format')
  return oddStampOf(atMs, random)
}

function rawDataOf({ title, company, location }: Person, random: Random): string {
  return JSON.stringify({
    headline: `${title} at ${company.name}`,
    connections: below(random, 500) + 1,
    location,
    company: { website: company.website, size: company.size, description: company.description },
    skills: [pick(random, ['Negotiation', 'Leadership', 'SQL']), pick(random, ['Forecasting', 'Hiring', 'Strategy'])],
  })
}

function* leadRows(plan: WorkspacePlan, tally: Tally): Generator<readonly Cell[]> {
  const idAt = keyAt(plan)
  const { share, nowMs } = plan
  for (const { index, person, email, linkedin, random, messing } of peopleOf('scraper', plan, tally)) {
    const scrapedMs =
      nowMs - 300 * dayMs + Math.floor((index / plan.rows.scraper) * 299 * dayMs) + below(random, dayMs / 2)
    const enriched = random.next() < 0.6
    const id = idAt(index)
    yield [
      id,
      id,
      messed('full_name', person.fullName, person, random, messing),
      linkedin,
      email,
      messed('company', person.company.name, person, random, messing),
      messed('title', person.title, person, random, messing),
      person.location,
      enriched ? person.company.industry : null,
      enriched ? person.company.size : null,
      booleanCell(random.next() < 0.5, random, share, tally),
      booleanCell(enriched, random, share, tally),
      enriched ? 0 : 1,
      enriched ? 'enriched' : 'new',
      pick(random, ['serp', 'linkedin', 'apify']),
      stampCell(scrapedMs, random, share, tally),
      enriched ? stampCell(scrapedMs + 3_600_000, random, share, tally) : null,
      stampOf(scrapedMs + (enriched ? 3_600_000 : 0)),
      stampOf(scrapedMs),
      below(random, 2),
      rawDataOf(person, random),
    ]
  }
}

function* syncStatusRows(plan: WorkspacePlan, tally: Tally): Generator<readonly Cell[]> {
  const idAt = keyAt(plan)
  const values = plan.streams('sync-status')
  for (let index = 0; index < plan.rows.scraper; index += 1) {
    const random = values(index)
    if (random.next() < 0.6) continue
    const orphan = random.next() < 0.01 * plan.share
    if (orphan) tally('orphan-reference')
    const status = pick(random, ['pending', 'success', 'failed'])
    const atMs = plan.nowMs - below(random, 120) * dayMs
    yield [
      orphan ? random.uuid() : idAt(index),
      pick(random, ['create', 'update']),
      status,
      status === 'pending' ? 0 : 1 + below(random, 3),
      status === 'pending' ? null : stampOf(atMs),
      status === 'failed' ? '422 UNKNOWN_FIELD_NAME' : null,
      stampOf(atMs),
    ]
  }
}

/** Writes the scraper's database. */
export async function writeScraperDatabase(path: string, plan: WorkspacePlan, tally: Tally): Promise<void> {
  if (plan.mess !== 'clean') tally('file-mode')
  await fillDatabase(path, {
    schema,
    content: [
      { table: 'leads', columns: leadColumns, rows: leadRows(plan, tally) },
      {
        table: 'sync_status',
        columns: ['lead_id', 'operation', 'status', 'attempt_count', 'last_attempt', 'error_message', 'created_at'],
        rows: syncStatusRows(plan, tally),
      },
      {
        table: 'migration_log',
        columns: ['source_file', 'leads_migrated', 'leads_failed', 'migration_date', 'status', 'error_details'],
        rows: [['shared/raw_leads.json', plan.rows.scraper, 0, stampOf(plan.nowMs - 300 * dayMs), 'completed', null]],
      },
    ],
    after: 'CREATE INDEX idx_scraper_linkedin ON leads(linkedin_url);',
    fileMode: plan.mess === 'clean' ? 0o600 : 0o644,
  })
}
