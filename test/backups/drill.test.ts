import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { removeFolder } from '../support/remove.ts'

test('the drill destroys a database that a program writes to, brings it back, and says what was lost', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-drill-test-'))
  try {
    const metrics = join(folder, 'drill.prom')
    const argv = ['--only', 'header', '--seconds', '2', '--every', '1', '--seed', '5', '--metrics', metrics, '--json']
    const output = execFileSync(process.execPath, [resolve('dist/bench/drill/main.js'), ...argv], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const { seed, items } = JSON.parse(output)
    expect(seed).toBe(5)
    expect(items).toMatchObject([{ disaster: 'header', problems: [], lastSurvivingRowAgeSeconds: expect.any(Number) }])
    expect(items[0].acknowledged).toBeGreaterThan(10)
    expect(items[0].lost).toBeLessThan(items[0].acknowledged)
    expect(readFileSync(metrics, 'utf8')).toContain(`trueup_drill_lost_rows{disaster="header"} ${items[0].lost}\n`)
  } finally {
    removeFolder(folder)
  }
})
