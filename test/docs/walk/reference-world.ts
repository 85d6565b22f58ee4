/**
 * A workspace in which the lines of reference pages are run: the sample with its services and its base, mended, so that there is
 * something of everything. What pages make up (ids, paths, an address) is replaced by what this workspace has.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { z } from 'zod'
import { systemClock } from '../../../src/clock.ts'
import { generateWorkspace } from '../../../src/demo/generate.ts'
import { systemRandom } from '../../../src/random.ts'
import { createSandbox } from '../../../src/sandbox/sandbox.ts'
import { documents, soleDocument, trueup } from '../../support/cli.ts'
import { type RunningController, startRun } from '../../support/controller.ts'

export interface ReferenceWorld {
  stand(command: string): Promise<string>
  remove(): Promise<void>
}

const items = z.object({ items: z.array(z.looseObject({ id: z.string() })) })
const baseRecord = z.object({ id: z.string(), fields: z.record(z.string(), z.json()) })
const made = z.object({ id: z.string() })
const written = z.object({ actionId: z.string() })
const applied = z.object({
  run: z.object({ id: z.string(), executed: z.array(z.object({ id: z.string(), summary: z.string() })) }),
})
const imports = z.object({
  items: z.array(z.object({ runs: z.array(z.object({ actionId: z.string(), undoneBy: z.string().nullable() })) })),
})
const suggestions = z.object({ items: z.array(z.object({ recordId: z.string(), check: z.string() })) })

/** What pages call a lead, another lead, and an action, token, erasure or conflict. */
const [lead, leadPrefix, otherLead, shortOfPage] = [
  '000da055-b49f-4254-9f3d-ad548fd7bc70',
  '000da055',
  '7c1f09e2',
  '3fa91c0b2d4e',
]
const pageSet = 'nightly-20261126T030000Z-0a1b2c3d'
const pageRun = 'run-8c1f02ab77'

