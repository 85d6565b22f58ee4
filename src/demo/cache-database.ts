/** data/leads_cache.db: what the e-mail engager remembers of Airtable, with a row for every contact it made. */
import type { Cell } from '../values/field-type.ts'
import { engagementBetween, messageFor, type Status } from './engagement.ts'
import { fillDatabase } from './fill-database.ts'
import { messed } from './mess.ts'
import { dayMs, stampOf } from './moments.ts'
import type { Tally } from './planted.ts'
import { peopleOf } from './source-people.ts'
import { below, pick } from './stream.ts'
import type { WorkspacePlan } from './workspace-plan.ts'

const schema = `
CREATE TABLE leads (
    id TEXT PRIMARY KEY, -- Airtable record id
    name TEXT,
    email TEXT,
    company TEXT,
    website TEXT,
    linkedin TEXT,
    title TEXT,
    status TEXT DEFAULT 'Auto Send',
    ai_message TEXT,
    airtable_synced BOOLEAN DEFAULT FALSE,
    cached_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE engagement_tracking (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lead_id TEXT NOT NULL,
    engagement_level TEXT,
    previous_level TEXT,
    contact_method TEXT DEFAULT 'email',
    message_sent TEXT,
    airtable_synced BOOLEAN DEFAULT FALSE,
    contacted_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (lead_id) REFERENCES leads(id)
);
`
const after = `
CREATE INDEX idx_cache_email ON leads(email);
CREATE INDEX idx_tracking_lead ON engagement_tracking(lead_id, contacted_at);
`

/** The words that Airtable shows for a status, which the cache keeps as they came. */
const shownStatus: Readonly<Record<Status, string>> = {
  auto_send: 'Auto Send',
  manual_review: 'Manual Review',
  contacted: 'Contacted',
  responded: 'replied',
}

const recordIdAt = (plan: WorkspacePlan) => {
  const ids = plan.streams('cache-id')
  return (index: number) => `rec${ids(index).hex(7)}`
}

function* leadRows(plan: WorkspacePlan, tally: Tally): Generator<readonly Cell[]> {
  const idAt = recordIdAt(plan)
  for (const { index, person, email, linkedin, random, messing } of peopleOf('cache', plan, tally)) {
    const cachedMs = plan.nowMs - 200 * dayMs + Math.floor((index / plan.rows.cache) * 199 * dayMs)
    const { status } = engagementBetween(cachedMs, plan.nowMs, random)
    const shown = random.next() < 0.5 * plan.share
    if (shown) tally('status-alias')
    yield [
      idAt(index),
      messed('full_name', person.fullName, person, random, messing),
      email,
      messed('company', person.company.name, person, random, messing),
      random.next() < 0.8 ? messed('company_website', person.company.website, person, random, messing) : null,
      linkedin,
      messed('title', person.title, person, random, messing),
      shown ? shownStatus[status] : status,
      random.next() < 0.7 ? messed('ai_message', messageFor(person, random), person, random, messing) : null,
      below(random, 2),
      stampOf(cachedMs),
      stampOf(cachedMs + Math.floor(random.next() * (plan.nowMs - cachedMs))),
    ]
  }
}

function* trackingRows(plan: WorkspacePlan, tally: Tally): Generator<readonly Cell[]> {
  const idAt = recordIdAt(plan)
  const values = plan.streams('engagement-tracking')
  for (let index = 0; index < plan.rows.cache; index += 1) {
    const random = values(index)
    if (random.next() < 0.5) continue
    const orphan = random.next() < 0.01 * plan.share
    if (orphan) tally('orphan-reference')
    const level = below(random, 4)
    yield [
      orphan ? `rec${random.hex(7)}` : idAt(index),
      `${level + 1}${['st', 'nd', 'rd', 'th'][level]} degree`,
      level === 0 ? null : `${level}${['st', 'nd', 'rd'][level - 1]} degree`,
      pick(random, ['email', 'email', 'linkedin']),
      `Message ${level + 1}`,
      below(random, 2),
      stampOf(plan.nowMs - below(random, 180) * dayMs - below(random, dayMs)),
    ]
  }
}

/** Writes the outreach cache. */
export async function writeCacheDatabase(path: string, plan: WorkspacePlan, tally: Tally): Promise<void> {
  if (plan.mess !== 'clean') tally('file-mode')
  await fillDatabase(path, {
    schema,
    content: [
      {
        table: 'leads',
        columns: [
          'id',
          'name',
          'email',
          'company',
          'website',
          'linkedin',
          'title',
          'status',
          'ai_message',
          'airtable_synced',
          'cached_at',
          'updated_at',
        ],
        rows: leadRows(plan, tally),
      },
      {
        table: 'engagement_tracking',
        columns: [
          'lead_id',
          'engagement_level',
          'previous_level',
          'contact_method',
          'message_sent',
          'airtable_synced',
          'contacted_at',
        ],
        rows: trackingRows(plan, tally),
      },
    ],
    after,
    fileMode: plan.mess === 'clean' ? 0o600 : 0o644,
  })
}
