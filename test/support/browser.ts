/** A real Chromium on the dashboard: what it complains of is kept, and axe looks at what is shown. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { z } from 'zod'

export const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
)

export interface Desk {
  readonly browser: Browser
  readonly context: BrowserContext
  readonly page: Page
  /** Errors of scripts and of the page's policy. */
  readonly problems: string[]
  /** Hosts that were asked. */
  readonly hosts: ReadonlySet<string>
  /** Keeps a picture. */
  shoot(name: string): Promise<void>
  /** Serious and critical faults of accessibility in what is shown: rule, and the elements. All rules unless some are named. */
  faults(rules?: readonly string[]): Promise<readonly string[]>
  /** Where the pictures are. */
  readonly pictures: string
  close(): Promise<void>
}

const found = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullish(),
      nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
    }),
  ),
})

export async function openDesk(): Promise<Desk> {
  const pictures = mkdtempSync(join(tmpdir(), 'trueup-dashboard-'))
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--no-sandbox'],
  })
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })
  // Put in by the browser itself: the page's policy lets no page do so.
  await context.addInitScript({ content: axe.source })
  const page = await context.newPage()
  const problems: string[] = []
  const hosts = new Set<string>()
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol !== 'data:') hosts.add(url.host)
  })
  return {
    browser,
    context,
    page,
    problems,
    hosts,
    pictures,
    async shoot(name) {
      await page.screenshot({ path: join(pictures, `${name}.png`) })
    },
    async faults(rules) {
      const only = rules === undefined ? '' : `, runOnly: ${JSON.stringify(rules)}`
      const { violations } = found.parse(
        await page.evaluate(`axe.run(document, { resultTypes: ['violations']${only} })`),
      )
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) =>
          nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
        )
    },
    async close() {
      await browser.close()
      process.stdout.write(`Pictures of the dashboard: ${pictures}\n`)
    },
  }
}
