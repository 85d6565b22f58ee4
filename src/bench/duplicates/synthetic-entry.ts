/**
 * The stages of the benchmark on generated leads, each in a process of its own so that memory and time are its own.
 *
 *     node dist/bench/duplicates/synthetic-entry.js write FILE ROWS SEED
 *     node dist/bench/duplicates/synthetic-entry.js read FILE
 *     node dist/bench/duplicates/synthetic-entry.js pass FILE SEED
 */
import Database from 'better-sqlite3'
import { findDuplicates } from '../../matching/find-duplicates.ts'
import type { MatchField } from '../../matching/role.ts'
import type { DeclaredRule } from '../../matching/rules.ts'
import { seededRandom } from '../../random.ts'
import { pairwise, pairwiseOf } from './pairwise.ts'
import { sqliteSource } from './sqlite-source.ts'
import { leadColumns, writeLeads } from './synthetic-leads.ts'

/** As the example of the desired state declares them. */
const fields: readonly MatchField[] = [
  { name: 'full_name', type: 'text', rules: [{ rule: 'person_name', options: {} }] },
  { name: 'email', type: 'email', rules: [{ rule: 'email', options: {} }] },
  { name: 'company', type: 'text', rules: [{ rule: 'company_name', options: {} }] },
  { name: 'phone', type: 'phone', rules: [] },
  { name: 'linkedin_url', type: 'url', rules: [{ rule: 'linkedin_url', options: {} }] },
  { name: 'company_website', type: 'url', rules: [{ rule: 'url', options: {} }] },
  { name: 'title', type: 'text', rules: [] },
  { name: 'location', type: 'text', rules: [] },
]
const rules: readonly DeclaredRule[] = [
  { name: 'linkedin', exact: ['linkedin_url'], confidence: 1 },
  { name: 'email', exact: ['email'], confidence: 0.97 },
  { name: 'name-company', fuzzy: ['full_name', 'company'], threshold: 0.85 },
  { name: 'phone', exact: ['phone'], confidence: 0.8 },
]
const mergeAutomaticallyFrom = 0.95

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Every row of the eight columns, and nothing done with it. */
function read(path: string): object {
  const db = new Database(path, { readonly: true })
  const before = cpuMs()
  let rows = 0
  for (const row of db
    .prepare<[], unknown[]>(`SELECT ${leadColumns.join(', ')} FROM leads`)
    .raw()
    .iterate())
    rows += row.length > 0 ? 1 : 0
  return { rows, cpuMs: cpuMs() - before }
}

function pass(path: string, seed: number): object {
  const source = sqliteSource(path, 'leads', leadColumns)
  const before = cpuMs()
  const found = findDuplicates(source, { fields, rules, random: seededRandom(seed) })
  const passCpuMs = cpuMs() - before
  const peakBytes = process.resourceUsage().maxRSS * 1024
  source.close()
  const db = new Database(path, { readonly: true })
  const truth = db.prepare<[], number>('SELECT person FROM leads ORDER BY id').pluck().all().map(String)
  const automatic = found.edges.filter((edge) => edge.confidence >= mergeAutomaticallyFrom)
  return {
    rows: source.rows,
    passCpuMs,
    peakBytes,
    candidates: found.candidates,
    compared: found.compared,
    oversizedBlocks: found.oversized.length,
    groups: pairwise(found.clusters, truth),
    automatic: pairwiseOf(
      automatic.map((edge) => [edge.one, edge.other]),
      truth,
    ),
    mergeAutomaticallyFrom,
    keys: found.matcher.plan.is === 'keys' ? found.matcher.plan.keys.map((key) => key.label) : ['every pair'],
  }
}

const [stage = '', path = '', ...numbers] = process.argv.slice(2)
switch (stage) {
  case 'write':
    writeLeads(path, Number(numbers[0]), Number(numbers[1]))
    break
  case 'read':
    process.stdout.write(JSON.stringify(read(path)))
    break
  case 'pass':
    process.stdout.write(JSON.stringify(pass(path, Number(numbers[0]))))
    break
  default:
    throw new Error(`there is no stage ${stage}`)
}
