/** The dashboard in a real browser on a running controller: a person looks, decides, edits and takes back; the database says what became of it. */
import { gzipSync } from 'node:zlib'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Desk, executablePath, openDesk } from '../support/browser.ts'
import { trueup } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { generateWorkspaces, type Workspace, type Workspaces } from '../support/workspace.ts'

const views = [
  ['/', 'Overview'],
  ['/queue', 'Queue'],
  ['/alerts', 'Alerts'],
  ['/conflicts', 'Conflicts with Airtable'],
  ['/duplicates', 'Duplicates'],
  ['/resources', 'Resources'],
  ['/resources/table/leads', 'table/leads'],
  ['/desired-state', 'Desired state'],
  ['/leads', 'Leads'],
  ['/timeline', 'Timeline'],
  ['/services', 'Services and jobs'],
  ['/backups', 'Backups'],
  ['/quality', 'Quality'],
  ['/trends', 'Trends'],
  ['/audit', 'Audit log'],
  ['/access', 'Access'],
] as const

/** What the same elements are judged by again: what colours and width decide. */
const byLook = ['color-contrast', 'scrollable-region-focusable', 'link-in-text-block', 'button-name']
/** `npm run soak:page` takes all rules on a desk and a phone, light and dark. */
const looks: readonly (readonly ['light' | 'dark', number, readonly string[] | undefined])[] =
  process.env.PAGE_LOOKS === 'all'
    ? [
        ['light', 1280, undefined],
        ['dark', 1280, undefined],
        ['light', 390, undefined],
        ['dark', 390, undefined],
      ]
    : [
        ['light', 1280, undefined],
        ['dark', 390, byLook],
      ]

