/** Run it with `node --test examples/plugin-sales`. A rule is a function, a channel takes its tools as arguments: neither needs Trueup. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import plugin from './sales.mjs'

const { rules, channels } = await plugin({ name: 'sales', workspace: '/', clock: {}, settingsIn: () => ({}) })
const [jobTitle] = rules
const [board] = channels
const nothing = { sibling: () => undefined }

test('a title gets its short form, and stays as it is then', () => {
  const options = jobTitle.options({ short: true })
  assert.equal(jobTitle.standardize(' Vice  President ', options, nothing), 'VP')
  assert.equal(jobTitle.standardize('VP', options, nothing), 'VP')
  assert.deepEqual(jobTitle.standardize('???', options, nothing), { unmendable: 'is no title' })
})

test('options that are wrong are refused with the reason', () => {
  assert.throws(() => jobTitle.options({ shrt: true }), /shrt is no option/)
})

test('the board gets a note with its key', async () => {
  const posted = []
  const tools = {
    settings: { url: 'http://board.example/notes' },
    secret: async (name) => `secret of ${name}`,
    post: async (...call) => posted.push(call) && 200,
    signal: new AbortController().signal,
  }
  await board.send({ id: 'p1', subject: 'Something waits', text: 'Look.', document: {} }, tools)
  const [[url, body, headers]] = posted
  assert.equal(url, 'http://board.example/notes')
  assert.deepEqual(JSON.parse(body), { id: 'p1', title: 'Something waits', text: 'Look.' })
  assert.equal(headers['x-board-key'], 'secret of key')
})
