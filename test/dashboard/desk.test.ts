/** What a person changes on the dashboard, in a real browser on a running controller; files, processes and the database say what became of it. */
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import Database from 'better-sqlite3'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Desk, executablePath, openDesk } from '../support/browser.ts'
import { trueup } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { createSyncWorld, type SyncWorld } from '../support/sync-world.ts'
import type { Workspace } from '../support/workspace.ts'

/** A service that says who it is, a job that leaves a file, and a backup. */
const programs = `
services:
  ticker:
    command: [python3, -c, "import time\\nwhile True: time.sleep(0.2)"]
jobs:
  note:
    schedule: "0 6 1 1 *"
    command: [python3, -c, "open('ran.txt', 'a').write('x')"]
backups:
  nightly:
    of: [main]
    schedule: "0 3 * * *"
    to: [backups/]
`

/** A rule that holds as soon as it was looked at, and where it is told. */
const alerts = `
alerts:
  channels: { ops: { webhook: { file: hook.url } } }
  rules: [{ when: drift >= 0, to: ops, severity: medium }]
`

/** So that one lead fails a check. */
const checked = 'email: { type: email, quality: { misspeltDomains: true },'

interface Hook {
  readonly url: string
  /** The subjects that were told. */
  readonly told: string[]
  /** What it answers from now on. */
  status: number
  close(): Promise<void>
}

async function listen(): Promise<Hook> {
  const told: string[] = []
  const server = createServer(async (request, response) => {
    const parts: string[] = []
    for await (const part of request.setEncoding('utf8')) parts.push(String(part))
    if (hook.status === 200) told.push(z.object({ subject: z.string() }).parse(JSON.parse(parts.join(''))).subject)
    response.writeHead(hook.status).end()
  })
  const close = () => new Promise<void>((done) => server.close(() => done()))
  const hook: Hook = { url: '', told, status: 200, close }
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the hook has no port')
  return Object.assign(hook, { url: `http://127.0.0.1:${address.port}/` })
}

