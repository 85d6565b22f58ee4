/** data/leads.db: the unified `leads` table with its sync_log, and the index, view and trigger that agents added to it. */
import { fillDatabase } from './fill-database.ts'
import { declaredLater, mainColumns, mainRows, syncLogRows } from './main-leads.ts'
import type { Tally } from './planted.ts'
import type { WorkspacePlan } from './workspace-plan.ts'

const schemaWith = (emailRule: string) => `
CREATE TABLE leads (
    id TEXT PRIMARY KEY,
    name TEXT,
    email TEXT${emailRule},
    company TEXT,
    company_website TEXT,
    linkedin_url TEXT,
    phone TEXT,
    title TEXT,

    -- Engagement tracking
    engagement_stage TEXT DEFAULT '1st degree',
    last_contacted TIMESTAMP,
    engagement_history TEXT, -- JSON array of engagement events

    -- Enrichment data
    enrichment_status TEXT DEFAULT 'pending',
    enrichment_attempts INTEGER DEFAULT 0,
    enrichment_last_attempt TIMESTAMP,

    -- Sync tracking
    airtable_id TEXT,
    airtable_synced TIMESTAMP,
    last_modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP,

    -- Metadata
    source_system TEXT, -- Which system created this lead
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE sync_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL, -- 'to_airtable', 'from_airtable'
    lead_id TEXT,
    status TEXT NOT NULL, -- 'success', 'failed', 'conflict'
    error_message TEXT,
    sync_timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (lead_id) REFERENCES leads(id)
);
ALTER TABLE leads ADD COLUMN ai_message TEXT;
`

const madeByAgents = `
CREATE INDEX idx_leads_stage ON leads(engagement_stage, last_contacted);
CREATE VIEW hot_leads AS
    SELECT id, name, email, company, last_contacted FROM leads WHERE engagement_stage IN ('contacted', 'responded');
CREATE TRIGGER leads_stage_to_sync_log AFTER UPDATE OF airtable_synced ON leads
    WHEN NEW.airtable_synced IS NOT OLD.airtable_synced
BEGIN
    INSERT INTO sync_log (operation, lead_id, status)
    VALUES ('to_airtable', NEW.id, CASE WHEN NEW.engagement_stage IS NULL THEN 'failed' ELSE 'success' END);
END;
`

/** Columns that the database lacks by level of mess: none, the last two, all. */
const lacking = { clean: 0, light: 2, heavy: declaredLater.length } as const

/** Writes the main database. Its unique constraint on `email` is there only where the rows keep it. */
export async function writeMainDatabase(path: string, plan: WorkspacePlan, tally: Tally): Promise<void> {
  const extra = declaredLater.slice(0, declaredLater.length - lacking[plan.mess])
  if (lacking[plan.mess] > 0) tally('missing-column', lacking[plan.mess])
  if (plan.mess !== 'clean') tally('file-mode')
  await fillDatabase(path, {
    schema:
      schemaWith(plan.mess === 'clean' && plan.duplicateShare === 0 ? ' UNIQUE' : '') +
      extra.map(({ column, type }) => `ALTER TABLE leads ADD COLUMN ${column} ${type};\n`).join(''),
    content: [
      {
        table: 'leads',
        columns: [...mainColumns, ...extra.map(({ column }) => column)],
        rows: mainRows(plan, extra, tally),
      },
      {
        table: 'sync_log',
        columns: ['operation', 'lead_id', 'status', 'error_message', 'sync_timestamp'],
        rows: syncLogRows(plan, tally),
      },
    ],
    after: madeByAgents,
    fileMode: plan.mess === 'clean' ? 0o600 : 0o644,
  })
}