export function makeReferenceWorld(folder: string): ReferenceWorld {
  const file = join(folder, 'desired-state.yaml')
  let prepared: Promise<{ readonly runId: string }> | undefined
  let count = 0
  let controller: RunningController | undefined

  async function prepare(): Promise<{ readonly runId: string }> {
    await generateWorkspace({
      into: folder,
      rows: 300,
      seed: 4,
      mess: 'heavy',
      services: true,
      writeAirtableBase: true,
    })
    // So that there are conflicts to choose between, people who are not to be contacted, and the field that the README adds.
    const text = readFileSync(file, 'utf8')
      .replace('conflicts: most_recent', 'conflicts: manual')
      .replace(/^( +)verified: /m, '$1do_not_contact: { type: doNotContact }\n$&')
      .replace(/^( +)location: .*$/m, '$&\n$1region: { type: text, airtable: Region }')
    writeFileSync(file, text)
    const { run } = await ask(['apply'], applied)
    await ask(['apply', '--approve-risk', 'high'], z.unknown())
    return { runId: run.id }
  }

  async function ask<Answer>(args: readonly string[], schema: z.ZodType<Answer>): Promise<Answer> {
    const { stdout, stderr } = await trueup([...args, '--json'], { in: folder })
    const document = soleDocument(stdout, stderr)
    const refused = documents.error.safeParse(document)
    if (refused.success) throw new Error(`trueup ${args.join(' ')}: ${refused.data.error.message}`)
    return schema.parse(document)
  }
  const firstOf = async (...args: string[]): Promise<string> => (await ask(args, items)).items[0]?.id ?? ''

  /** As another program writes one, which takes no process. */
  function newLead(
    more: { readonly title?: string; readonly phone?: string; readonly do_not_contact?: 1 } = {},
  ): string {
    count += 1
    const values = { id: randomUUID(), full_name: `Ann Ash ${count}`, email: `ann${count}@ash.example`, ...more }
    const columns = Object.keys(values)
    const places = columns.map(() => '?').join(', ')
    writeSql(`INSERT INTO leads (${columns.join(', ')}) VALUES (${places})`, Object.values(values))
    return values.id
  }

  function writeSql(sql: string, values: readonly (string | number)[]): void {
    const db = new Database(join(folder, 'data/leads.db'))
    try {
      db.prepare(sql).run(...values)
    } finally {
      db.close()
    }
  }

  /** What an id of twelve signs stands for tells the command before it. */
  async function shortId(command: string): Promise<string> {
    if (/ token /.test(command))
      return (await ask(['token', 'create', '--role', 'viewer', '--subject', 'page'], made)).id
    if (/ suppressions /.test(command)) return await firstOf('leads', 'suppressions', 'list')
    if (/ resolve /.test(command)) return await firstOf('conflicts')
    if (/ (approve|reject) /.test(command)) {
      const change = { full_name: 'Bo  Beech', company: 'BEECH LTD' }
      await ask(['leads', 'add', JSON.stringify({ ...change, email: `bo${++count}@beech.example` })], made)
      return await firstOf('approvals')
    }
    return (await ask(['leads', 'update', newLead(), '{"title":"CTO"}'], written)).actionId
  }

  /** The title of one lead is changed on both sides after they agreed on it. */
  async function contest(): Promise<void> {
    const key = newLead({ title: 'Engineer' })
    await ask(['sync', 'push'], z.unknown())
    await editInBase(folder, key, { Title: 'Chief Technology Officer' })
    await ask(['leads', 'update', key, '{"title":"CTO"}'], z.unknown())
    await ask(['sync', 'pull'], z.unknown())
  }

  /** Two records are repaired, and the line that undoes it names them; one that takes over what was changed since finds that. */
  async function repaired(command: string): Promise<string> {
    const isTaken = command.includes('--take')
    // What was undone is not repaired again by itself: the line that takes over later changes has a field of its own.
    const [field, untidy, later] = isTaken
      ? ['company_website', ['acme-17.example', 'acme-18.example'], 'https://later.example']
      : ['phone', ['(415) 555-0171', '(415) 555-0172'], '']
    const [one, other] = untidy.map((value) => newLead({ [field]: value }))
    if (one === undefined || other === undefined) throw new Error('two records are needed')
    const { run } = await ask(['apply', 'standardization/leads'], applied)
    const action = run.executed.find(({ summary }) => summary.includes(field))
    if (action === undefined) throw new Error(`no ${field} was repaired: ${JSON.stringify(run.executed)}`)
    if (isTaken) writeSql(`UPDATE leads SET ${field} = ? WHERE id IN (?, ?)`, [later, one, other])
    return command
      .replace(pageRun, run.id)
      .replace(shortOfPage, action.id)
      .replace(/ 17\b/, ` ${one}`)
      .replace(/ 18\b/, ` ${other}`)
  }

  /** An import that is still in force: to undo the run it was part of would take back the columns that other pages use, too. */
  async function imported(): Promise<string> {
    const { items } = await ask(['import', 'report'], imports)
    const action = items.flatMap(({ runs }) => runs).find(({ undoneBy }) => undoneBy === null)
    if (action === undefined) throw new Error('nothing was imported')
    return action.actionId
  }

  async function checked(command: string): Promise<string> {
    const [found] = (await ask(['quality', 'leads', '--suggestions'], suggestions)).items
    return command
      .replace(/000da055 \S+( company\.consistent\.email| ai_message\.length)*/, `${found?.recordId} ${found?.check}`)
      .replace(' ai_message.length', '')
  }

  async function served(command: string): Promise<string> {
    controller ??= await startRun(folder)
    return command
      .replaceAll('http://127.0.0.1:4000', controller.url)
      .replaceAll('curl -s ', 'curl -s --fail-with-body ')
      .replaceAll('$TRUEUP_TOKEN', controller.token)
  }

  return {
    async stand(line) {
      // Two pages name the same folder, and none is written twice.
      const given = line.replace(/ --into (twice|restored)\b/, ` --into $1-${++count}`)
      if (/^trueup (generate|help|completion) /.test(given)) return given
      prepared ??= prepare()
      const { runId } = await prepared
      if (/\bcurl .*127\.0\.0\.1:4000/.test(given)) return await served(given)
      await controller?.stop()
      controller = undefined
      let command = given
        .replaceAll('/srv/leads/desired-state.yaml', file)
        .replaceAll('/mnt/elsewhere/audit.heads', '.trueup/audit.heads')
      if (given === 'trueup conflicts') await contest()
      if (given === 'trueup alert unsilence 1a2b3c4d') {
        const silence = ['alert', 'silence', 'errorPercent > 5', '--reason', 'the network is mended']
        command = `trueup alert unsilence ${(await ask(silence, z.object({ id: z.string() }))).id}`
      }
      // A plan that is carried out is of now.
      if (given === 'trueup apply plan.json') await ask(['plan', '--out', 'plan.json'], z.unknown())
      if (/^trueup undo .* 17\b/.test(command)) command = await repaired(command)
      if (/leads (waive|correct) /.test(command)) command = await checked(command)
      if (command.includes('--expect')) {
        const key = newLead()
        const version = z.object({ rowVersion: z.string() }).parse(await ask(['leads', 'get', key], z.unknown()))
        command = command.replace(leadPrefix, key).replace('5f1c0a9b2d3e4f60', version.rowVersion)
      }
      if (command.includes(leadPrefix)) {
        const key = newLead(/allow-contact/.test(command) ? { do_not_contact: 1 } : {})
        command = command.replaceAll(lead, key).replaceAll(leadPrefix, key)
      }
      if (command.includes(otherLead)) command = command.replaceAll(otherLead, newLead())
      if (command.includes(shortOfPage)) command = command.replaceAll(shortOfPage, await shortId(command))
      if (command.includes(pageSet)) command = command.replaceAll(pageSet, await firstOf('backup', 'list'))
      if (command.includes('1a2b3c4d')) {
        const silenced = await ask(['alert', 'silence', '*', '--for', '1h', '--reason', 'a test'], made)
        command = command.replace('1a2b3c4d', silenced.id)
      }
      if (/ 17\b/.test(command)) {
        const [one, other] = (await ask(['leads', 'list', '--limit', '2'], items)).items
        command = command.replaceAll(/ 17\b/g, ` ${one?.id}`).replaceAll(/ 18\b/g, ` ${other?.id}`)
      }
      // The workspace is not two hours old.
      command = command.replace('--at 2h', `--at ${new Date().toISOString()}`)
      if (command === 'trueup undo ACTION') command = `trueup undo ${await imported()}`
      return command.replaceAll(pageRun, runId)
    },
    async remove() {
      await controller?.stop()
      if (prepared !== undefined) await trueup(['service', 'stop', '--all'], { in: folder })
    },
  }
}

/** What a colleague does in the base while no program serves it. */
async function editInBase(folder: string, key: string, cells: Readonly<Record<string, string>>): Promise<void> {
  const sandbox = createSandbox({
    path: join(folder, '.trueup/sandbox.db'),
    clock: systemClock,
    random: systemRandom,
    log: pino({ level: 'silent' }),
  })
  try {
    const colleague = sandbox.control.colleague('appBZvPvNXGqtoJdc')
    const records = colleague.records('Table 1').map((record) => baseRecord.parse(record))
    const record = records.find(({ fields }) => fields['Lead ID'] === key)
    if (record === undefined) throw new Error(`${key} is not in the base`)
    colleague.updateRecord('Table 1', record.id, cells)
  } finally {
    await sandbox.close()
  }
}