describe.skipIf(executablePath === undefined)('the dashboard (skipped where no Chromium is installed)', () => {
  let workspaces: Workspaces
  let workspace: Workspace
  let controller: RunningController
  let desk: Desk
  let context: BrowserContext
  let page: Page
  let problems: string[]

  beforeAll(async () => {
    workspaces = await generateWorkspaces({ rows: 200, seed: 11, sources: false })
    workspace = workspaces.fresh()
    // So tight that the bulk repairs of 200 rows, and what may be one person, wait for a person.
    workspace.edit((yaml) =>
      yaml
        .replace(/blastRadius: \{.*\}/, 'blastRadius: { rows: 15, percent: 50 }')
        .replace('mergeAutomaticallyFrom: 0.95', 'mergeAutomaticallyFrom: 0.9999'),
    )
    // Repairs that make others possible are behind us then: what waits stays as it is.
    for (let round = 0; round < 2; round += 1) await trueup(['apply'], { in: workspace.folder })
    ;[controller, desk] = await Promise.all([startRun(workspace.folder), openDesk()])
    ;({ context, page, problems } = desk)
    await atRest()
  }, 120_000)
  afterAll(async () => {
    await desk.close()
    await controller.stop()
    workspaces.remove()
  })

  /** Until what one repair leads to no longer moves the evidence of another: then what waits stays as it is. */
  async function atRest(): Promise<void> {
    let last = ''
    let sinceMs = Date.now()
    await eventually(
      async () => {
        const now = JSON.stringify(
          await controller.query(
            '{ plan { id actions { gate { runnable } } } duplicateGroups { nodes { id state } } }',
          ),
        )
        if (now !== last) sinceMs = Date.now()
        last = now
        return now
      },
      (now) => now.includes('REVIEW') && !now.includes('"runnable":true') && Date.now() - sinceMs > 2000,
    )
  }

  const at = (path: string) => new URL(path, controller.url).href
  /** As a link of the page does: without loading it again. */
  const walkTo = (path: string) =>
    page.evaluate((to) => {
      history.pushState(null, '', to)
      dispatchEvent(new PopStateEvent('popstate'))
    }, path)
  const answer = (tone: 'good' | 'bad') => page.locator(`[data-answer="${tone}"]`)
  const shoot = (name: string) => desk.shoot(name)
  const stateOf = async (id: string) =>
    z
      .object({ action: z.object({ state: z.string() }) })
      .parse(await controller.query('query ($id: ID!) { action(id: $id) { state } }', { id })).action.state

  it('is reached by the link that is printed, and says the verdict first', async () => {
    await page.goto(controller.signIn)
    await page.waitForURL(at('/'))
    await page.getByRole('heading', { level: 1, name: /wait|mend|declared/ }).waitFor()
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Queue' }).click()
    await page.waitForURL(at('/queue'))
    await page.goBack()
    await page.getByRole('heading', { name: /^Drift/ }).waitFor()
    expect(problems).toEqual([])
  })

  it('loads one small script, no inline code, and nothing from another host', async () => {
    const response = await page.goto(at('/'))
    expect(response?.headers()['content-security-policy']).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'",
    )
    const sources = await page
      .locator('script')
      .evaluateAll((scripts) => scripts.map((script) => script.getAttribute('src')))
    expect(sources).toEqual([expect.stringMatching(/^\/app\/app-.+\.js$/)])
    const script = await context.request.get(at(sources[0] ?? ''))
    expect(gzipSync(await script.body()).length).toBeLessThan(200_000)
    expect(script.headers()['cache-control']).toContain('immutable')
  })

  it('shows every view, light on a desk and dark on a phone, without scrolling sideways or a serious fault of accessibility', async () => {
    const [{ id } = {}] = workspace.rows('SELECT id FROM leads ORDER BY id LIMIT 1')
    for (const [path, title] of [...views, [`/leads/${id}`, ''] as const]) {
      await walkTo(path)
      const heading = page.getByRole('heading', { level: 1 })
      await (path === '/' ? heading : heading.filter({ hasText: title })).waitFor()
      await expect.poll(() => page.getByText('Loading…').count()).toBe(0)
      const name = path === '/' ? 'overview' : title === '' ? 'lead' : path.slice(1).replaceAll('/', '-')
      for (const [colorScheme, width, rules] of looks) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 900 })
        await shoot(`${name}-${width}-${colorScheme}`)
        expect([path, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([path, 0])
        expect([path, await desk.faults(rules)]).toEqual([path, []])
      }
      expect([path, await page.locator('.notice.bad[role=alert], [data-answer=bad]').allTextContents()]).toEqual([
        path,
        [],
      ])
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1280, height: 900 })
    expect(problems).toEqual([])
  }, 240_000)

  it('approves one action with a comment, which is then carried out', async () => {
    await page.goto(at('/queue?kind=standardization'))
    const card = page.locator('article[data-action]').first()
    const id = (await card.getAttribute('data-action')) ?? ''
    await card.getByRole('button', { name: /^Approve/ }).click()
    const dialog = page.getByRole('dialog', { name: 'Approve this action?' })
    await dialog.getByLabel(/Comment/).fill('seen the cells')
    await shoot('approve')
    await dialog.getByRole('button', { name: 'Approve' }).click()
    await answer('good').getByText('it is carried out now').waitFor()
    await eventually(
      () => stateOf(id),
      (state) => state === 'verified',
    )
    const { action } = z
      .object({ action: z.object({ approvals: z.array(z.object({ comment: z.string().nullable() })) }) })
      .parse(await controller.query('query ($id: ID!) { action(id: $id) { approvals { comment } } }', { id }))
    expect(action.approvals).toEqual([{ comment: 'seen the cells' }])
    await page.locator(`article[data-action="${id}"]`).waitFor({ state: 'detached' })
  })

  it('rejects what is selected, with a reason that must be given', async () => {
    await page.goto(at('/queue?kind=standardization'))
    const card = page.locator('article[data-action]').last()
    const id = (await card.getAttribute('data-action')) ?? ''
    await card.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Reject 1 selected' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Reject' }).click()
    expect(await dialog.isVisible()).toBe(true)
    await dialog.getByLabel('Why').fill('not now')
    await dialog.getByRole('button', { name: 'Reject' }).click()
    await answer('good').getByText('Rejected.').waitFor()
    expect(await stateOf(id)).toBe('rejected')
  })

  it('filters, orders and searches leads, and keeps that in the address', async () => {
    await page.goto(at('/leads'))
    const [{ all } = {}] = workspace.rows('SELECT count(*) AS "all" FROM leads')
    await page.getByText(`${all} records`).waitFor()
    expect(await page.locator('.list tbody tr').count()).toBeLessThan(80)
    const filter = page.getByRole('form', { name: 'Add a filter' })
    await filter.getByLabel('Field').selectOption('engagement_status')
    await filter.getByLabel('Value').selectOption('contacted')
    await filter.getByRole('button', { name: 'Filter' }).click()
    const [{ some } = {}] = workspace.rows("SELECT count(*) AS some FROM leads WHERE engagement_status = 'contacted'")
    await page.getByText(`${some} records`).waitFor()
    await page.getByRole('button', { name: 'Full name' }).click()
    await page.getByRole('columnheader', { name: 'Full name' }).and(page.locator('[aria-sort="ascending"]')).waitFor()
    expect(page.url()).toContain('where=engagement_status%3Aeq%3Acontacted&order=full_name%3AASC')
    await page.reload()
    await page.getByText(`${some} records`).waitFor()
    await page.locator('.list').evaluate((list) => list.scrollTo(0, 1_000_000))
    const [{ last } = {}] = workspace.rows(
      "SELECT full_name AS last FROM leads WHERE engagement_status = 'contacted' ORDER BY full_name DESC, id DESC LIMIT 1",
    )
    await page.locator('.list').getByText(`${last}`).first().waitFor()
    await page.getByRole('button', { name: /^Remove the filter/ }).click()
    await page.getByText(`${all} records`).waitFor()
    expect(problems).toEqual([])
  })

  it('merges two records that may be one, and undo splits them again', async () => {
    await page.goto(at('/duplicates'))
    const first = page.locator('[data-group]').first()
    await first.waitFor()
    // A look may change the order of the list meanwhile.
    const group = page.locator(`[data-group="${await first.getAttribute('data-group')}"]`)
    const keys = await group.getByRole('columnheader').getByRole('link').allTextContents()
    const there = () =>
      workspace.rows(`SELECT id FROM leads WHERE id IN (${keys.map(() => '?').join(', ')}) ORDER BY id`, ...keys).length
    expect(there()).toBe(keys.length)
    await shoot('duplicates')
    await group.getByRole('button', { name: 'Merge' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Merge' }).click()
    await answer('good').getByText('Merged.').waitFor()
    expect(there()).toBe(1)
    await answer('good').getByRole('link', { name: 'See it, or undo it' }).click()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click()
    await answer('good').getByText('1 action taken back.').waitFor()
    await expect.poll(there).toBe(keys.length)
    await page.goto(at('/timeline'))
    await page.locator('label', { hasText: /^Of/ }).getByRole('combobox').selectOption('rows/leads')
    await page.waitForURL(/of=rows%2Fleads/)
    await page.locator('.run').getByText('undone').first().waitFor()
    expect(problems).toEqual([])
  })

  it('edits a lead, and shows both values where somebody else was faster', async () => {
    const [{ id } = {}] = workspace.rows(
      "SELECT id FROM leads WHERE title IS NOT NULL AND id GLOB '????????-*' ORDER BY id DESC LIMIT 1",
    )
    const inDatabase = () => workspace.rows('SELECT title, industry FROM leads WHERE id = ?', `${id}`)[0]
    await page.goto(at(`/leads/${id}`))
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Title', { exact: true }).fill('Head of Trains')
    await page.getByRole('button', { name: 'Save' }).click()
    await answer('good').getByText('Saved.').waitFor()
    expect(inDatabase()).toMatchObject({ title: 'Head of Trains' })

    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Title', { exact: true }).fill('Mine')
    workspace.write(`UPDATE leads SET title = 'Theirs', industry = 'Rail' WHERE id = '${id}'`)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('row', { name: 'Title Head of Trains Theirs Mine' }).waitFor()
    await shoot('edit-conflict')
    expect(inDatabase()).toEqual({ title: 'Theirs', industry: 'Rail' })
    await page.getByRole('button', { name: 'Keep mine' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await expect.poll(inDatabase).toEqual({ title: 'Mine', industry: 'Rail' })
  })

  it('has asked no other host', () => {
    expect([...desk.hosts]).toEqual([new URL(controller.url).host])
  })

  it('says that the session is over, and goes on after a sign-in in another tab', async () => {
    await page.goto(at('/queue'))
    await page.getByRole('heading', { name: 'Queue' }).waitFor()
    // As when somebody comes back to the tab.
    const lookAgain = () => page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    const other = await context.newPage()
    await other.goto(at('/'))
    await other.getByRole('button', { name: 'Sign out' }).click()
    await other.getByLabel('Token').waitFor()
    await lookAgain()
    await page.getByText('Your session is over').waitFor({ timeout: 20_000 })
    await other.getByLabel('Token').fill(controller.token)
    await other.getByRole('button', { name: 'Sign in' }).click()
    await other.getByRole('heading', { name: /^Drift/ }).waitFor()
    await lookAgain()
    await page.getByText('Your session is over').waitFor({ state: 'detached', timeout: 20_000 })
  })
})