describe.skipIf(executablePath === undefined)(
  'the desk of an operator (skipped where no Chromium is installed)',
  () => {
    let world: SyncWorld
    let workspace: Workspace
    let controller: RunningController
    let desk: Desk
    let hook: Hook
    let page: Page

    beforeAll(async () => {
      world = await createSyncWorld({ leads: 8 })
      ;({ workspace } = world)
      hook = await listen()
      writeFileSync(workspace.path('hook.url'), hook.url, { mode: 0o600 })
      workspace.edit((yaml) => `${yaml.replace('email: { type: email,', checked).trimEnd()}\n${programs}${alerts}`)
      workspace.write("INSERT INTO leads (id, full_name, email, title) VALUES ('odd', 'Odd', 'odd@gmial.com', 'CEO')")
      await trueup(['apply', '--approve-risk', 'critical'], { in: workspace.folder })
      ;[controller, desk] = await Promise.all([startRun(workspace.folder), openDesk()])
      ;({ page } = desk)
      page.setDefaultTimeout(20_000)
      await page.goto(controller.signIn)
      await page.getByRole('heading', { name: /^Drift/ }).waitFor()
    }, 120_000)
    afterEach(async (context) => {
      if (context.task.result?.state === 'fail') {
        await desk.shoot(`failed-${context.task.name.slice(0, 30).replaceAll(' ', '-')}`)
      }
    })
    afterAll(async () => {
      await desk.close()
      // A service outlives the controller, as it should.
      await controller.query('mutation { stopService(input: { name: "ticker" }) { __typename } }')
      await controller.stop()
      await world.close()
      await hook.close()
    })

    const at = (path: string) => new URL(path, controller.url).href
    const file = () => readFileSync(workspace.path('desired-state.yaml'), 'utf8')
    const answer = (tone: 'good' | 'bad') => page.locator(`[data-answer="${tone}"]`)
    const answered = (dialogButton: string) =>
      page.getByRole('dialog').getByRole('button', { name: dialogButton }).click()
    const columns = () => workspace.rows('SELECT name FROM pragma_table_info(?)', 'leads').map(({ name }) => name)
    const editor = () => page.getByRole('textbox', { name: 'desired-state.yaml' })

    /** Types a line above the one that begins so, as a person does. */
    async function typeAbove(line: string, text: string): Promise<void> {
      await editor().click()
      await page.keyboard.press('Control+Home')
      const number = file()
        .split('\n')
        .findIndex((one) => one.trimStart().startsWith(line))
      for (let down = 0; down < number; down += 1) await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.keyboard.press('ArrowUp')
      await page.keyboard.type(text)
    }

    describe('the desired state', () => {
      it('is edited with completion, explained where it is wrong, previewed, and saved byte for byte', async () => {
        const before = file()
        await page.goto(at('/desired-state'))
        await editor().waitFor()
        await typeAbove('company:', '      region:          { typ')
        await page.getByRole('option', { name: /^type/ }).click()
        await page.keyboard.type('txet }   # as typed')
        await page.keyboard.press('Escape')
        await page.getByText('1 problem: it cannot be saved').waitFor()
        await page.getByRole('button', { name: /^Line \d+/ }).waitFor()
        await desk.shoot('editor-problem')
        expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
        for (let back = 0; back < 'txet }   # as typed'.length; back += 1) await page.keyboard.press('Backspace')
        await page.keyboard.type('text }   # as typed')
        await page.keyboard.press('Escape')
        await page.getByText('1 entry of the desired state would change.').waitFor()
        await page.getByRole('button', { name: 'Preview the plan' }).click()
        await page.locator('[data-preview]').getByText('Add column region').waitFor()
        expect(await desk.faults()).toEqual([])
        await desk.shoot('editor-preview')
        expect([file(), columns().includes('region')]).toEqual([before, false])
        await page.getByRole('button', { name: 'Save' }).click()
        await answer('good').getByText('is in force').waitFor()
        const typed = '      region:          { type: text }   # as typed\n'
        expect(file()).toBe(before.replace(/^ +company:.*$/m, (line) => typed + line))
        await expect.poll(columns, { timeout: 20_000 }).toContain('region')
      })

      it('gets a field by a form, for who has never seen such a file', async () => {
        const before = file()
        await page.goto(at('/leads'))
        await page.getByRole('link', { name: 'Add a field…' }).click()
        const form = page.getByRole('form', { name: 'Add a field' })
        await form.getByLabel('Name', { exact: true }).fill('tier')
        await form.getByLabel('What it holds').selectOption('choice')
        await form.getByLabel('Choices, with commas').fill('gold, silver')
        await form.getByRole('button', { name: 'Put it into the text' }).click()
        await page.getByText('1 entry of the desired state would change.').waitFor()
        expect([file(), await desk.faults()]).toEqual([before, []])
        await desk.shoot('add-field')
        await page.getByRole('button', { name: 'Save' }).click()
        await answer('good').getByText('is in force').waitFor()
        await expect.poll(columns, { timeout: 20_000 }).toContain('tier')
        expect(file()).toContain('tier: { type: choice, choices: [gold, silver] }\n')
      })

      it('is not saved over what somebody else wrote meanwhile, which is shown', async () => {
        await typeAbove('company:', '      # mine')
        await page.getByText('comments and order alone differ').waitFor()
        appendFileSync(workspace.path('desired-state.yaml'), '# theirs\n')
        const theirs = file()
        // The page hears of it by itself, or by the refusal of what is saved: whichever is first.
        const save = page.getByRole('button', { name: 'Save' })
        const told = page.getByRole('button', { name: 'Keep my text; saving it takes that back' })
        await expect
          .poll(
            async () => {
              if (!(await told.isVisible()) && (await save.isEnabled()))
                await save.click({ timeout: 1000 }).catch(() => undefined)
              return told.isVisible()
            },
            { timeout: 20_000 },
          )
          .toBe(true)
        expect(file()).toBe(theirs)
        await page.locator('.difference').getByText('# theirs').waitFor()
        await desk.shoot('editor-meanwhile')
        await page.getByRole('button', { name: /^Take the file as it is now/ }).click()
        await answered('Drop it')
        await page.getByText('It is valid, and saved.').waitFor()
        expect(file()).toBe(theirs)
      })

      it('shows what a generation changed', async () => {
        await page.getByRole('button', { name: 'What it changed' }).first().click()
        await page.locator('.difference').getByText('region').first().waitFor()
        expect(new URL(page.url()).search).toMatch(/from=\d+&to=\d+/)
        expect(await desk.faults()).toEqual([])
      })

      it('is read alone by who may not change it, with the reason', async () => {
        const made = await controller.query(
          'mutation { createToken(input: { subject: "vic", role: "viewer" }) { ... on TokenCreated { token } } }',
        )
        const { token } = z.object({ createToken: z.object({ token: z.string() }) }).parse(made).createToken
        const other = await desk.browser.newContext()
        const theirs = await other.newPage()
        await theirs.goto(at('/sign-in'))
        await theirs.getByLabel('Token').fill(token)
        await theirs.getByRole('button', { name: 'Sign in' }).click()
        await theirs.waitForURL(at('/'))
        await theirs.goto(at('/desired-state'))
        await theirs.getByText('takes the right state.apply').waitFor()
        const box = theirs.getByRole('textbox', { name: 'desired-state.yaml' })
        await box.click()
        await theirs.keyboard.type('x: 1')
        expect(await box.textContent()).not.toContain('x: 1')
        expect(await theirs.getByRole('button', { name: 'Save' }).count()).toBe(0)
        await theirs.goto(at('/access'))
        await theirs.getByText('Tokens are seen and made by who has the right').waitFor()
        await other.close()
      })
    })

    describe('a record', () => {
      it('tells who changed a cell, and that another program did where one did', async () => {
        const id = 'k1'
        await controller.query('mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { __typename } }', {
          input: { id, title: 'Mine' },
        })
        workspace.write(`UPDATE leads SET title = 'Theirs' WHERE id = '${id}'`)
        await page.goto(at(`/leads/${id}`))
        const history = page.getByRole('region', { name: 'History of its cells' }).first()
        await history.getByRole('row', { name: /Title Mine Theirs another program; which one is not known/ }).waitFor()
        await history.getByRole('row', { name: /Title .* Mine admin: Change title/ }).waitFor()
        expect(await desk.faults()).toEqual([])
        await desk.shoot('lead-history')
      })

      it('is said to be right although a check fails, until that is taken back', async () => {
        const { quality } = z
          .object({ quality: z.array(z.object({ issues: z.array(z.object({ sample: z.array(z.string()) })) })) })
          .parse(await controller.query('{ quality { issues { sample } } }'))
        const key = quality.flatMap(({ issues }) => issues.flatMap(({ sample }) => sample))[0]
        await page.goto(at(`/leads/${encodeURIComponent(key ?? '')}`))
        const waive = page.getByRole('button', { name: /^It is right as it is/ })
        await waive.first().waitFor()
        const failing = await waive.count()
        await waive.first().click()
        await page.getByRole('dialog').getByLabel('Why').fill('asked them')
        await answered('It is right')
        await answer('good').getByText('It counts no more.').waitFor()
        await page.getByText(/by .*: asked them/).waitFor()
        await expect.poll(() => waive.count(), { timeout: 20_000 }).toBe(failing - 1)
        await page.getByRole('button', { name: /^Take back/ }).click()
        await answered('Undo')
        await answer('good').getByText('1 action taken back.').waitFor()
        await expect.poll(() => waive.count(), { timeout: 20_000 }).toBe(failing)
      })
    })

    describe('what was changed since an action', () => {
      const titleOf = (id: string) => world.here(id)?.title
      const change = async (id: string, title: string) =>
        z
          .object({ updateLead: z.object({ actionId: z.string() }) })
          .parse(
            await controller.query(
              'mutation ($input: UpdateLeadInput!) { updateLead(input: $input) { ... on LeadSaved { actionId } } }',
              { input: { id, title } },
            ),
          ).updateLead.actionId
      const undoDialog = () => page.getByRole('dialog', { name: '1 record was changed since' })

      it('is shown before an undo with before, made, now and who, and stays where that is chosen', async () => {
        const id = await change('k3', 'Mine')
        workspace.write("UPDATE leads SET title = 'Theirs' WHERE id = 'k3'")
        await page.goto(at(`/actions/${id}`))
        await page.getByRole('button', { name: 'Undo' }).click()
        await undoDialog().getByRole('row', { name: 'title CEO Mine Theirs' }).waitFor()
        await undoDialog().getByText('Changed by another program, or that is not known.').waitFor()
        expect(await desk.faults()).toEqual([])
        await desk.shoot('undo-conflict')
        expect(titleOf('k3')).toBe('Theirs')
        await undoDialog().getByRole('button', { name: 'Undo' }).click()
        await answer('good').getByText('Nothing was taken back: every record that it changed stays').waitFor()
        expect(titleOf('k3')).toBe('Theirs')
      })

      it('is taken back where that is chosen, and names who changed it', async () => {
        const id = await change('k4', 'Mine')
        await change('k4', 'By a later action')
        await page.goto(at(`/actions/${id}`))
        await page.getByRole('button', { name: 'Undo' }).click()
        await undoDialog()
          .getByText(/^Changed by token:admin .*Change title/)
          .waitFor()
        await undoDialog().getByRole('radio', { name: 'Take it back' }).check()
        await undoDialog().getByRole('button', { name: 'Undo' }).click()
        await answer('good').getByText('Taken back over a later change').waitFor()
        await expect.poll(() => titleOf('k4'), { timeout: 20_000 }).toBe('CEO')
        await expect.poll(() => world.remote().get('k4')?.cells.Title, { timeout: 20_000 }).toBe('CEO')
      })
    })

    it('a conflict with Airtable is shown with both values and times, and the chosen one is written to the other side', async () => {
      await controller.query('mutation { pull(input: { table: "leads" }) { __typename } }')
      // What was told within two seconds counts as one moment.
      await new Promise((done) => setTimeout(done, 2100))
      world.editThere('k5', { Title: 'From Airtable' })
      world.editHere('k5', 'title', 'From here')
      await page.goto(at('/conflicts'))
      await page.getByRole('button', { name: 'Pull now' }).click()
      const conflict = page.getByRole('article', { name: 'Conflict in Title' })
      await conflict.getByText('From Airtable').waitFor({ timeout: 30_000 })
      await conflict.getByText('From here').waitFor()
      expect(await conflict.getByText(/^changed \d+ s ago$/).count()).toBe(2)
      expect([world.here('k5')?.title, world.remote().get('k5')?.cells.Title]).toEqual(['From here', 'From Airtable'])
      expect(await desk.faults()).toEqual([])
      await desk.shoot('sync-conflict')
      await conflict.getByRole('button', { name: 'Take this one' }).last().click()
      await page
        .getByRole('dialog')
        .getByLabel(/Comment/)
        .fill('they know better')
      await answered('Do it')
      await answer('good').getByText('Chosen').waitFor()
      await expect
        .poll(() => [world.here('k5')?.title, world.remote().get('k5')?.cells.Title], { timeout: 30_000 })
        .toEqual(['From Airtable', 'From Airtable'])
      await conflict.waitFor({ state: 'detached' })
    })

    it('long work is seen below the verdict and where it belongs, until it is over', async () => {
      await page.goto(at('/conflicts'))
      await page.getByRole('button', { name: 'Pull now' }).waitFor()
      const strip = page.locator('.under-way')
      world.control.addFault({ kind: 'latency', delayMs: 4000, times: 3 })
      world.editThere('k0', { Title: 'Slowly' })
      await page.getByRole('button', { name: 'Pull now' }).click()
      await strip.getByRole('progressbar', { name: 'Look at sync/leads' }).first().waitFor({ timeout: 20_000 })
      await page.locator('[data-work="Look at sync/leads"]').first().waitFor()
      expect(await desk.faults()).toEqual([])
      await desk.shoot('long-work')
      await strip.getByText('No long work is under way').waitFor({ timeout: 30_000 })
      await expect.poll(() => world.here('k0')?.title, { timeout: 20_000 }).toBe('Slowly')
    })

    it('what fires is seen with its next step, silenced with a reason, and its channel tested', async () => {
      await page.goto(at('/'))
      await page.getByRole('link', { name: '1 alert fires' }).click()
      const alert = page.getByRole('article', { name: /drift >= 0/ })
      await alert.getByText('Next:').waitFor()
      await expect.poll(() => hook.told.length, { timeout: 20_000 }).toBe(1)
      await page.getByRole('row', { name: /ops delivered/ }).waitFor()
      await alert.getByRole('button', { name: /^Silence/ }).click()
      expect(await page.evaluate('document.activeElement.id')).toBe('silence-reason')
      const form = page.getByRole('form', { name: 'Make a silence' })
      await form.getByLabel('For').selectOption('8 hours')
      await form.getByLabel('Why').fill('moving house')
      await form.getByRole('button', { name: 'Silence' }).click()
      await page.getByText(/ends in \d h .* by token:admin: moving house/).waitFor()
      await alert.getByText('silenced', { exact: true }).waitFor()
      expect(await desk.faults()).toEqual([])
      await page.getByRole('button', { name: 'Test the channel ops' }).click()
      await answer('good').getByText('ops has taken the test').waitFor()
      expect(hook.told.length).toBe(2)
      hook.status = 503
      await page.getByRole('button', { name: 'Test the channel ops' }).click()
      await answer('bad').waitFor()
      await desk.shoot('alerts')
      await page.getByRole('button', { name: /^End the silence/ }).click()
      await answered('End it')
      await answer('good').getByText('Ended.').waitFor()
      await page.getByText('Silences (0)').waitFor()
      const silences = z
        .object({ alerts: z.object({ silences: z.array(z.unknown()) }) })
        .parse(await controller.query('{ alerts { silences { id } } }'))
      expect(silences.alerts.silences).toEqual([])
    })

    describe('programs', () => {
      const serviceShape = z.object({ services: z.array(z.object({ pid: z.number().nullable(), state: z.string() })) })
      const pid = async () =>
        serviceShape.parse(await controller.query('{ services { pid state } }')).services[0]?.pid ?? null
      const isAlive = (one: number) => existsSync(`/proc/${one}`)
      const runningPid = async () => (await eventually(pid, (one) => one !== null && isAlive(one))) ?? 0

      it('a service is stopped, started and started anew', async () => {
        const first = await runningPid()
        await page.goto(at('/services'))
        await page.getByRole('button', { name: 'Stop' }).click()
        await answered('Stop')
        await expect.poll(() => isAlive(first), { timeout: 20_000 }).toBe(false)
        await page.getByRole('button', { name: 'Start', exact: true }).click({ timeout: 20_000 })
        const second = await runningPid()
        await page.getByRole('button', { name: 'Restart' }).click({ timeout: 20_000 })
        await answered('Restart')
        await expect.poll(() => isAlive(second), { timeout: 20_000 }).toBe(false)
        expect(await runningPid()).not.toBe(second)
      })

      it('a job is run', async () => {
        expect(existsSync(workspace.path('ran.txt'))).toBe(false)
        await page.getByRole('button', { name: 'Run now' }).click()
        await expect.poll(() => existsSync(workspace.path('ran.txt')), { timeout: 20_000 }).toBe(true)
        expect(await desk.faults()).toEqual([])
      })
    })

    it('a backup is made, proved, and brings a record back once that is approved', async () => {
      const sets = () => readdirSync(workspace.path('backups'), { recursive: true }).length
      const id = 'k2'
      const title = () => workspace.rows('SELECT title FROM leads WHERE id = ?', `${id}`)[0]?.title
      const good = title()
      await page.goto(at('/backups'))
      await page.getByRole('button', { name: 'Make one now' }).waitFor()
      const before = sets()
      const listed = () => page.getByRole('button', { name: /^Prove/ }).count()
      const listedBefore = await listed()
      await page.getByRole('button', { name: 'Make one now' }).click()
      await answer('good').getByText('was restored to prove it').waitFor({ timeout: 30_000 })
      expect(sets()).toBeGreaterThan(before)
      await expect.poll(listed, { timeout: 20_000 }).toBe(listedBefore + 1)
      await page.getByText(/Last restored to prove it: \d+ s ago/).waitFor()
      await page
        .getByRole('button', { name: /^Prove/ })
        .first()
        .click()
      await answer('good').getByText('It was restored and compared: it is good.').waitFor({ timeout: 30_000 })
      await desk.shoot('backups')

      const keys = [id, 'k6', 'k7']
      const titles = () => keys.map((key) => world.here(key)?.title)
      workspace.write(`UPDATE leads SET title = 'Spoilt' WHERE id IN ('${keys.join("', '")}')`)
      await page
        .getByRole('button', { name: /^Restore/ })
        .first()
        .click()
      await answered('Restore')
      await answer('good').getByRole('link', { name: 'What would be done' }).waitFor({ timeout: 30_000 })
      await answer('good').getByText('leads: 0 come back, 3 change, 0 go').waitFor()
      expect(title()).toBe('Spoilt')
      await page.goto(at('/queue?kind=backup'))
      await page
        .getByRole('button', { name: /^Approve: / })
        .first()
        .click()
      await answered('Approve')
      await answer('good').waitFor()
      await expect.poll(title, { timeout: 30_000 }).toBe(good)

      // Of what it restored two records are changed: what an undo does with them is decided one by one.
      await answer('good').getByRole('link', { name: 'See it' }).click()
      workspace.write("UPDATE leads SET title = 'Theirs' WHERE id IN ('k6', 'k7')")
      await page.getByRole('button', { name: 'Undo' }).click({ timeout: 30_000 })
      const dialog = page.getByRole('dialog', { name: '2 records were changed since' })
      const record = (key: string) => dialog.getByRole('group', { name: new RegExp(`leads ${key} holds`) })
      await dialog.getByLabel('Where nothing else is chosen below').selectOption({ index: 1 })
      await record('k7').getByRole('radio', { name: 'Keep what is there now' }).check()
      expect(await record('k6').getByRole('radio', { name: 'Take it back' }).isChecked()).toBe(true)
      expect(await desk.faults()).toEqual([])
      await desk.shoot('undo-several')
      await dialog.getByRole('button', { name: 'Undo' }).click()
      await answer('good').getByText('Changed since, left as they are: leads k7').waitFor({ timeout: 30_000 })
      await expect.poll(titles, { timeout: 30_000 }).toEqual(['Spoilt', 'Spoilt', 'Theirs'])

      await page.goto(at('/backups'))
      const restore = page.getByRole('button', { name: /^Restore/ }).first()
      const setId = ((await restore.getAttribute('aria-label')) ?? '').replace('Restore ', '')
      await restore.click()
      await page.getByRole('dialog').getByLabel('What is restored').selectOption({ index: 1 })
      await answered('Restore')
      await answer('good')
        .getByText(/main\.db: \d+ rows/)
        .waitFor({ timeout: 30_000 })
      expect(await desk.faults()).toEqual([])
      const restored = new Database(workspace.path(`restored/${setId}/main.db`), { readonly: true })
      expect(restored.prepare('SELECT title FROM leads WHERE id = ?').pluck().get(id)).toBe(good)
      restored.close()
      expect(statSync(workspace.path(`restored/${setId}`)).mode & 0o777).toBe(0o700)
    })

    it('a token is made, lets somebody in, and no more once it is ended', async () => {
      await page.goto(at('/access'))
      await page.getByLabel('Person or program').fill('ann')
      await page.getByRole('button', { name: 'Make a token' }).click()
      const token = (await page.locator('code.token').textContent()) ?? ''
      const ask = async () =>
        (await fetch(at('/graphql?query={viewer{subject}}'), { headers: { authorization: `Bearer ${token}` } })).status
      expect(await ask()).toBe(200)
      await page.getByRole('button', { name: 'I have it' }).click()
      expect(await page.content()).not.toContain(token)
      const mine = page.locator('tr', { hasText: 'ann' })
      await mine.getByRole('button', { name: /^Replace the token/ }).click()
      await answered('Replace it')
      await page.locator('code.token').waitFor()
      await page
        .locator('tr', { hasText: token.split('_')[1] ?? '' })
        .getByRole('button', { name: /^End the token/ })
        .click()
      await answered('End it')
      await answer('good').getByText('Ended.').waitFor()
      await expect.poll(ask, { timeout: 10_000 }).toBe(401)
    })

    it('is worked by keyboard: to the content, into a dialog, out of it, and back where one was', async () => {
      await page.goto(at('/services'))
      await page.getByRole('button', { name: 'Restart' }).waitFor()
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe('To the content')
      await page.keyboard.press('Enter')
      const focused = () => page.evaluate('document.activeElement.textContent.trim()')
      for (let tabs = 0; tabs < 20 && (await focused()) !== 'Restart'; tabs += 1) await page.keyboard.press('Tab')
      expect(await focused()).toBe('Restart')
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      expect(await page.evaluate("document.querySelector('dialog').contains(document.activeElement)")).toBe(true)
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await expect.poll(focused, { timeout: 10_000 }).toBe('Restart')
    })

    it('complained of nothing, and asked no other host', () => {
      expect(desk.problems).toEqual([])
      expect([...desk.hosts]).toEqual([new URL(controller.url).host])
    })
  },
)
