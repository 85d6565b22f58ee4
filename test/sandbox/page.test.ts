/** The sandbox's page in a real browser: a colleague edits, and API and webhooks see it. */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { seededRandom } from '../../src/random.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { serveSandbox } from '../../src/sandbox/serve.ts'
import { baseId, quiet } from './support.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

describe.skipIf(executablePath === undefined)(
  'the page of the sandbox (skipped where no Chromium is installed)',
  () => {
    let browser: Browser
    let page: Page
    let sandbox: Sandbox
    let problems: string[]

    beforeAll(async () => {
      browser = await chromium.launch({
        ...(executablePath === undefined ? {} : { executablePath }),
        args: ['--no-sandbox'],
      })
    })
    afterAll(() => browser.close())
    beforeEach(async () => {
      const served = await serveSandbox({
        path: ':memory:',
        clock: systemClock,
        random: seededRandom(4),
        log: quiet,
        bases: [
          {
            baseId,
            name: 'Sales',
            tables: [
              {
                name: 'Leads',
                fields: [
                  { name: 'Name', type: 'singleLineText' },
                  { name: 'Status', type: 'singleSelect', options: { choices: [{ name: 'New' }, { name: 'Won' }] } },
                  { name: 'Tags', type: 'multipleSelects', options: { choices: [{ name: 'red' }, { name: 'green' }] } },
                  { name: 'Done', type: 'checkbox', options: { icon: 'check', color: 'greenBright' } },
                  { name: 'Score', type: 'number', options: { precision: 0 } },
                  { name: 'Stars', type: 'rating', options: { icon: 'star', max: 5, color: 'yellowBright' } },
                  { name: 'Day', type: 'date', options: { dateFormat: { name: 'iso' } } },
                  {
                    name: 'At',
                    type: 'dateTime',
                    options: { dateFormat: { name: 'iso' }, timeFormat: { name: '24hour' }, timeZone: 'utc' },
                  },
                  { name: 'Loud', type: 'formula', rule: { formula: 'UPPER({Name})' } },
                ],
                records: [{ fields: { Name: '<b>Ada</b>', Status: 'New' } }],
              },
              { name: 'Empty', fields: [{ name: 'Name', type: 'singleLineText' }] },
            ],
          },
        ],
      })
      sandbox = served.sandbox
      page = await browser.newPage()
      problems = []
      page.on('pageerror', (error) => problems.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text())
      })
      await page.goto(served.url)
      await page.getByLabel('Name').first().waitFor()
    })
    afterEach(async () => {
      await page.close()
      await sandbox.close()
    })

    const stored = () => sandbox.control.colleague(baseId).records('Leads')
    const saved = () => page.getByText('Saved').waitFor()

    it('shows base, tables and records as text, with an editor for each type', async () => {
      expect(await page.getByLabel('Base').inputValue()).toBe(baseId)
      expect(await page.getByRole('button', { name: 'Leads', pressed: true }).count()).toBe(1)
      expect(await page.getByLabel('Name').inputValue()).toBe('<b>Ada</b>')
      expect(await page.getByLabel('Status').evaluate((element) => element.tagName)).toBe('SELECT')
      expect(await page.getByLabel('Done').getAttribute('type')).toBe('checkbox')
      expect(await page.getByLabel('Day').getAttribute('type')).toBe('date')
      expect(await page.getByText('<B>ADA</B>').count()).toBe(1)
      await page.getByRole('button', { name: 'Empty' }).click()
      await page.getByText('0 rows').waitFor()
      expect(problems).toEqual([])
    })

    it('saves every type of cell, and the formula follows', async () => {
      await page.getByLabel('Name').fill('Bob')
      await page.getByLabel('Name').press('Tab')
      await page.getByText('BOB').waitFor()
      for (const edit of [
        () => page.getByLabel('Status').selectOption('Won'),
        () => page.getByLabel('Tags').selectOption(['red', 'green']),
        () => page.getByLabel('Done').check(),
        () => page.getByLabel('Day').fill('2026-02-03'),
      ]) {
        await edit()
        await saved()
      }
      await page.getByLabel('Score').fill('7')
      await page.getByLabel('Score').press('Enter')
      await expect
        .poll(() => stored()[0])
        .toMatchObject({
          fields: {
            Name: 'Bob',
            Status: 'Won',
            Tags: ['red', 'green'],
            Done: true,
            Score: 7,
            Day: '2026-02-03',
            Loud: 'BOB',
          },
        })
      await page.getByLabel('Status').selectOption('')
      await expect.poll(() => stored()[0]).not.toHaveProperty('fields.Status')
      expect(problems).toEqual([])
    })

    it('says why a value is refused and shows again what is true', async () => {
      await page.getByLabel('Stars').fill('9')
      await page.getByLabel('Stars').press('Tab')
      await page.getByText('Field "Stars" cannot accept the provided value').waitFor()
      expect(await page.getByLabel('Stars').inputValue()).toBe('')
      expect(stored()[0]).not.toHaveProperty('fields.Stars')
    })

    it('adds and deletes rows', async () => {
      await page.getByRole('button', { name: 'Add a row' }).click()
      await page.getByText('2 rows').waitFor()
      await page
        .getByRole('button', { name: /^Delete row/ })
        .first()
        .click()
      await page.getByText('1 row', { exact: true }).waitFor()
      expect(stored()).toHaveLength(1)
      expect(problems).toEqual([])
    })

    it('takes up what others change, without disturbing the cell being edited', async () => {
      const id = String(JSON.parse(JSON.stringify(stored()[0])).id)
      await page.getByLabel('Score').fill('12')
      sandbox.control.colleague(baseId).updateRecord('Leads', id, { Name: 'Changed elsewhere' })
      await expect.poll(() => page.getByLabel('Name').inputValue(), { timeout: 10_000 }).toBe('Changed elsewhere')
      expect(await page.getByLabel('Score').inputValue()).toBe('12')
    })

    it('edits reach webhooks as changes of a client', async () => {
      const url = sandbox.address() ?? ''
      const headers = { authorization: 'Bearer x', 'content-type': 'application/json' }
      const made = await fetch(`${url}/v0/bases/${baseId}/webhooks`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ specification: { options: { filters: { dataTypes: ['tableData'] } } } }),
      })
      const { id } = JSON.parse(await made.text())
      await page.getByLabel('Done').check()
      await saved()
      const answer = await fetch(`${url}/v0/bases/${baseId}/webhooks/${id}/payloads`, { headers })
      expect(JSON.parse(await answer.text())).toMatchObject({ payloads: [{ actionMetadata: { source: 'client' } }] })
    })

    it('loads nothing from elsewhere, and another site cannot write through it', async () => {
      const url = sandbox.address() ?? ''
      const answer = await fetch(url)
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
      const body = JSON.stringify({ base: baseId, table: 'Leads' })
      const foreign = await fetch(`${url}/sandbox/page/rows`, {
        method: 'POST',
        body,
        headers: { origin: 'http://evil.example', 'x-sandbox-page': '1' },
      })
      const plain = await fetch(`${url}/sandbox/page/rows`, { method: 'POST', body })
      expect([foreign.status, plain.status]).toEqual([403, 403])
      expect(stored()).toHaveLength(1)
    })
  },
)
