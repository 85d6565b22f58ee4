/** data/json: lead files as agents leave them (arrays, an object with `leads`, JSON Lines, Airtable exports), one of them broken. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { isoOf } from '../clock.ts'
import type { JsonObject } from '../json.ts'
import { messed } from './mess.ts'
import { dayMs, stampOf } from './moments.ts'
import type { Tally } from './planted.ts'
import { peopleOf, type SourceRow } from './source-people.ts'
import { at, pick } from './stream.ts'
import type { WorkspacePlan } from './workspace-plan.ts'

interface FileShape {
  /** Path under data/json of the file with this number. */
  path(number: string): string
  record(row: SourceRow, name: string, company: string | null, plan: WorkspacePlan, tally: Tally): JsonObject
  text(records: readonly JsonObject[], plan: WorkspacePlan): string
}

const fileRecordsMax = 2000
const lines = (records: readonly JsonObject[]) => records.map((record) => JSON.stringify(record)).join(',\n')

const scraped: FileShape = {
  path: (number) => `scraped/batch-${number}.json`,
  record: ({ person, email, linkedin, random }, name, company, plan) => ({
    full_name: name,
    linkedin_url: linkedin,
    email,
    company,
    title: person.title,
    location: person.location,
    scraped_at: isoOf(plan.nowMs - Math.floor(random.next() * 200 * dayMs)),
  }),
  text: (records) => `[\n${lines(records)}\n]\n`,
}

const shared: FileShape = {
  path: (number) => `shared/raw_leads-${number}.json`,
  record: ({ person, email, linkedin }, name, company) => ({
    name,
    email,
    company,
    website: person.company.website,
    linkedin_url: linkedin,
    title: person.title,
    phone: person.phone ?? null,
  }),
  text: (records, plan) =>
    `{"exported_at": "${stampOf(plan.nowMs)}", "count": ${records.length}, "leads": [\n${lines(records)}\n]}\n`,
}

const enriched: FileShape = {
  path: (number) => `enriched/stream-${number}.json`,
  record: ({ person, email, linkedin, random, messing }, name, company) => {
    const spelled = random.next() < 0.15 * messing.share
    if (spelled) messing.tally('boolean-spelling')
    return {
      full_name: name,
      email,
      linkedin_url: linkedin,
      company,
      industry: person.company.industry,
      company_size: person.company.size,
      company_description: person.company.description,
      business_type: person.company.business,
      verified: spelled ? pick(random, ['yes', 'TRUE']) : true,
      raw_data: { title: person.title, location: person.location },
    }
  },
  text: (records) => records.map((record) => `${JSON.stringify(record)}\n`).join(''),
}

const airtableExport: FileShape = {
  path: (number) => `airtable/export-${number}.json`,
  record: ({ person, email, linkedin, random, messing }, name, company, plan) => {
    const shown = messing.share > 0
    if (shown) messing.tally('status-alias')
    const all = {
      'Full Name': name,
      Email: email,
      'LinkedIn URL': linkedin,
      Company: company,
      Website: person.company.website,
      Title: person.title,
      Engagement_Status: shown ? 'Auto Send' : 'auto_send',
    }
    return {
      id: `rec${random.hex(7)}`,
      createdTime: isoOf(plan.nowMs - Math.floor(random.next() * 300 * dayMs)),
      // Airtable leaves empty fields out of a record.
      fields: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)),
    }
  },
  text: (records) => `{"records": [\n${lines(records)}\n]}\n`,
}

const shapes = [scraped, shared, enriched, airtableExport, scraped] as const

/** Cut off within a deep structure and a letter, after names that harm whoever copies them into an object. */
function brokenFile(): Buffer {
  const text = `[
{"full_name": "Proto Typed", "email": "proto@pollution.example", "__proto__": {"verified": true}, "constructor": {"prototype": {}}},
{"full_name": "Half Written", "email": "half@written.example", "raw_data": ${'['.repeat(2000)}"Zo`
  return Buffer.concat([Buffer.from(text), Buffer.from([0xc3])])
}

/** Writes the files below `folder` (data/json); gives their paths relative to it. */
export async function writeJsonFiles(folder: string, plan: WorkspacePlan, tally: Tally): Promise<readonly string[]> {
  const written: string[] = []
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content, { flag: 'wx', mode: 0o644 })
    written.push(path)
  }
  const perFile = Math.min(fileRecordsMax, Math.max(1, Math.ceil(plan.rows.json / shapes.length)))
  let records: JsonObject[] = []
  const flush = () => {
    if (records.length === 0) return
    const shape = at(shapes, written.length)
    write(shape.path(String(written.length + 1).padStart(3, '0')), shape.text(records, plan))
    records = []
  }
  for (const row of peopleOf('json', plan, tally)) {
    const { person, random, messing } = row
    const name = messed('full_name', person.fullName, person, random, messing) ?? person.fullName
    const company = messed('company', person.company.name, person, random, messing)
    records.push(at(shapes, written.length).record(row, name, company, plan, tally))
    if (records.length < perFile) continue
    flush()
    await turn()
  }
  flush()
  if (plan.mess === 'heavy') {
    tally('broken-file')
    write('incoming/half-written.json', brokenFile())
  }
  return written
}
