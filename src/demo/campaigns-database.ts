/** data/campaigns.db: campaigns, which leads of the main table take part in them, and what was written to these. */
import type { Cell } from '../values/field-type.ts'
import { companyLines } from './company-words.ts'
import { messageFor } from './engagement.ts'
import { fillDatabase } from './fill-database.ts'
import { messed } from './mess.ts'
import { dayMs, stampOf } from './moments.ts'
import type { Tally } from './planted.ts'
import { at, below, pick } from './stream.ts'
import type { WorkspacePlan } from './workspace-plan.ts'

const schema = `
CREATE TABLE campaigns (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    status TEXT DEFAULT 'draft', -- 'draft', 'active', 'paused', 'completed'
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE campaign_leads (
    id INTEGER PRIMARY KEY,
    campaign_id INTEGER NOT NULL REFERENCES campaigns(id),
    lead_id TEXT NOT NULL, -- leads.id of the main database
    status TEXT DEFAULT 'queued',
    step INTEGER DEFAULT 0,
    added_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE campaign_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign_lead_id INTEGER REFERENCES campaign_leads(id),
    step INTEGER NOT NULL,
    kind TEXT NOT NULL, -- 'hook', 'proof', 'last call'
    subject TEXT,
    body TEXT,
    status TEXT DEFAULT 'scheduled',
    scheduled_for TIMESTAMP,
    sent_at TIMESTAMP
);
`
const after = `
CREATE INDEX idx_campaign_leads_lead ON campaign_leads(lead_id);
CREATE INDEX idx_messages_schedule ON campaign_messages(status, scheduled_for);
`
const memberShare = 0.2
const steps = ['hook', 'proof', 'last call'] as const

const campaignCount = (plan: WorkspacePlan) => Math.max(3, Math.min(200, Math.ceil(plan.rows.main / 500)))
const memberCount = (plan: WorkspacePlan) => Math.ceil(plan.rows.main * memberShare)

function* campaignRows(plan: WorkspacePlan): Generator<readonly Cell[]> {
  const values = plan.streams('campaign')
  for (let index = 0; index < campaignCount(plan); index += 1) {
    const random = values(index)
    const createdMs = plan.nowMs - (180 - (index % 180)) * dayMs
    const name = `${at(companyLines, index).industry} ${stampOf(createdMs).slice(0, 7)} #${index + 1}`
    yield [index + 1, name, pick(random, ['active', 'active', 'paused', 'completed', 'draft']), stampOf(createdMs)]
  }
}

/** Draws of one member: the same for its row and for its messages. */
function memberAt(plan: WorkspacePlan, index: number) {
  const random = plan.streams('campaign-lead')(index)
  const mainRow = Math.floor(((index + random.next()) * plan.rows.main) / memberCount(plan))
  return {
    random,
    mainRow,
    step: below(random, steps.length + 1),
    addedMs: plan.nowMs - (12 + below(random, 140)) * dayMs,
  }
}

function* memberRows(plan: WorkspacePlan, tally: Tally): Generator<readonly Cell[]> {
  const campaigns = campaignCount(plan)
  for (let index = 0; index < memberCount(plan); index += 1) {
    const { random, mainRow, step, addedMs } = memberAt(plan, index)
    const orphan = random.next() < 0.012 * plan.share
    if (orphan) tally('orphan-reference')
    yield [
      index + 1,
      1 + below(random, campaigns),
      orphan ? random.uuid() : plan.someKeyNear(mainRow),
      step === 0 ? 'queued' : step === steps.length ? 'completed' : 'in_progress',
      step,
      stampOf(addedMs),
    ]
  }
}

function* messageRows(plan: WorkspacePlan, tally: Tally): Generator<readonly Cell[]> {
  const values = plan.streams('campaign-message')
  const messing = { share: plan.share, tally }
  for (let index = 0; index < memberCount(plan); index += 1) {
    const { mainRow, step, addedMs } = memberAt(plan, index)
    const random = values(index)
    const person = plan.population.personAt(mainRow)
    for (const [position, kind] of steps.slice(0, Math.max(1, step)).entries()) {
      const orphan = random.next() < 0.006 * plan.share
      if (orphan) tally('orphan-message')
      const scheduled = stampOf(addedMs + position * 4 * dayMs)
      const sent = position < step
      yield [
        orphan ? memberCount(plan) + 1 + below(random, 1_000_000) : index + 1,
        position + 1,
        kind,
        `${person.company.name} and us`,
        messed('ai_message', messageFor(person, random), person, random, messing),
        sent ? 'sent' : 'scheduled',
        scheduled,
        sent ? scheduled : null,
      ]
    }
  }
}

/** Writes the campaigns. */
export async function writeCampaignsDatabase(path: string, plan: WorkspacePlan, tally: Tally): Promise<void> {
  if (plan.mess !== 'clean') tally('file-mode')
  await fillDatabase(path, {
    schema,
    content: [
      { table: 'campaigns', columns: ['id', 'name', 'status', 'created_at'], rows: campaignRows(plan) },
      {
        table: 'campaign_leads',
        columns: ['id', 'campaign_id', 'lead_id', 'status', 'step', 'added_at'],
        rows: memberRows(plan, tally),
      },
      {
        table: 'campaign_messages',
        columns: ['campaign_lead_id', 'step', 'kind', 'subject', 'body', 'status', 'scheduled_for', 'sent_at'],
        rows: messageRows(plan, tally),
      },
    ],
    after,
    fileMode: plan.mess === 'clean' ? 0o600 : 0o644,
  })
}
