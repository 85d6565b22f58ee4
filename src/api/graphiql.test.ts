/** GraphiQL in a real browser: it works under the strict policy, and asks no other host for anything. */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startTestingServer } from './testing-server.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

describe('GraphiQL', () => {
  test('is a page of ours, with nothing in it that runs', async () => {
    const server = await startTestingServer()
    const headers = { accept: 'text/html', authorization: `Bearer ${server.admin.token}` }
    const page = await server.send({ path: '/graphql', headers })
    expect(page.text).not.toMatch(/<script>|https?:/)
    expect(String(page.headers['content-security-policy'])).toMatch(/script-src 'self';/)
    expect(String(page.headers['content-security-policy'])).not.toMatch(/https?:/)
    const [script = ''] = /\/graphiql\/graphiql-[\w-]+\.js/.exec(page.text) ?? []
    expect((await server.send({ path: script, headers })).status).toBe(200)
    expect((await server.send({ path: script })).status).toBe(401)
    for (const path of ['/graphiql/graphiql-00000000.js', '/graphiql/../index.html', '/graphiql/%2e%2e%2findex.html'])
      expect((await server.send({ path, headers })).status, path).toBe(404)
    await server.close()
  })

  test.skipIf(executablePath === undefined)(
    'answers a query, and asks no other host (skipped without Chromium)',
    async () => {
      const server = await startTestingServer()
      const browser = await chromium.launch({
        ...(executablePath === undefined ? {} : { executablePath }),
        args: ['--no-sandbox'],
      })
      const page = await browser.newPage()
      const hosts = new Set<string>()
      const problems: string[] = []
      page.on('request', (request) => {
        const { protocol, host } = new URL(request.url())
        if (protocol === 'http:' || protocol === 'https:') hosts.add(host)
      })
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text())
      })
      page.on('pageerror', (error) => problems.push(error.message))
      await page.goto(`${server.url}${server.auth.signInPath(server.admin.record.id)}`)
      await page.goto(`${server.url}/graphql`)
      await page.getByText('verdict').first().waitFor()
      await page.getByRole('button', { name: /execute/i }).click()
      await page.getByText('"verdict"').first().waitFor()
      expect([...hosts]).toEqual([new URL(server.url).host])
      expect(problems).toEqual([])
      await browser.close()
      await server.close()
    },
  )
})
