/** Run it with `node --test examples/plugin-file-mode`: on a real folder, and without Trueup. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import plugin from './file-mode.mjs'

test('a mode that differs is told, set, and set back', async (context) => {
  const workspace = mkdtempSync(join(tmpdir(), 'file-mode-'))
  context.after(() => rmSync(workspace, { recursive: true }))
  mkdirSync(join(workspace, 'exports'))
  chmodSync(join(workspace, 'exports'), 0o755)
  const { kinds } = await plugin({ name: 'modes', workspace, clock: {}, settingsIn: ({ settings }) => settings })
  const [kind] = kinds
  const [resource] = kind.list({ settings: { exports: '0700' } })

  const look = async () => {
    const observation = await kind.observe(resource)
    return { observation, drift: kind.diff(resource, observation) }
  }
  const before = await look()
  assert.equal(before.drift[0].message, 'exports has mode 0755, not 0700.')
  const [action] = kind.plan(resource, before.observation, before.drift)
  assert.equal((await kind.checkpoint(action)).evidence, action.precondition)
  await kind.apply(action)
  assert.deepEqual((await look()).drift, [])
  assert.equal(await kind.probe(action), 'applied')
  const { draft } = await kind.planUndo(action)
  await kind.apply(draft)
  assert.equal((await look()).drift.length, 1)
})
